"""UNIQUE: never two jobs of a key of which one keeps the other from being made, and nobody is answered with a job that was over before
they asked. DEBOUNCE: who asked last, and was told so before the job started, has their arguments run. THROTTLE: so many jobs in any period.
"""

from collections import defaultdict
from datetime import datetime, timedelta

from chalicelib.domain.flow import Debounce, Throttle, Unique
from chalicelib.domain.job import TERMINAL, Job, State
from chalicelib.pipeline.ids import time_of
from proof.simulation.control.room import Key, Room, args_of

UNSTARTED = frozenset({State.QUEUED, State.SCHEDULED})


class Sole(Room):
    """Which jobs of a key there are."""

    policy = "unique"

    def __init__(self, *args: object) -> None:
        super().__init__(*args)  # type: ignore[arg-type]
        self.jobs: dict[Key, dict[str, datetime]] = defaultdict(dict)  #: when each was put
        self.ended: dict[str, datetime] = {}

    def created(self, row: Job, key: Key, policy: Unique) -> None:
        """Was another one in its way?"""
        for job_id, put in self.jobs[key].items():
            other = self.monitor.rows.get(job_id)
            if other is not None and self._holds(other, put, policy):
                self.fail("UNIQUE", f"made beside {job_id[-6:]}, {other.state}", row)
        self.jobs[key][row.id] = self.now

    def _holds(self, other: Job, put: datetime, policy: Unique) -> bool:
        if any(entry.event == "redriven" for entry in other.history):
            return False  # a person's wish: it is held back by nobody, and holds nobody back
        match policy.until:
            case "ended":
                return other.state not in TERMINAL
            case "started":
                return other.state in UNSTARTED and other.epoch == 0
            case _:
                return self.now - put < policy.until - self.wide

    def written(self, old: Job, new: Job, label: str, key: Key, policy: Unique) -> None:  # noqa: ARG002
        """When does it end?"""
        if old.state not in TERMINAL and new.state in TERMINAL:
            self.ended[new.id] = self.now
        elif label == "redriven":
            self.ended.pop(new.id, None)

    def answered(self, row: Job, policy: Unique, asked_at: datetime) -> None:
        """Somebody without an idempotency key was told of this job."""
        over = self.ended.get(row.id)
        if isinstance(policy.until, str) and over is not None and over < asked_at:
            self.fail("UNIQUE", f"answers a request of {asked_at - over} after its end", row)


class Last(Room):
    """Who asked for what when, and what is run."""

    policy = "debounce"

    def __init__(self, *args: object) -> None:
        super().__init__(*args)  # type: ignore[arg-type]
        self.told: dict[str, list[tuple[datetime, datetime, str]]] = defaultdict(
            list
        )  #: job -> asked, told, with what

    def asked(self, row: Job, pad: str, asked_at: datetime) -> None:
        """A request was answered with this job: its arguments are to be run."""
        self.told[row.id].append((asked_at, self.now, pad))

    def started(self, row: Job, key: Key, policy: Debounce) -> None:  # noqa: ARG002
        """Are these the last one's arguments, and has it been quiet for a while?"""
        if row.attempts > 1 or len(self.monitor.starts[row.id]) > 1:
            return
        runs = args_of(row, self.monitor).get("pad", "")
        mine = [told for _, told, pad in self.told[row.id] if pad == runs]
        for asked, told, pad in self.told[row.id]:
            if pad != runs and mine and asked > max(mine):
                self.fail(
                    "DEBOUNCE", f"runs {runs[:9]}, but {pad[:9]} was asked for after that and accepted", row
                )
            if pad != runs and not mine and told < self.now:
                self.monitor.seen("debounce: an unanswered request won")
            quiet = self.now - asked + self.wide
            first = time_of(row.id)  # it is the first request's, whoever put the row
            if quiet < policy.wait and (policy.most is None or self.now - first + self.wide < policy.most):
                self.fail("DEBOUNCE", f"starts {self.now - asked} after the last one asked", row)


class Throttled(Room):
    """When jobs were accepted."""

    policy = "throttle"

    def __init__(self, *args: object) -> None:
        super().__init__(*args)  # type: ignore[arg-type]
        self.put: dict[Key, list[datetime]] = defaultdict(list)

    def created(self, row: Job, key: Key, policy: Throttle) -> None:
        """Were there enough in this period?"""
        if row.key is not None:
            return  # its place was taken when it was first asked for, and this may be the third time
        put = self.put[key]
        put.append(self.now)
        slack = self.wide + self.monitor.dawdle + timedelta(seconds=30)
        since = self.now - policy.per + slack
        if sum(1 for when in put if when > since) > policy.limit:
            self.fail("THROTTLE", f"number {len(put)} of {policy.limit} in {policy.per}", row)

"""I7: a join fires once a life at most, and only with all its children ended, or one of them bad where that is enough. A workflow waits
only when exactly its children are there. KEEP: what had succeeded, and was
marked, when a workflow was retried is not done again. PROMPT: where nothing goes wrong, it goes on at once. ORPHAN: no child starts under a claim that was made when nobody waited for it any more. FLOW: each
step gets what the one before it came to, and a workflow comes to what its children came to, by its policy.
"""

import json
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, NamedTuple

from chalicelib.domain.job import Job, State
from chalicelib.pipeline.items import Spot
from chalicelib.pipeline.workflows import places
from proof.simulation.flows.trees import Tree, is_group, last, policy, width
from proof.simulation.law import CLAIMS, OUTCOMES, OVER

if TYPE_CHECKING:
    from proof.simulation.clockwork import Sandbox
    from proof.simulation.monitor import Monitor

CAUSE = "workflow:"
TASK = "jobline.workflow"
PROMPT = timedelta(seconds=20)
UNKNOWN = object()
"""What a payload says that was lost."""


class Place(NamedTuple):
    """Where a child stands."""

    parent: str
    life: int
    number: int
    step: bool

    @property
    def awaited(self) -> str:
        """As the parent's row says it."""
        return f"{self.life}.{self.number}" if self.step else f"{self.life}-"


def place_of(row: Job) -> Place | None:
    """A child's place, by its row; None: it is none."""
    if row.cause is None or not row.cause.startswith(CAUSE):
        return None
    parent, where = row.cause.removeprefix(CAUSE).split("/")
    step = "." in where
    life, number = where.split("." if step else "-")
    return Place(parent, int(life), int(number), step)


class Flows:
    """The workflows of one history."""

    def __init__(self, monitor: "Monitor") -> None:
        self.monitor = monitor
        self.items: Any = None  #: the twin that has the marks
        self.children: dict[Place, str] = {}
        self.joined: set[tuple[str, str]] = set()  #: (workflow, what it waited for)
        self.vain: dict[tuple[str, int], str] = {}  #: (job, epoch) -> why nothing may start under that claim
        self.closer: dict[tuple[str, str], Sandbox] = {}  #: who ended the last child
        self.ready: dict[str, datetime] = {}  #: since when a workflow has nothing to wait for
        self.kept: set[tuple[str, int, bool]] = (
            set()
        )  #: (workflow, number, whether a step): need not be made again

    # --------------------------------------------------------------------------------------------------- what happens

    def created(self, row: Job) -> None:
        """A child was put: there is no other in its place, and it is given what came before it."""
        place = place_of(row)
        if place is None:
            return
        parent = self._row(place.parent)
        if parent is None or parent.tenant != row.tenant:
            self._fail("I7", "is nobody's child", row)
            return
        if place in self.children:
            self._fail("I7", f"stands where {self.children[place][-6:]} stands", row)
        self.children[place] = row.id
        if (place.parent, place.number, place.step) in self.kept and place.life:
            self._fail("KEEP", f"child {place.number} is made again in life {place.life}", row)
        if place.life not in _lives(parent):
            self._fail("I7", f"is of life {place.life}, which is none of its workflow's", row)
        if place.step and place.number:
            self._gets(row, place, parent)

    def _gets(self, row: Job, place: Place, parent: Job) -> None:
        args = self._json(row.args, row.id)
        name = "input" if row.task == TASK else "given"
        if args is UNKNOWN or name not in args:
            return
        before = [
            self._json(one.result, one.id) for one in self._kin(parent, place.number - 1, step=True, ok=True)
        ]
        if UNKNOWN not in before and args[name] not in before:
            self._fail("FLOW", f"step {place.number} is given {args[name]}, of {before}", row)

    def written(self, old: Job, new: Job, label: str, box: "Sandbox") -> None:
        """A write took effect."""
        if label in CLAIMS and new.cause is not None:
            why = self._in_vain(new)
            if why:
                self.vain[new.id, new.epoch] = why
        if label == "waited":
            self._waited(new)
        elif label == "joined":
            self._joined(old, box)
        elif label == "redriven":
            self._retried(old)
        elif label in {"cancelled", "cancel_requested"} and old.state is not State.QUEUED:
            self._called_off(old)
        if label in OUTCOMES and new.state in OVER:
            if new.task == TASK or new.awaits is not None:
                self._over(new)
            self._ended(new, box)

    def started(self, row: Job) -> None:
        """A handler starts: somebody waited for it when it was claimed."""
        why = self.vain.get((row.id, row.epoch))
        if why:
            self._fail("ORPHAN", f"starts, and was claimed when {why}", row)

    def refused(self, row: Job, label: str) -> None:
        """A write was refused: for the matrix."""
        place = place_of(row)
        if place is not None and label == "claimed" and row.state in OVER:
            parent = self._row(place.parent)
            if parent is not None and parent.awaits == place.awaited:
                self.monitor.seen("F52")

    # -------------------------------------------------------------------------------------------------------- judging

    def _in_vain(self, row: Job) -> str:
        """Why nobody waits for it any more; "": somebody may."""
        place = place_of(row)
        while place is not None:
            parent = self.monitor.rows.get(place.parent)
            if parent is None:
                return f"{place.parent[-6:]} was gone"
            if parent.state in OVER or parent.cancel_requested is not None:
                return f"{parent.id[-6:]} was {parent.state}"
            if place.life != max(_lives(parent)):
                return f"{parent.id[-6:]} was in another life"
            if parent.awaits == place.awaited and parent.state is not State.WAITING:
                return f"{parent.id[-6:]} had joined"
            place = place_of(parent)
        return ""

    def _waited(self, row: Job) -> None:
        """Exactly its children are there. They are accepted now: somebody waits for them."""
        if row.awaits is None:
            self._fail("I7", "waits for nothing", row)
            return
        life, step = _awaited(row.awaits)
        there = {
            place.number: job_id
            for place, job_id in self.children.items()
            if place.parent == row.id and place.life == life
        }
        if step is not None:
            if step not in there:
                self._fail("I7", f"waits for step {step}, which is not there", row)
        else:
            count = self._count(row)
            if count is not None:
                absent = [
                    n for n in range(count) if n not in there and not self._kin(row, n, step=False, ok=True)
                ]
                if absent or any(number >= count for number in there) or row.children != count:
                    self._fail(
                        "I7",
                        f"waits for {row.children} of {count}, without {absent}, has {sorted(there)}",
                        row,
                    )
        for job_id in there.values():
            self.monitor.answered(job_id)
        if all((child := self._row(job_id)) is not None and child.state in OVER for job_id in there.values()):
            self.ready[row.id] = self.monitor.true_time

    def _joined(self, old: Job, box: "Sandbox") -> None:
        awaits = str(old.awaits)
        if (old.id, awaits) in self.joined:
            self._fail("I7", f"joins {awaits} a second time", old)
        self.joined.add((old.id, awaits))
        life, step = _awaited(awaits)
        if step is not None:
            self._all_over(old, [Place(old.id, life, step, step=True)])
        else:
            self._group_joined(old, life)
        since = self.ready.pop(old.id, None)
        if since is not None and self.monitor.untroubled and self.monitor.true_time - since > PROMPT:
            self._fail("PROMPT", f"goes on {self.monitor.true_time - since} after its children ended", old)
        closer = self.closer.get((old.id, awaits))
        if closer is not None and closer is not box and closer.killed:
            self.monitor.seen("F53")

    def _group_joined(self, old: Job, life: int) -> None:
        mine = [place for place in self.children if (place.parent, place.life) == (old.id, life)]
        tree = self._tree(old)
        if tree is not None and policy(tree)[0] == "fail" and self._bad(mine):
            return
        self._all_over(old, mine)

    def _bad(self, some: list[Place]) -> list[Job]:
        rows = [self._row(self.children[place]) for place in some]
        return [
            row for row in rows if row is not None and row.state in OVER and row.state is not State.SUCCEEDED
        ]

    def _all_over(self, parent: Job, some: list[Place]) -> None:
        for place in some:
            child = self._row(self.children[place]) if place in self.children else None
            if child is None or child.state not in OVER:
                state = "not there" if child is None else str(child.state)
                self._fail("I7", f"joins, and child {place.number} is {state}", parent)

    def _over(self, row: Job) -> None:
        """What a workflow came to follows from its children."""
        tree = self._tree(row)
        if tree is None or self.monitor.lost_payloads:
            return
        if row.state is State.SUCCEEDED:
            result = self._json(row.result, row.id)
            wrong = (
                self._group_over(row, tree, result) if is_group(tree) else self._chain_over(row, tree, result)
            )
            if wrong:
                self._fail("FLOW", wrong, row)
        if is_group(tree) and self._bad(
            [p for p in self.children if (p.parent, p.life) == (row.id, max(_lives(row)))]
        ):
            self.monitor.seen("F54")

    def _chain_over(self, row: Job, tree: Tree, result: Any) -> str:
        came = [self._json(one.result, one.id) for one in self._kin(row, last(tree), step=True, ok=True)]
        return "" if result in came else f"came to {result}, its last step to {came}"

    def _group_over(self, row: Job, tree: Tree, result: Any) -> str:
        count, (on_error, least) = self._count(row) or 0, policy(tree)
        if not isinstance(result, list) or len(result) != count:
            return f"has {count} children, and came to {result}"
        good = 0
        for number, said in enumerate(result):
            kin = self._kin(row, number, step=False, ok=True)
            good += bool(kin)
            if kin and said not in [self._json(one.result, one.id) for one in kin]:
                return f"child {number} came to {kin[0].result}, and {said} stands in its place"
            if not kin and (on_error == "fail" or (said is not None) is (on_error == "ignore")):
                return f"child {number} has not succeeded, and {said} stands in its place"
        return "" if good >= least else f"succeeded with {good} of {least}"

    def _retried(self, old: Job) -> None:
        """What has succeeded by now, and is marked where marks are needed, stays done."""
        tree = self._tree(old)
        for place, job_id in self.children.items():
            child = self._row(job_id) if place.parent == old.id and tree is not None else None
            if child is not None and child.state is State.SUCCEEDED and (place.step or self._marked(place)):
                self.kept.add((place.parent, place.number, place.step))

    # ------------------------------------------------------------------------------------------------- for the matrix

    def _called_off(self, row: Job) -> None:
        """F49: somebody wants it cancelled, and some of its children are there, but not all."""
        tree = self._tree(row)
        if tree is None or not is_group(tree) or row.state is not State.RUNNING or row.awaits is not None:
            return
        mine = [place for place in self.children if (place.parent, place.life) == (row.id, max(_lives(row)))]
        if mine and len(mine) < (self._count(row) or 0):
            self.monitor.seen("F49")

    def _ended(self, row: Job, box: "Sandbox") -> None:
        """F51: the last two of a group have ended, and neither is marked."""
        place = place_of(row)
        if place is None:
            return
        mine = [
            p for p in self.children if (p.parent, p.life, p.step) == (place.parent, place.life, place.step)
        ]
        rows = [self._row(self.children[one]) for one in mine]
        if place.step or all(one is not None and one.state in OVER for one in rows):
            self.closer[place.parent, place.awaited] = box
            parent = self._row(place.parent)
            if parent is not None and parent.state is State.WAITING and parent.awaits == place.awaited:
                self.ready[parent.id] = self.monitor.true_time
            if not place.step and any(one != place and not self._marked(one) for one in mine):
                self.monitor.seen("F51")

    def _marked(self, place: Place) -> bool:
        spot = Spot(f"page#{place.parent}.{place.life}.{place.number // places.PAGE}", "-")
        done = self.items.read(spot).get("done", frozenset())
        return place.number % places.PAGE in done

    # -------------------------------------------------------------------------------------------------------- looking

    def _row(self, job_id: str) -> Job | None:
        return self.monitor.rows.get(job_id) or self.monitor.forgotten.get(job_id)

    def _kin(self, row: Job, number: int, *, step: bool, ok: bool) -> list[Job]:
        """The rows that may stand in that place: of this life, of earlier ones, and of those in whose stead it was made."""
        found: list[Job] = []
        one: Job | None = row
        while one is not None:
            for place, job_id in self.children.items():
                child = (
                    self._row(job_id)
                    if (place.parent, place.number, place.step) == (one.id, number, step)
                    else None
                )
                if child is not None and (not ok or child.state is State.SUCCEEDED):
                    found.append(child)
            args = self._json(one.args, one.id)
            since = args.get("since") if isinstance(args, dict) else None
            one = None if since is None else self._row(since)
        return found

    def _tree(self, row: Job) -> Tree | None:
        args = self._json(row.args, row.id)
        if row.task != TASK or args is UNKNOWN:
            return None
        tree: Tree = args["workflow"]
        return tree

    def _count(self, row: Job) -> int | None:
        tree = self._tree(row)
        args = self._json(row.args, row.id)
        return None if tree is None else width(tree, args.get("input"))

    def _json(self, payload: Any, job_id: str) -> Any:
        body = None if payload is None else self.monitor.text(job_id, payload)
        return UNKNOWN if body is None else json.loads(body)

    def _fail(self, name: str, words: str, row: Job) -> None:
        self.monitor.fail(name, f"{row.task}[{row.id[-6:]}] {words}")


def _lives(row: Job) -> list[int]:
    return [0, *(entry.epoch for entry in row.history if entry.event == "redriven")]


def _awaited(awaits: str) -> tuple[int, int | None]:
    """The life, and of a chain the step."""
    if awaits.endswith("-"):
        return int(awaits[:-1]), None
    life, step = awaits.split(".")
    return int(life), int(step)

"""The attempt's side while a task runs: its time is kept, what it says is written down, and it is told when it is to stop."""

import logging
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from chalicelib.domain.errors import MachineryError
from chalicelib.domain.estimate import began
from chalicelib.domain.events import Renewed
from chalicelib.domain.guards import Mine
from chalicelib.domain.job import Failure, Job, Progress
from chalicelib.domain.lean import dataclass
from chalicelib.domain.lifecycle import change
from chalicelib.pipeline.announce import announce
from chalicelib.pipeline.line import AttemptLine
from chalicelib.pipeline.outcome import Outcome, Raised, Several
from chalicelib.pipeline.parts import Parts
from chalicelib.pipeline.ports import Execution, Written
from chalicelib.pipeline.sealed_text import sealed_event
from chalicelib.pipeline.task import Kind
from chalicelib.pipeline.verdict import owner_of

log = logging.getLogger(__name__)

OFTEN, SELDOM = timedelta(seconds=1), timedelta(minutes=1)
"""What a task says of itself is written down once a second in its first minute, then each time that a sixtieth of its age has passed,
and at least once a minute: at most 306 writes in the first hour of a job, 60 in each later one. The last word goes with the outcome."""

STOPPED = Raised(
    failure=Failure(
        type="JobCancelled", message="it was stopped: the job is to be cancelled, and it did not give in"
    ),
    again=False,
    cancelled=True,
)


@dataclass(kw_only=True)
class Listener:
    """Listens to one job's line, and looks at its row now and then. `lost`: the right to the job is gone."""

    job: Job
    line: AttemptLine
    lease: datetime
    receipt: str | None
    parts: Parts
    looked: datetime
    wrote: datetime | None = None
    lost: bool = False

    def listen(self) -> None:
        """Write down what the task says, or look whether anything has changed; tell the task."""
        now = self.parts.world.now()
        said, progress = self.line.news() if self._may_write(now) else (False, None)
        if self.lost or (not said and now - self.looked < self.parts.limits.look_every):
            return
        self.looked = now
        try:
            if said:
                self.wrote = now
            row = self._renew(progress) if said else self.parts.store.read(self.job.id)
        except MachineryError as error:
            log.warning(
                "%s: could not look at its row: %s", self.job.label(), error, extra=self.job.log_fields()
            )
            return
        if row is None or row.owner != self.job.owner:
            self._lose()
            return
        self.job = row
        if row.cancel_requested is not None:
            self.line.tell_cancelled()
        if progress is not None:
            announce(row, "progressed", at=progress.at, parts=self.parts)

    def _lose(self) -> None:
        self.lost = True
        self.parts.tracer.note(fault=True, outcome="fenced")
        log.warning(
            "%s: fenced, the lease was lost",
            self.job.label(),
            extra={**self.job.log_fields(), "action": "fenced"},
        )
        self.line.tell_cancelled()

    def _may_write(self, now: datetime) -> bool:
        """Whether it is time to write down what the task says: see `SELDOM`."""
        age = now - (began(self.job) or now)
        return self.wrote is None or now - self.wrote >= min(SELDOM, max(OFTEN, age / 60))

    def _renew(self, progress: Progress | None) -> Job | None:
        now = self.parts.world.now()
        event = Renewed(at=now, guard=Mine(owner=owner_of(self.job)), lease=self.lease, progress=progress)
        written = change(sealed_event(event, self.job, self.parts))
        answer = self.parts.store.write(self.job.id, written)
        if self.receipt is not None and isinstance(answer, Written):
            visible = self.lease - self.parts.world.now() + self.parts.limits.lease_skew
            self.parts.queue.extend(self.job.lane, self.receipt, visible)
        return answer.job


@dataclass(frozen=True, kw_only=True, slots=True)
class Watch:
    """Waits for a task to end, or ends it. One listener for each of its jobs."""

    kind: Kind
    execution: Execution
    listeners: Sequence[Listener]
    parts: Parts

    def until(self, ends: datetime, soft: datetime | None) -> list[Outcome | None]:
        """Each job's outcome; None: fenced."""
        world, limits = self.parts.world, self.parts.limits
        told: datetime | None = None
        while True:
            now = world.now()
            if now >= ends:
                return self._time_is_over(now)
            if soft is not None and now >= soft:
                self.execution.soften()
                soft = None
            next_stop = min(ends, soft or ends)
            if self.execution.finished(min(limits.listen_every, next_stop - now)):
                return self._outcomes()
            for listener in self.listeners:
                listener.listen()
            if all(one.lost for one in self.listeners):
                self.execution.stop()
                return [None] * len(self.listeners)
            # Of a batch, the call is stopped once nobody wants anything of it any more.
            if told is None and all(one.line.cancelled() for one in self.listeners):
                told = now
            if told is not None and now - told >= limits.cancel_grace and self.kind is not Kind.THREAD:
                return self._stopped()

    def _stopped(self) -> list[Outcome | None]:
        """It had its time to give in. One that returns all the same, at the last moment, has succeeded."""
        self.execution.stop()
        if self.execution.finished(self.parts.limits.listen_every):
            return [STOPPED if isinstance(one, Raised) else one for one in self._outcomes()]
        return [None if one.lost else STOPPED for one in self.listeners]

    def _outcomes(self) -> list[Outcome | None]:
        """What came of each. Whatever happened to the call as a whole happened to each of its jobs, but nobody asked to cancel them."""
        whole = self.execution.outcome()
        if isinstance(whole, Several):
            return [
                None if one.lost else own for one, own in zip(self.listeners, whole.outcomes, strict=True)
            ]
        if isinstance(whole, Raised) and len(self.listeners) > 1:
            whole = replace(whole, cancelled=False, again=whole.again or whole.cancelled)
        return [None if one.lost else whole for one in self.listeners]

    def _time_is_over(self, now: datetime) -> list[Outcome | None]:
        if self.execution.finished(timedelta(0)):
            return self._outcomes()
        for one in self.listeners:
            one.line.tell_cancelled()
        self.execution.stop()
        return [None if one.lost else _timed_out(one.job, now) for one in self.listeners]


def _timed_out(job: Job, now: datetime) -> Raised:
    over = Failure(
        type="TimeLimitExceeded",
        message=f"attempt {job.attempts} had not ended at {now:%H:%M:%S} UTC, its time limit",
        fingerprint="time-limit",
    )
    return Raised(failure=over, again=True, timed_out=True)

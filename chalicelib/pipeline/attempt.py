"""One attempt: start the task, listen to it while it runs, keep its time, and name what happened."""

import logging
from dataclasses import dataclass
from datetime import datetime, timedelta

from chalicelib.domain.errors import InvalidInput, MachineryError, PayloadMissing, UnknownTask
from chalicelib.domain.estimate import began
from chalicelib.domain.events import Event, Renewed
from chalicelib.domain.guards import Mine
from chalicelib.domain.job import Failure, Job, Progress
from chalicelib.domain.lifecycle import change
from chalicelib.domain.retry import Backoff
from chalicelib.pipeline import verdict
from chalicelib.pipeline.announce import announce
from chalicelib.pipeline.built_in import known
from chalicelib.pipeline.line import AttemptLine
from chalicelib.pipeline.notebook import Notebook
from chalicelib.pipeline.outcome import Continues, Outcome, Raised, Returned, failure
from chalicelib.pipeline.own_work import runner_of
from chalicelib.pipeline.parts import Parts
from chalicelib.pipeline.patience import patience
from chalicelib.pipeline.payloads import load, place
from chalicelib.pipeline.ports import Call, Execution, Facts, Written
from chalicelib.pipeline.task import Kind, Task
from chalicelib.pipeline.verdict import owner_of

log = logging.getLogger(__name__)

UNKNOWN_TASK = Backoff(base=timedelta(seconds=30), cap=timedelta(minutes=15))
"""How long a job waits for code that knows its task: a deploy in progress takes minutes."""


OFTEN, SELDOM = timedelta(seconds=1), timedelta(minutes=1)
"""What a task says of itself is written down once a second in its first minute, then each time that a sixtieth of its age has passed,
and at least once a minute: at most 306 writes in the first hour of a job, 60 in each later one. The last word goes with the outcome."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Invocation:
    """What bounds an attempt: the invocation's end, and the message whose visibility a heartbeat extends."""

    ends: datetime
    receipt: str | None = None


def attempt(job: Job, invocation: Invocation, *, parts: Parts) -> Event | None:
    """Run the job's task once; the event to record, or None: the right to the job was lost meanwhile, record nothing."""
    now, luck = parts.world.now(), parts.world.luck()
    if job.expired_unstarted:
        return verdict.expiry(job, now)
    if job.cancel_requested is not None:
        return verdict.cancellation(job, None, None, now)
    try:
        task = known(job.task, parts)
    except UnknownTask as error:
        unknown = Raised(failure=failure(error), again=True, rejected=True)
        return verdict.after_raise(job, unknown, UNKNOWN_TASK, None, now, luck)
    try:
        read = patience(parts, _last_moment(invocation, parts))
        args = read(load, job.args, job_id=job.id, payloads=parts.payloads)
        state = job.checkpoint and read(load, job.checkpoint, job_id=job.id, payloads=parts.payloads)
    except PayloadMissing as error:
        return verdict.after_missing_payload(job, failure(error), task.options.backoff, now, luck)
    except InvalidInput as error:
        return verdict.undecodable(job, failure(error), now)
    return _run(job, task, args, state, invocation, parts)


def _last_moment(invocation: Invocation, parts: Parts) -> datetime:
    return invocation.ends - parts.limits.reserve


def _run(
    job: Job,
    task: Task[..., object],
    args: dict[str, object],
    state: object,
    invocation: Invocation,
    parts: Parts,
) -> Event | None:
    started = parts.world.now()
    last = _last_moment(invocation, parts)
    ends = last if task.options.time_limit is None else min(last, started + task.options.time_limit)
    soft = None if task.options.soft_time_limit is None else started + task.options.soft_time_limit
    notebook = Notebook(job, lease=invocation.ends + parts.limits.lease_skew, ends=ends, parts=parts)
    line = AttemptLine(parts.world, notebook)
    facts = Facts(
        id=job.id,
        task=job.task,
        tenant=job.tenant,
        attempt=job.attempts,
        max_attempts=job.max_attempts,
        epoch=job.epoch,
        deadline=ends,
        state=state,
    )
    with parts.tracer.span(task.name):
        execution = runner_of(task, parts).start(Call(task=task.name, args=args, facts=facts, line=line))
        watch = _Watch(
            job=job,
            task=task,
            invocation=invocation,
            line=line,
            execution=execution,
            parts=parts,
            looked=started,
        )
        outcome = watch.until(ends, soft)
    if outcome is None:
        return None
    if isinstance(outcome, Returned):
        # Work that is done is not thrown away for a flicker: the result is stored, like the outcome, as long as there is time.
        stored = patience(parts, invocation.ends)
        until = parts.world.now() + job.keep
        result = stored(place, outcome.json, job_id=job.id, due=until, payloads=parts.payloads)
        return verdict.success(watch.job, result, line.latest, parts.world.now())
    if isinstance(outcome, Continues):
        return verdict.continuation(notebook.job, line.latest, parts.limits.wake_grace, parts.world.now())
    now, luck = parts.world.now(), parts.world.luck()
    return verdict.after_raise(watch.job, outcome, task.options.backoff, line.latest, now, luck)


@dataclass(kw_only=True)
class _Watch:
    """The attempt's side of the line, while the task runs."""

    job: Job
    task: Task[..., object]
    invocation: Invocation
    line: AttemptLine
    execution: Execution
    parts: Parts
    looked: datetime
    wrote: datetime | None = None

    def until(self, ends: datetime, soft: datetime | None) -> Outcome | None:
        """Wait for the task to end, or end it. None: fenced."""
        world, limits = self.parts.world, self.parts.limits
        while True:
            now = world.now()
            if now >= ends:
                return self._time_is_over(now)
            if soft is not None and now >= soft:
                self.execution.soften()
                soft = None
            next_stop = min(ends, soft or ends)
            if self.execution.finished(min(limits.listen_every, next_stop - now)):
                return self.execution.outcome()
            if not self._listen():
                self.execution.stop()
                return None
            if self.line.cancelled() and self.task.kind is Kind.PROCESS:
                self.execution.stop()
                stopped = Failure(
                    type="JobCancelled", message="the child process was stopped: the job is to be cancelled"
                )
                return Raised(failure=stopped, again=False, cancelled=True)

    def _time_is_over(self, now: datetime) -> Outcome:
        if self.execution.finished(timedelta(0)):
            return self.execution.outcome()
        self.line.tell_cancelled()
        self.execution.stop()
        over = Failure(
            type="TimeLimitExceeded",
            message=f"attempt {self.job.attempts} had not ended at {now:%H:%M:%S} UTC, its time limit",
            fingerprint="time-limit",
        )
        return Raised(failure=over, again=True, timed_out=True)

    def _listen(self) -> bool:
        """Write down what the task says, or look at the row now and then. False: the right to the job is lost."""
        now = self.parts.world.now()
        said, progress = self.line.news() if self._may_write(now) else (False, None)
        if not said and now - self.looked < self.parts.limits.look_every:
            return True
        self.looked = now
        try:
            if said:
                self.wrote = now
            row = self._renew(progress) if said else self.parts.store.read(self.job.id)
        except MachineryError as error:
            log.warning(
                "%s: could not look at its row: %s", self.job.label(), error, extra=self.job.log_fields()
            )
            return True
        if row is None or row.owner != self.job.owner:
            self.parts.tracer.note(fault=True, outcome="fenced")
            log.warning(
                "%s: fenced, the lease was lost",
                self.job.label(),
                extra={**self.job.log_fields(), "action": "fenced"},
            )
            self.line.tell_cancelled()
            return False
        self.job = row
        if row.cancel_requested is not None:
            self.line.tell_cancelled()
        if progress is not None:
            announce(row, "progressed", at=progress.at, parts=self.parts)
        return True

    def _may_write(self, now: datetime) -> bool:
        """Whether it is time to write down what the task says: see `SELDOM`."""
        age = now - (began(self.job) or now)
        return self.wrote is None or now - self.wrote >= min(SELDOM, max(OFTEN, age / 60))

    def _renew(self, progress: Progress | None) -> Job | None:
        limits = self.parts.limits
        lease = self.invocation.ends + limits.lease_skew
        event = Renewed(
            at=self.parts.world.now(), guard=Mine(owner=owner_of(self.job)), lease=lease, progress=progress
        )
        answer = self.parts.store.write(self.job.id, change(event))
        if self.invocation.receipt is not None and isinstance(answer, Written):
            visible = lease - self.parts.world.now() + limits.lease_skew
            self.parts.queue.extend(self.job.lane, self.invocation.receipt, visible)
        return answer.job

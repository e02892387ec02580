"""One attempt: start the task, have it watched while it runs, and name what happened. A batch task's jobs run in one call."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from chalicelib.domain.errors import InvalidInput, PayloadMissing, UnknownTask
from chalicelib.domain.events import Event
from chalicelib.domain.job import Job
from chalicelib.domain.lean import dataclass
from chalicelib.pipeline import verdict
from chalicelib.pipeline.built_in import UNKNOWN_TASK, known
from chalicelib.pipeline.line import AttemptLine
from chalicelib.pipeline.notebook import Notebook
from chalicelib.pipeline.outcome import Becomes, Continues, Outcome, Raised, Returned, Several, failure
from chalicelib.pipeline.own_work import runner_of
from chalicelib.pipeline.parts import Parts
from chalicelib.pipeline.patience import patience
from chalicelib.pipeline.payloads import load, place
from chalicelib.pipeline.ports import Call, Facts
from chalicelib.pipeline.sealer import args_of, checkpoint_of, result_of
from chalicelib.pipeline.secret import masked, words
from chalicelib.pipeline.task import Task
from chalicelib.pipeline.watch import Listener, Watch
from chalicelib.pipeline.workflows.sequel import Sequel, is_parent


@dataclass(frozen=True, kw_only=True, slots=True)
class Invocation:
    """What bounds an attempt: the invocation's end, and the message whose visibility a heartbeat extends."""

    ends: datetime
    receipt: str | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Ready:
    """A claimed job that can be run: its task is known, and what it needs was read."""

    job: Job
    task: Task[..., object]
    args: dict[str, object]
    state: object
    invocation: Invocation


@dataclass(frozen=True, kw_only=True, slots=True)
class Ended:
    """A job whose task has ended, or was ended. `outcome` None: the right to the job was lost meanwhile."""

    ready: Ready
    listener: Listener
    notebook: Notebook
    outcome: Outcome | None


def attempt(job: Job, invocation: Invocation, *, parts: Parts) -> Event | Sequel | None:
    """Run the job's task once; the event to record, or None: the right to the job was lost meanwhile, record nothing."""
    ready = prepare(job, invocation, parts=parts)
    if not isinstance(ready, Ready):
        return ready
    if is_parent(job):
        from chalicelib.pipeline.workflows.parent import proceed

        with parts.tracer.span(job.task):
            return proceed(job, ready.args, until=_last_moment(invocation, parts), parts=parts)
    [ended] = run([ready], parts=parts)
    return named(ended, parts=parts)


def prepare(job: Job, invocation: Invocation, *, parts: Parts) -> Ready | Event:
    """Read what the task needs; or the event to record of a job that cannot or need not be run."""
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
        args = read(load, job.args, whose=args_of(job), parts=parts)
        state = job.checkpoint and read(load, job.checkpoint, whose=checkpoint_of(job), parts=parts)
    except PayloadMissing as error:
        return verdict.after_missing_payload(job, failure(error), task.options.backoff, now, luck)
    except InvalidInput as error:
        return verdict.undecodable(job, failure(error), now)
    return Ready(job=job, task=task, args=args, state=state, invocation=invocation)


def _last_moment(invocation: Invocation, parts: Parts) -> datetime:
    return invocation.ends - parts.limits.reserve


def run(jobs: Sequence[Ready], *, parts: Parts) -> list[Ended]:
    """Run one job; or several of one batch task in one invocation, in one call."""
    task, invocation = jobs[0].task, jobs[0].invocation
    started = parts.world.now()
    last = _last_moment(invocation, parts)
    ends = last if task.options.time_limit is None else min(last, started + task.options.time_limit)
    soft = None if task.options.soft_time_limit is None else started + task.options.soft_time_limit
    lease = invocation.ends + parts.limits.lease_skew
    notebooks = [Notebook(one.job, lease=lease, ends=ends, parts=parts) for one in jobs]
    lines = [AttemptLine(parts.world, notebook) for notebook in notebooks]
    calls = tuple(_call(one, line, ends) for one, line in zip(jobs, lines, strict=True))
    listeners = [
        Listener(
            job=one.job, line=line, lease=lease, receipt=one.invocation.receipt, parts=parts, looked=started
        )
        for one, line in zip(jobs, lines, strict=True)
    ]
    first = calls[0]
    if task.options.batch:
        first = Call(task=task.name, args=first.args, facts=first.facts, line=first.line, members=calls)
    with parts.tracer.span(task.name):
        execution = runner_of(task, parts).start(first)
        outcomes = Watch(kind=task.kind, execution=execution, listeners=listeners, parts=parts).until(
            ends, soft
        )
    outcomes = _without_secrets(outcomes, jobs)
    return [
        Ended(ready=one, listener=listener, notebook=notebook, outcome=outcome)
        for one, listener, notebook, outcome in zip(jobs, listeners, notebooks, outcomes, strict=True)
    ]


def _without_secrets(outcomes: list[Outcome | None], jobs: Sequence[Ready]) -> list[Outcome | None]:
    """The outcomes; what an exception says is kept without the secret arguments of any job of its call."""
    signature = jobs[0].task.signature
    if not signature.secrets:
        return outcomes
    secrets = {word for one in jobs for word in words(one.args, signature.schema)}
    return [_masked(one, secrets) if isinstance(one, Raised) else one for one in outcomes]


def _masked(outcome: Raised, secrets: set[str]) -> Raised:
    said = outcome.failure
    message, trace = masked(said.message, secrets), masked(said.traceback, secrets)
    return replace(outcome, failure=replace(said, message=message, traceback=trace))


def _call(ready: Ready, line: AttemptLine, ends: datetime) -> Call:
    job = ready.job
    facts = Facts(
        id=job.id,
        task=job.task,
        tenant=job.tenant,
        attempt=job.attempts,
        max_attempts=job.max_attempts,
        epoch=job.epoch,
        deadline=ends,
        state=ready.state,
        workflow=job.workflow,
    )
    return Call(task=job.task, args=ready.args, facts=facts, line=line)


def named(ended: Ended, *, parts: Parts) -> Event | Sequel | None:
    """What the outcome means for the job; None: the right to it was lost. Raises `Unavailable`."""
    job, latest, outcome = ended.listener.job, ended.listener.line.latest, ended.outcome
    if outcome is None or isinstance(outcome, Several):
        return None
    if isinstance(outcome, Returned):
        # Work that is done is not thrown away for a flicker: the result is stored, like the outcome, as long as there is time.
        stored = patience(parts, ended.ready.invocation.ends)
        until = parts.world.now() + job.keep
        result = stored(place, outcome.json, whose=result_of(job), due=until, parts=parts)
        return verdict.success(job, result, latest, parts.world.now())
    if isinstance(outcome, Becomes):
        from chalicelib.pipeline.workflows.parent import become

        return become(job, outcome.json, parts=parts)
    now = parts.world.now()
    if isinstance(outcome, Continues):
        return verdict.continuation(ended.notebook.job, latest, parts.limits.wake_grace, now)
    backoff = ended.ready.task.options.backoff
    return verdict.after_raise(job, outcome, backoff, latest, now, parts.world.luck())

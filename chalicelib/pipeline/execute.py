"""What one message leads to: claim, run, settle, effects. One record's trouble is its own."""

import logging
from collections.abc import Callable
from datetime import datetime

from chalicelib.domain.errors import KeyUnavailable, MachineryError
from chalicelib.domain.events import Event
from chalicelib.domain.job import Job, State, Wakeup
from chalicelib.domain.lean import dataclass
from chalicelib.pipeline import verdict
from chalicelib.pipeline.admitted import FREE, Admitted, await_moment
from chalicelib.pipeline.announce import announce
from chalicelib.pipeline.attempt import Invocation, attempt
from chalicelib.pipeline.claim import claim
from chalicelib.pipeline.life import queue_wait
from chalicelib.pipeline.measures import Measure
from chalicelib.pipeline.parts import Parts
from chalicelib.pipeline.settle import settle
from chalicelib.pipeline.vain import in_vain
from chalicelib.pipeline.verdict import cancellation
from chalicelib.pipeline.workflows.sequel import Sequel

log = logging.getLogger(__name__)


@dataclass(frozen=True, kw_only=True, slots=True)
class Started:
    """A claimed job that its gates let through, and what bounds its attempt."""

    job: Job
    ends: datetime
    receipt: str | None
    admitted: Admitted = FREE  #: what it holds meanwhile


def execute(wakeup: Wakeup, *, ends: datetime, receipt: str | None, parts: Parts) -> bool:
    """Do what the message asks for, before `ends`. True: the message is done with; False: it is to be delivered again.

    A task's own failure is recorded and so done with. Only trouble of our machinery gives the message back.
    """
    started = start(wakeup, ends=ends, receipt=receipt, parts=parts)
    return started if isinstance(started, bool) else finish(started, parts=parts)


def start(wakeup: Wakeup, *, ends: datetime, receipt: str | None, parts: Parts) -> Started | bool:
    """Claim the job and have its gates let it through; or what `execute` says, if that is all there is to do."""
    limits = parts.limits
    if ends - parts.world.now() < limits.least_time:
        log.info(
            "job %s: given back: too little time is left to start it",
            wakeup.job_id,
            extra={"job_id": wakeup.job_id, "action": "given_back"},
        )
        return False
    try:
        job = claim(wakeup, lease=ends + limits.lease_skew, parts=parts)
        if job is None:
            return True
        if in_vain(job, parts=parts):
            settle(job, cancellation(job, None, None, parts.world.now()), until=ends, parts=parts)
            return True
        # What comes back to its children's results starts nothing: it passed its gates when it began.
        admitted = _admit(job, ends, parts) if job.gates and job.awaits is None else FREE
        if admitted is None:
            return True
        _waited(job, wakeup, parts)
        announce(job, "started", at=job.history[-1].at, parts=parts)
    except MachineryError as error:
        return _given_back(wakeup.job_id, error)
    return Started(job=job, ends=ends, receipt=receipt, admitted=admitted)


def _admit(job: Job, ends: datetime, parts: Parts) -> Admitted | None:
    from chalicelib.pipeline.admission import admit  # few jobs have gates

    return admit(job, until=ends, parts=parts)


def _leave(started: Started, parts: Parts) -> None:
    from chalicelib.pipeline.admission import leave  # as above

    leave(started.job, started.admitted, until=started.ends, parts=parts)


def finish(started: Started, *, parts: Parts) -> bool:
    """Run it, when its moment has come, and record what happened; what `execute` says."""
    await_moment(started.admitted, parts=parts)
    invocation = Invocation(ends=started.ends, receipt=started.receipt)
    return settled(started, lambda: attempt(started.job, invocation, parts=parts), parts=parts)


def settled(started: Started, event: Callable[[], Event | Sequel | None], *, parts: Parts) -> bool:
    """Record the event, unless the right to the job is lost (None); what `execute` says."""
    try:
        found = _named(started, event, parts)
        if found is not None:
            _record(started, found, parts)
        if started.admitted.slots:
            _leave(started, parts)
    except MachineryError as error:
        return _given_back(started.job.id, error)
    return True


def _named(
    started: Started, event: Callable[[], Event | Sequel | None], parts: Parts
) -> Event | Sequel | None:
    """The event. Without the key of what is sealed nothing can be run, and no attempt is used up: the job comes back for it."""
    try:
        parts.sealer.ready()
        return event()
    except KeyUnavailable as error:
        job = started.job
        log.warning(
            "%s: waits for the key of its payloads: %s",
            job.label(),
            error,
            extra={**job.log_fields(), "action": "key_unavailable"},
        )
        return verdict.keyless(job, parts.world.now(), parts.world.luck())


def _record(started: Started, found: Event | Sequel, parts: Parts) -> None:
    """Record it, and do what follows once a workflow waits."""
    event = found.event if isinstance(found, Sequel) else found
    row = settle(started.job, event, until=started.ends, parts=parts)
    if isinstance(found, Sequel) and row is not None and row.state is State.WAITING:
        found.then(row)


def _given_back(job_id: str, error: MachineryError) -> bool:
    log.warning("job %s: given back: %s", job_id, error, extra={"job_id": job_id, "action": "given_back"})
    return False


def _waited(job: Job, wakeup: Wakeup, parts: Parts) -> None:
    wait = queue_wait(job, wakeup)
    if wait is not None:
        parts.metrics.add(Measure.QUEUE_WAIT, wait, lane=job.lane, task=job.task, tenant=job.tenant)

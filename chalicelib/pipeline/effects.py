"""What a finished job still owes the world: performed idempotently, then cleared. A crash in between leaves it to the sweep."""

import logging

from chalicelib.domain.errors import InvalidInput, PayloadMissing, UnknownTask
from chalicelib.domain.events import OutboxCleared
from chalicelib.domain.guards import Seen
from chalicelib.domain.job import Effect, Job, State
from chalicelib.domain.lifecycle import change
from chalicelib.pipeline import strict_json
from chalicelib.pipeline.accept import accept, new_job
from chalicelib.pipeline.finished import FinishedJob
from chalicelib.pipeline.parts import Parts
from chalicelib.pipeline.patience import patience
from chalicelib.pipeline.payloads import load, place
from chalicelib.pipeline.task import Submission

log = logging.getLogger(__name__)


def perform(job: Job, *, parts: Parts) -> bool:
    """Do all that the row owes and clear it. False: something could not be done now; the sweep has or makes an appointment.

    Ids are made from (job, epoch, slot), so whoever does it again makes the same jobs. Raises `Unavailable`.
    """
    for effect in job.outbox:
        try:
            _submit(job, effect, parts)
        except UnknownTask as error:
            log.warning(
                "%s: %s cannot be submitted yet: %s", job.label(), effect.slot, error, extra=job.log_fields()
            )
            return False
    died = job.history[-1].at if job.state is State.DEAD else None
    cleared = change(
        OutboxCleared(at=parts.world.now(), guard=Seen(state=job.state, epoch=job.epoch), died=died)
    )
    patience(parts)(parts.store.write, job.id, cleared)
    return True


def _submit(job: Job, effect: Effect, parts: Parts) -> None:
    """Submit the task that follows, with the finished job as its one argument."""
    task = parts.registry[effect.task]
    told = finished(job, parts)
    text = strict_json.write({"job": told})
    follower = new_job(
        task,
        job_id=effect.id,
        now=parts.world.now(),
        how=Submission(tenant=job.tenant),
        values={"job": told},
        args=lambda due: patience(parts)(place, text, job_id=effect.id, due=due, payloads=parts.payloads),
        cause=job.id,
    )
    for answer in accept([follower], parts=parts):
        if isinstance(answer, Exception):
            raise answer


def finished(job: Job, parts: Parts) -> FinishedJob:
    """What the task that follows is told."""
    result = None
    if job.result is not None:
        try:
            result = patience(parts)(load, job.result, job_id=job.id, payloads=parts.payloads)
        except (PayloadMissing, InvalidInput) as error:
            # What follows still has to happen; whoever needs the result finds out that it is gone.
            log.error("%s: %s", job.label(), error, extra=job.log_fields())
    return {
        "id": job.id,
        "task": job.task,
        "state": job.state.value,
        "attempts": job.attempts,
        "result": result,
        "error": None if job.error is None else {"type": job.error.type, "message": job.error.message},
        "reason": None if job.reason is None else job.reason.value,
    }

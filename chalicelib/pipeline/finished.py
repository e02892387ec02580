"""What a task that follows another is told about it: its one argument, `job`. Topics and webhooks tell the same."""

import logging
from typing import Any, TypedDict

from chalicelib.domain.errors import InvalidInput, PayloadMissing
from chalicelib.domain.job import Inline, Job, Sealed
from chalicelib.pipeline.parts import Parts
from chalicelib.pipeline.patience import patience
from chalicelib.pipeline.payloads import load
from chalicelib.pipeline.sealed_text import opened_error
from chalicelib.pipeline.sealer import result_of

log = logging.getLogger(__name__)


class FinishedError(TypedDict):
    """The last attempt's exception."""

    type: str
    message: str


class FinishedJob(TypedDict):
    """A job that ended."""

    id: str
    task: str
    state: str
    attempts: int
    result: Any
    error: FinishedError | None
    reason: str | None


def finished(job: Job, parts: Parts) -> FinishedJob:
    """What the task that follows is told. Raises `Unavailable`."""
    result = None
    if job.result is not None:
        try:
            result = patience(parts)(load, job.result, whose=result_of(job), parts=parts)
        except (PayloadMissing, InvalidInput) as error:
            # What follows still has to happen; whoever needs the result finds out that it is gone.
            log.error("%s: %s", job.label(), error, extra=job.log_fields())
    return _told(job, result, parts)


class ToldJob(FinishedJob):
    """A job as topics and webhooks tell of it."""

    progress: float | None
    result_left_out: bool  #: it is too large to be told; GET /jobs/{id} has it


def told(job: Job, parts: Parts) -> ToldJob:
    """What the world is told of a job, wherever it is in its life: from its row alone. A large result is left out. Raises `KeyUnavailable`."""
    inline = job.result if isinstance(job.result, Inline | Sealed) else None
    result = None if inline is None else load(inline, whose=result_of(job), parts=parts)
    return {
        **_told(job, result, parts),
        "progress": None if job.progress is None else job.progress.fraction,
        "result_left_out": job.result is not None and inline is None,
    }


def _told(job: Job, result: Any, parts: Parts) -> FinishedJob:
    error = opened_error(job, parts)
    return {
        "id": job.id,
        "task": job.task,
        "state": job.state.value,
        "attempts": job.attempts,
        "result": result,
        "error": None if error is None else {"type": error.type, "message": error.message},
        "reason": None if job.reason is None else job.reason.value,
    }

"""What a task that follows another is told about it: its one argument, `job`. Topics and webhooks tell the same."""

import logging
from typing import Any, TypedDict

from chalicelib.domain.errors import InvalidInput, PayloadMissing
from chalicelib.domain.job import Inline, Job
from chalicelib.pipeline import strict_json
from chalicelib.pipeline.limits import MAX_BODY
from chalicelib.pipeline.parts import Parts
from chalicelib.pipeline.patience import patience
from chalicelib.pipeline.payloads import load

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
            result = patience(parts)(load, job.result, job_id=job.id, payloads=parts.payloads)
        except (PayloadMissing, InvalidInput) as error:
            # What follows still has to happen; whoever needs the result finds out that it is gone.
            log.error("%s: %s", job.label(), error, extra=job.log_fields())
    return _told(job, result)


class ToldJob(FinishedJob):
    """A job as topics and webhooks tell of it."""

    progress: float | None
    result_left_out: bool  #: it is too large to be told; GET /jobs/{id} has it


def told(job: Job) -> ToldJob:
    """What the world is told of a job, wherever it is in its life: from its row alone. A large result is left out."""
    inline = job.result if isinstance(job.result, Inline) else None
    result = None if inline is None else strict_json.read(inline.json.encode(), name="result", limit=MAX_BODY)
    return {
        **_told(job, result),
        "progress": None if job.progress is None else job.progress.fraction,
        "result_left_out": job.result is not None and inline is None,
    }


def _told(job: Job, result: Any) -> FinishedJob:
    return {
        "id": job.id,
        "task": job.task,
        "state": job.state.value,
        "attempts": job.attempts,
        "result": result,
        "error": None if job.error is None else {"type": job.error.type, "message": job.error.message},
        "reason": None if job.reason is None else job.reason.value,
    }

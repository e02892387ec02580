"""What becomes of a request whose task looks for others that are alike: unique, debounced or throttled. See docs/unique.md.

The order is: an idempotency key that stands for a job already decides; then the task's policy; then the key is bound to the job that the
policy named; then the row is put. Whoever dies in between leaves something that the next request goes on with.
"""

from dataclasses import replace

from chalicelib.domain.errors import Unavailable
from chalicelib.domain.flow import Debounce, Throttle, Unique
from chalicelib.domain.job import Job
from chalicelib.pipeline.accept import accept, looked_after
from chalicelib.pipeline.asked import Asked, Made, Submitted, job_of
from chalicelib.pipeline.debounce import debounce
from chalicelib.pipeline.ids import time_of
from chalicelib.pipeline.items import Spot
from chalicelib.pipeline.keyed import bound, known
from chalicelib.pipeline.parts import Parts
from chalicelib.pipeline.patience import patience
from chalicelib.pipeline.pointer import ROUNDS
from chalicelib.pipeline.throttle import throttle
from chalicelib.pipeline.unique import unique


def alike(asked: Asked, spot: Spot, parts: Parts) -> Job | Submitted:
    """The job to be put, or the one that answers. Raises `NotUnique`, `Throttled`, `KeyReused`, `InvalidInput`, `Unavailable`."""
    job_id = known(asked, parts)
    if job_id is not None:
        row = patience(parts)(parts.store.read, job_id)
        if row is not None:
            return Submitted(job=looked_after(row, parts=parts), made=_made(asked, row))
        asked = replace(asked, job_id=job_id)
    match asked.policy:
        case Unique() as policy:
            answer = unique(asked, spot, policy, parts)
            return _bound(asked, answer, parts) or job_of(asked, parts, job_id=str(answer))
        case Debounce() as policy:
            return _debounced(asked, spot, policy, parts)
        case Throttle() as policy:
            throttle(asked, spot, policy, parts)
            return job_of(asked, parts, job_id=bound(asked, asked.job_id, parts))
        case None:
            raise AssertionError(f"{asked.task.name} looks for no others")


def _debounced(asked: Asked, spot: Spot, policy: Debounce, parts: Parts) -> Submitted:
    """A job that was pointed to is put at once. Where somebody else has put it, the later of both requests has to win.

    Whoever puts a job under an id that another request made came later than that one, so its arguments take the place of what it finds.
    """
    for _ in range(ROUNDS):
        answer = debounce(asked, spot, policy, parts)
        before = _bound(asked, answer, parts)
        if before is not None:
            return before
        job = job_of(asked, parts, job_id=str(answer), delay=policy.wait)
        (row,) = accept([job], parts=parts)
        if isinstance(row, Exception):
            raise row
        if job.id == asked.job_id or says_the_same(row, job):
            return Submitted(job=row)
    raise Unavailable(f"{spot.key} changed {ROUNDS} times while a job of it was being submitted")


def _bound(asked: Asked, answer: str | Submitted, parts: Parts) -> Submitted | None:
    """The job that answers; None: one is to be put under the id that was found.

    The same request, by the same key at the same time, may have found another one first: then that one answers both.
    """
    found = answer.job.id if isinstance(answer, Submitted) else answer
    bound_to = bound(asked, found, parts)
    if bound_to != found:
        row = patience(parts)(parts.store.read, bound_to)
        if row is not None:
            return Submitted(job=looked_after(row, parts=parts), made=_made(asked, row))
        if parts.world.now() - time_of(bound_to) < parts.limits.clock_limit:
            raise Unavailable(f"job {bound_to} is being submitted by the same request")
    return answer if isinstance(answer, Submitted) else None


def _made(asked: Asked, row: Job) -> Made:
    """What a request came to whose key stands for this job: the one that made it gave it its key."""
    if row.key == asked.how.key:
        return Made.NEW
    return Made.REPLACED if isinstance(asked.policy, Debounce) else Made.EXISTING


def says_the_same(row: Job, job: Job) -> bool:
    """Whether the row is of this request, as far as anybody can tell: nothing that stays the same for life differs."""
    return (row.args, row.tags, row.key, row.expires, row.max_attempts, row.lane) == (
        job.args,
        job.tags,
        job.key,
        job.expires,
        job.max_attempts,
        job.lane,
    )

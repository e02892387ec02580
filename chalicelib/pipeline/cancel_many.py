"""Cancelling all jobs that a filter names: bounded in number and in time, each with its receipt, each answered for itself."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta

from chalicelib.domain.errors import InvalidInput, JoblineError
from chalicelib.domain.job import TERMINAL, Job
from chalicelib.domain.lean import dataclass
from chalicelib.pipeline.cancel import cancel_seen
from chalicelib.pipeline.parts import Parts
from chalicelib.pipeline.query import PAGE, Search, search
from chalicelib.pipeline.receipt import Receipt, receipt

MOST = 1000
PAGES = 20
"""Pages of the listing that one request reads."""

TIME = timedelta(seconds=20)
"""After this no further jobs are begun: API Gateway ends a request after 29 s."""

LOOKING = TIME / 2
"""After this no further page is read, so that there is time for what was found: else a slow listing would give the same cursor for ever."""

AT_ONCE = 50
"""Jobs between two looks at the clock."""

Done = tuple[Job, Receipt]


@dataclass(frozen=True, kw_only=True, slots=True)
class Cancelling:
    """What was done. With a dry run `found` are those that would be cancelled. `cursor`: where the next request goes on; None: nowhere."""

    found: tuple[Job, ...]
    done: tuple[Done, ...]
    refused: tuple[tuple[Job, JoblineError], ...]
    cursor: str | None


def cancel_many(wanted: Search, *, limit: int, dry_run: bool, parts: Parts, who: str = "") -> Cancelling:
    """Cancel up to `limit` of the unfinished jobs, the newest first. One that a service fails for stops no other.

    Raises `InvalidInput`, `Unavailable` when the jobs cannot be listed.
    """
    if wanted.task is None and wanted.tag is None and wanted.state is None:
        raise InvalidInput(
            "task", "give at least one of task, tag and state: who means all jobs says each state"
        )
    if wanted.state in TERMINAL:
        raise InvalidInput("state", f"a job that is {wanted.state} has ended")
    if not 1 <= limit <= MOST:
        raise InvalidInput("limit", f"{limit} is not between 1 and {MOST}")
    began = parts.world.now()
    found, cursor = _unfinished(wanted, limit, parts)
    if dry_run:
        return Cancelling(found=tuple(found), done=(), refused=(), cursor=cursor)
    done: list[Done] = []
    refused: list[tuple[Job, JoblineError]] = []
    for start in range(0, len(found), AT_ONCE):
        if start and parts.world.now() - began >= TIME:  # the first ones in any case: each request gets on
            cursor = found[start - 1].id
            break
        some = found[start : start + AT_ONCE]
        answers = parts.crew.each(lambda job: _cancelled(job, who, parts), some)
        for job, answer in zip(some, answers, strict=True):
            if isinstance(answer, JoblineError):
                refused.append((job, answer))
            elif isinstance(answer, Exception):
                raise answer
            else:
                done.append(answer)
    return Cancelling(found=(), done=tuple(done), refused=tuple(refused), cursor=cursor)


def _unfinished(wanted: Search, limit: int, parts: Parts) -> tuple[Sequence[Job], str | None]:
    """Up to so many jobs that have not ended, and where the listing goes on after the last of them."""
    found: list[Job] = []
    began = parts.world.now()
    for _ in range(PAGES):
        page = search(replace(wanted, limit=PAGE), parts=parts)
        live = [job for job in page.jobs if job.state not in TERMINAL]
        room = limit - len(found)
        found += live[:room]
        if len(live) > room:
            return found, found[-1].id
        if page.cursor is None or len(found) == limit or parts.world.now() - began >= LOOKING:
            return found, page.cursor
        wanted = replace(wanted, cursor=page.cursor)
    return found, wanted.cursor


def _cancelled(job: Job, who: str, parts: Parts) -> Done:
    before, after = cancel_seen(job.id, tenant=job.tenant, parts=parts, who=who)
    return after, receipt(before, after, parts=parts)

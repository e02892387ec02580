"""The list of the dead, which holds everybody's: read page by page, and what a tenant's among them have in common."""

from collections import defaultdict
from collections.abc import Iterator
from datetime import datetime

from chalicelib.domain.job import Job
from chalicelib.domain.lean import dataclass
from chalicelib.pipeline.parts import Parts
from chalicelib.pipeline.query import PAGE
from chalicelib.pipeline.sealed_text import closed_words

EMPTY_PAGES = 100
"""Pages of dead jobs that may hold none: each shard of the index gives at least one page, and the index lags behind redrives."""


@dataclass(frozen=True, kw_only=True, slots=True)
class DeadRead:
    """One read of the list of the dead, which holds everybody's: where it began, and where the next one would. None: at either end."""

    jobs: tuple[Job, ...]
    began: str | None
    after: str | None


def dead_reads(*, limit: int, parts: Parts, after: str | None = None) -> Iterator[DeadRead]:
    """Up to `limit` dead jobs of all tenants, read by read."""
    left = limit
    for _ in range(limit + EMPTY_PAGES):
        began = after
        page, after = parts.store.dead(began, min(left, PAGE))
        left -= len(page)
        yield DeadRead(jobs=tuple(page), began=began, after=after)
        if after is None or left <= 0:
            return


def dead_jobs(*, limit: int, parts: Parts) -> Iterator[Job]:
    """Up to `limit` dead jobs of all tenants."""
    return (job for read in dead_reads(limit=limit, parts=parts) for job in read.jobs)


@dataclass(frozen=True, kw_only=True, slots=True)
class DeadGroup:
    """Dead jobs of one cause."""

    fingerprint: str
    task: str
    reason: str
    error: str  #: the newest one's words
    count: int
    first: datetime
    last: datetime
    example: str  #: the newest one's id


@dataclass(frozen=True, kw_only=True, slots=True)
class DeadGroups:
    """The groups of so many dead jobs, the largest first, and where the look goes on. None: all were looked at."""

    groups: tuple[DeadGroup, ...]
    place: str | None


def dead_groups(*, tenant: str, scan: int, parts: Parts, after: str | None = None) -> DeadGroups:
    """The next `scan` dead jobs by task and error fingerprint. They are of all tenants, so there may be none of this one among them."""
    groups: dict[tuple[str, str, str], list[Job]] = defaultdict(list)
    place = after
    for read in dead_reads(limit=scan, parts=parts, after=after):
        place = read.after
        for job in read.jobs:
            if job.tenant == tenant:
                fingerprint = job.error.fingerprint if job.error else ""
                groups[job.task, fingerprint, str(job.reason)].append(job)
    found = [_group(key, jobs) for key, jobs in groups.items()]
    found.sort(key=lambda group: (-group.count, group.task, group.fingerprint))
    return DeadGroups(groups=tuple(found), place=place)


def _group(key: tuple[str, str, str], jobs: list[Job]) -> DeadGroup:
    task, fingerprint, reason = key
    jobs.sort(key=lambda job: job.history[-1].at)
    newest = closed_words(jobs[-1])
    words = f"{newest.error.type}: {newest.error.message}" if newest.error else ""
    return DeadGroup(
        fingerprint=fingerprint,
        task=task,
        reason=reason,
        error=words,
        count=len(jobs),
        first=jobs[0].history[-1].at,
        last=newest.history[-1].at,
        example=newest.id,
    )

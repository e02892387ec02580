"""Asking what happened: one job, and jobs by time."""

from datetime import UTC, datetime, timedelta
from itertools import islice

from chalicelib.domain.errors import InvalidInput, NotFound
from chalicelib.domain.job import Job, State
from chalicelib.domain.lean import dataclass
from chalicelib.pipeline.ids import first_id, is_id, time_of
from chalicelib.pipeline.parts import Parts
from chalicelib.pipeline.patience import patience

PAGE = 100
SCAN = 2000
"""Rows that one page may look at. A page that finds few matches among them is short and carries a cursor."""

FIRST = datetime(1970, 1, 1, tzinfo=UTC)
"""No id is of an earlier time."""

SPAN = timedelta(days=31)
"""How far back one page looks. Every day has partitions to be read, even if there is nothing in them."""


def get(job_id: str, *, tenant: str, parts: Parts) -> Job:
    """The job. Raises `NotFound` for another tenant's, a forgotten one and what is no id, all alike."""
    row = None
    if is_id(job_id):
        now = parts.world.now()
        row = patience(parts)(parts.store.read, job_id)
        if row is not None and (row.tenant != tenant or (row.forget is not None and row.forget < now)):
            row = None
    if row is None:
        raise NotFound(f"there is no job {job_id[:40]!r}")
    return row


@dataclass(frozen=True, kw_only=True, slots=True)
class Search:
    """Which jobs, newest first. `cursor` is the last id of the page before. `tenant` None: everybody's."""

    tenant: str | None
    state: State | None = None
    task: str | None = None
    tag: str | None = None
    parts: bool = True  #: of workflows as well
    since: datetime | None = None
    until: datetime | None = None
    cursor: str | None = None
    limit: int = 50

    def takes(self, job: Job, now: datetime) -> bool:
        """Whether this job is meant."""
        return (
            self.tenant in (None, job.tenant)
            and (self.state is None or job.state is self.state)
            and (self.task is None or job.task == self.task)
            and (self.tag is None or self.tag in job.tags)
            and (self.parts or job.workflow is None)
            and (job.forget is None or job.forget >= now)
        )


@dataclass(frozen=True, kw_only=True, slots=True)
class Page:
    """Some of the jobs, and where the next page begins; None: these were the last."""

    jobs: tuple[Job, ...]
    cursor: str | None


def search(wanted: Search, *, parts: Parts) -> Page:
    """A page of jobs. By default the last seven days. Raises `InvalidInput`."""
    if not 1 <= wanted.limit <= PAGE:
        raise InvalidInput("limit", f"{wanted.limit} is not between 1 and {PAGE}")
    if wanted.cursor is not None and not is_id(wanted.cursor):
        raise InvalidInput("cursor", "not one that a page gave")
    now = parts.world.now()
    since = wanted.since or now - timedelta(days=7)
    until = min(wanted.until or now + timedelta(minutes=5), now + timedelta(minutes=5))
    if since >= until:
        raise InvalidInput("since", "is not before until")
    since, until = max(since, FIRST), max(until, FIRST)
    before = min(filter(None, (wanted.cursor, first_id(until))))
    low = max(since, time_of(before) - SPAN)
    found: list[Job] = []
    last = None
    for number, job in enumerate(islice(parts.store.newest(before, low), SCAN), start=1):
        last = job.id
        if wanted.takes(job, now):
            found.append(job)
        if len(found) == wanted.limit or number == SCAN:
            return Page(jobs=tuple(found), cursor=last)
    return Page(jobs=tuple(found), cursor=first_id(low) if low > since else None)

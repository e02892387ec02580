"""The rows in a dictionary: each call is atomic, and evaluates the same `Change` that DynamoDB is sent."""

import threading
from collections.abc import Iterator, Sequence
from datetime import datetime

from chalicelib.domain.change import Change, allowed, apply
from chalicelib.domain.errors import InvalidInput
from chalicelib.domain.job import Job
from chalicelib.pipeline.ids import first_id, is_id, time_of
from chalicelib.pipeline.ports import Refused, Slice, Written


class MemoryStore:
    """The twin of `DynamoStore`. `page` is how many rows one listing returns at most, small in tests that want many pages."""

    def __init__(self, page: int = 1000) -> None:
        self.rows: dict[str, Job] = {}
        self.marks: dict[str, datetime] = {}
        self.page = page
        self._lock = threading.Lock()

    def create(self, job: Job) -> Job | None:
        """Put the row if there is none."""
        with self._lock:
            found = self.rows.get(job.id)
            if found is None:
                self.rows[job.id] = job
            return found

    def write(self, job_id: str, change: Change) -> Written | Refused:
        """Record one guarded change."""
        with self._lock:
            row = self.rows.get(job_id)
            if row is None or not allowed(change, row):
                return Refused(job=row)
            self.rows[job_id] = after = apply(change, row)
            return Written(job=after)

    def read(self, job_id: str) -> Job | None:
        """The row, or None."""
        return self.rows.get(job_id)

    def unattended(self, after: datetime, until: datetime) -> Slice:
        """A page of rows by id time; rows of one millisecond are never parted. What is attended counts for the page, too."""
        with self._lock:
            rows = sorted(
                (row for row in self.rows.values() if after < time_of(row.id) <= until),
                key=lambda row: row.id,
            )
        reached = until if len(rows) <= self.page else time_of(rows[self.page - 1].id)
        listed = [row for row in rows if time_of(row.id) <= reached]
        found = [row for row in listed if not row.finished and row.attention is None]
        return Slice(rows=found, reached=reached, listed=len(listed))

    def newest(self, before: str, since: datetime) -> Iterator[Job]:
        """Rows below an id, newest first."""
        low = first_id(since)
        with self._lock:
            ids = sorted((job_id for job_id in self.rows if low <= job_id < before), reverse=True)
        return (row for job_id in ids if (row := self.rows.get(job_id)) is not None)

    def due(self, now: datetime, limit: int) -> Sequence[str]:
        """Appointments at or before now."""
        with self._lock:
            found = [
                row for row in self.rows.values() if row.next_check is not None and row.next_check <= now
            ]
        return [row.id for row in sorted(found, key=lambda row: (row.next_check or now, row.id))[:limit]]

    def dead(self, after: str | None, limit: int) -> tuple[Sequence[Job], str | None]:
        """A page of dead jobs, in the order of their ids."""
        if after is not None and not is_id(after):
            raise InvalidInput("cursor", "not one that a page gave")
        with self._lock:
            found = sorted(
                row.id for row in self.rows.values() if row.attention == "dead" and row.id > (after or "")
            )
        page = [self.rows[job_id] for job_id in found[:limit]]
        return page, (page[-1].id if len(found) > limit else None)

    def watermark(self, name: str) -> datetime | None:
        """The pass's watermark."""
        return self.marks.get(name)

    def move_watermark(self, name: str, seen: datetime | None, to: datetime) -> bool:
        """Compare and set; a mark that is there already is our own, set by a call whose reply was lost."""
        with self._lock:
            if self.marks.get(name) not in (seen, to):
                return False
            self.marks[name] = to
            return True

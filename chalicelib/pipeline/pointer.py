"""A pointer: the item that names the one job which stands for all requests alike. It is written before that job's row.

Whether the job that it names still stands for them is read off the job's row, so nothing has to be released, and no crash can wedge it.
Whoever finds a pointer whose row was never put, puts the row under the id that it names: so there is one job, whoever dies in between.
A pointer that is of no use any more is replaced on the condition that it is still the one that was read.
"""

from datetime import datetime

from chalicelib.domain.change import Equals, Missing
from chalicelib.domain.errors import NewerRow
from chalicelib.domain.job import Job
from chalicelib.domain.lean import dataclass
from chalicelib.pipeline.asked import Asked
from chalicelib.pipeline.ids import is_id, time_of
from chalicelib.pipeline.items import Edit, Fields, Kept, Spot, Test
from chalicelib.pipeline.limits import PAYLOAD_LIFE
from chalicelib.pipeline.parts import Parts
from chalicelib.pipeline.patience import patience
from chalicelib.pipeline.task import ANSWERS

ROUNDS = 20
"""How often the pointer, or the row that it names, may change under our hands before we ask the caller to try again."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Pointer:
    """What was found: the job that it names, by whom it was written, and for how long it holds if it holds for a time."""

    job: str
    mark: str
    until: int | None

    def young(self, now: datetime) -> bool:
        """Whether its job's row, if it is not there, was never put. An older one may have been there and been forgotten."""
        return now - time_of(self.job) < ANSWERS


def pointer(fields: Fields) -> Pointer | None:
    """The pointer that the item's fields say; None: there is none."""
    job, until = fields.get("job"), fields.get("until")
    if not isinstance(job, str) or not is_id(job):
        return None
    return Pointer(job=job, mark=str(fields.get("mark", "")), until=until if isinstance(until, int) else None)


def point(
    spot: Spot, asked: Asked, *, due: datetime, until: int | None, seen: Pointer | None, parts: Parts
) -> Pointer | None:
    """Let it name this request's own job, if there is none or it is still what was seen. None: done; else what is there instead.

    An own write whose reply was lost is what is there: it names this request's own job. It may be deleted long after the job is due.
    """
    free: Test = Missing("job") if seen is None else Equals("job", seen.job)
    edit = Edit(
        where=((free,),),
        set={"job": asked.job_id, "mark": asked.mark, **({} if until is None else {"until": until})},
        remove=("until",) if until is None else (),
        until=due + PAYLOAD_LIFE,
    )
    answer = patience(parts)(parts.items.write, spot, edit)
    if isinstance(answer, Kept):
        return None
    there = pointer(answer.fields)
    if there is None and seen is not None:  # it was deleted since it was read
        return point(spot, asked, due=due, until=until, seen=None, parts=parts)
    if there is None:
        raise NewerRow(f"{spot.shelf} {spot.key} points to what is no job's id")
    return there


def row_of(found: Pointer, parts: Parts) -> Job | None:
    """The row of the job that it names, if it was put and not forgotten."""
    return patience(parts)(parts.store.read, found.job)

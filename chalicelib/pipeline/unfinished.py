"""The quota of unfinished jobs: of those that a tenant asked for, at most so many are there that have not ended.

A counter says how many there may be, and notes, one a request, say which. Nobody counts an end: the counter is believed only as long as it
says that there is room. From half of the limit on the tick counts anew each minute: it looks at the jobs of the notes. So the end of a
job costs nothing, and whoever dies between two of these writes leaves a figure that is wrong for a minute.
"""

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta

from chalicelib.domain.change import Equals, Missing, Present
from chalicelib.domain.errors import NewerRow
from chalicelib.domain.job import TERMINAL
from chalicelib.pipeline.ids import time_of
from chalicelib.pipeline.items import Below, Edit, Fields, Kept, Spot
from chalicelib.pipeline.parts import Parts
from chalicelib.pipeline.patience import PACE, patience
from chalicelib.pipeline.tenants import limits_at_the_door

SHELF = "unfinished"
AGAIN = timedelta(minutes=1)
"""How often the tick counts."""

NO_ROW = timedelta(minutes=10)
"""An id of this age that has no row will have none: whoever had it died, or found another job that answers."""

PAGE = 200
ROUNDS = 30
"""How often others may take places between two tries of ours."""


def take_places(tenant: str, most: int, ids: Sequence[str], parts: Parts) -> int:
    """Take places for the first of these jobs, as many as there are; how many those are. Raises `Unavailable`."""
    spot, wanted, call = Spot(SHELF, tenant), min(most, len(ids)), patience(parts)
    for attempt in range(1, ROUNDS + 1):
        room = ((Missing("count"),), (Below("count", most - wanted + 1),))
        answer = call(parts.items.write, spot, Edit(where=room, add={"count": wanted}))
        taken = isinstance(answer, Kept)
        _have_it_counted(spot, answer.fields, most, parts)
        if taken:
            break
        wanted = min(wanted, most - int(str(answer.fields["count"])))
        if wanted <= 0:
            return 0
        parts.world.pause(PACE.wait(attempt, parts.world.luck()))
    else:
        return 0
    note = Edit(set={"ids": tuple(ids[:wanted])})
    call(parts.items.write, Spot(f"{SHELF}#{tenant}", ids[0]), note)
    return wanted


def _have_it_counted(spot: Spot, fields: Fields, most: int, parts: Parts) -> None:
    """Make the tick's appointment, if the counter says that it is time and there is none."""
    if 2 * int(str(fields.get("count", 0))) < most or "called" in fields:
        return
    edit = Edit(where=((Missing("called"),),), set={"called": 1}, due=parts.world.now() + AGAIN)
    patience(parts)(parts.items.write, spot, edit)


def recount(spot: Spot, until: datetime, parts: Parts) -> None:
    """The duty: throw away what has ended, and let the counter say what is left. While it is half full, again in a minute.

    Without places taken meanwhile it is set right, whatever it was; else what was thrown away is taken off it.
    """
    tenant, call = spot.key, patience(parts, until)
    seen = call(parts.items.read, spot)
    before = left = 0
    for key, ids in _notes(tenant, until, parts):
        before += len(ids)
        left += _left(Spot(f"{SHELF}#{tenant}", key), ids, until, parts)
    limits = limits_at_the_door(tenant, parts)
    most = None if limits is None else limits.unfinished
    again = most is not None and 2 * left >= most
    due, gone = (parts.world.now() + AGAIN, ()) if again else (None, ("called",))
    same = Equals("count", seen["count"]) if "count" in seen else Missing("count")
    edit = Edit(where=((same,),), set={"count": left}, remove=gone, due=due, undue=not again)
    if not isinstance(call(parts.items.write, spot, edit), Kept):
        off = Edit(
            where=((Present("count"),),), add={"count": left - before}, remove=gone, due=due, undue=not again
        )
        call(parts.items.write, spot, off)


def _notes(tenant: str, until: datetime, parts: Parts) -> Iterator[tuple[str, tuple[str, ...]]]:
    shelf, after = f"{SHELF}#{tenant}", ""
    while True:
        page = patience(parts, until)(parts.items.listed, shelf, after=after, limit=PAGE)
        yield from ((key, ids) for key, fields in page if isinstance(ids := fields.get("ids"), tuple))
        if len(page) < PAGE:
            return
        after = page[-1][0]


def _left(note: Spot, ids: tuple[str, ...], until: datetime, parts: Parts) -> int:
    """How many of a request's jobs have not ended. The note says afterwards which; with none, it goes."""
    call = patience(parts, until)
    ended = parts.crew.each(lambda one: _ended(one, until, parts), ids)
    for answer in ended:
        if isinstance(answer, Exception):
            raise answer
    left = tuple(one for one, over in zip(ids, ended, strict=True) if over is False)
    if not left:
        call(parts.items.delete, note)
    elif left != ids:
        call(parts.items.write, note, Edit(where=((Equals("ids", ids),),), set={"ids": left}))
    return len(left)


def _ended(job_id: str, until: datetime, parts: Parts) -> bool:
    try:
        row = patience(parts, until)(parts.store.read, job_id)
    except NewerRow:
        return False
    if row is None:
        return parts.world.now() - time_of(job_id) >= NO_ROW
    return row.state in TERMINAL

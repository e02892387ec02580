"""The quota of unfinished jobs: of those that a tenant asked for, at most so many are there that have not ended.

A counter says how many there may be, and notes, one a request, say which. Nobody counts an end: the counter is believed only as long as it
says that there is room. From half of the limit on the tick counts anew each minute: it looks at the jobs of the notes. So the end of a
job costs nothing.

Places are numbered as they are taken, and a note says which are its. So whoever counts knows of places that have no note yet: their door is
on its way, and they count for ten minutes more; after that it is dead. Hence the counter never says less than there is, whoever stands still or dies between two
of these writes, whatever reply is lost, and however many count at once; what it says too much is over after ten minutes.
"""

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime, timedelta

from chalicelib.domain.change import Equals, Missing
from chalicelib.domain.errors import NewerRow
from chalicelib.domain.job import TERMINAL
from chalicelib.pipeline.ids import time_of
from chalicelib.pipeline.items import Below, Edit, Fields, Kept, Spot, to_ms
from chalicelib.pipeline.parts import Parts
from chalicelib.pipeline.patience import PACE, patience
from chalicelib.pipeline.tenants import limits_at_the_door

SHELF = "unfinished"
AGAIN = timedelta(minutes=1)
"""How often the tick counts."""

NO_ROW = timedelta(minutes=10)
"""An id of this age that has no row will have none: whoever had it died, or found another job that answers. So it is with a place without a note."""

Stretch = tuple[int, int, int]
"""Places without a note: after this number, up to this one; and since when that is known, in milliseconds."""

PAGE = 200
ROUNDS = 30
"""How often others may take places between two tries of ours."""


def take_places(tenant: str, most: int, ids: Sequence[str], parts: Parts) -> int:
    """Take places for the first of these jobs, as many as there are; how many those are. Raises `Unavailable`."""
    spot, wanted, call = Spot(SHELF, tenant), min(most, len(ids)), patience(parts)
    for attempt in range(1, ROUNDS + 1):
        room = ((Missing("count"),), (Below("count", most - wanted + 1),))
        answer = call(parts.items.write, spot, Edit(where=room, add={"count": wanted, "taken": wanted}))
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
    note = Edit(set={"ids": tuple(ids[:wanted]), "size": wanted, "last": answer.fields["taken"]})
    call(parts.items.write, Spot(f"{SHELF}#{tenant}", ids[0]), note)
    return wanted


def _have_it_counted(spot: Spot, fields: Fields, most: int, parts: Parts) -> None:
    """Make the tick's appointment, if the counter says that it is time and there is none."""
    if 2 * int(str(fields.get("count", 0))) < most or "called" in fields:
        return
    edit = Edit(where=((Missing("called"),),), set={"called": 1}, due=parts.world.now() + AGAIN)
    patience(parts)(parts.items.write, spot, edit)


def recount(spot: Spot, until: datetime, parts: Parts) -> None:
    """The duty: throw away what has ended, and let the counter say what is left, and what is on its way. While it is half full, again in a minute.

    What was taken meanwhile stays counted. Of two who count at once, or of one who is not answered and writes again, the first write holds.
    """
    tenant, call = spot.key, patience(parts, until)
    seen, now = call(parts.items.read, spot), to_ms(parts.world.now())
    taken, left, noted = _number(seen, "taken"), 0, []
    for key, fields in _notes(tenant, until, parts):
        last, size, ids = _number(fields, "last"), _number(fields, "size"), fields.get("ids", ())
        if last <= taken and isinstance(ids, tuple):  # the others' places were taken since, and stay counted
            noted.append((last - size, last))
            left += _left(Spot(f"{SHELF}#{tenant}", key), ids, until, parts)
    stretches = [*_stretches(seen), (_number(seen, "settled"), taken, now)]
    coming = [one for one in _without(stretches, noted) if now - one[2] < NO_ROW.total_seconds() * 1000]
    there = left + sum(last - first for first, last, _ in coming)
    limits = limits_at_the_door(tenant, parts)
    most = None if limits is None else limits.unfinished
    again = most is not None and 2 * there >= most
    edit = Edit(
        where=((Equals("turn", seen["turn"]) if "turn" in seen else Missing("turn"),),),
        add={"count": there - _number(seen, "count"), "turn": 1},
        set={"settled": taken, "coming": tuple(f"{first} {last} {since}" for first, last, since in coming)},
        remove=() if again else ("called",),
        due=parts.world.now() + AGAIN if again else None,
        undue=not again,
    )
    call(parts.items.write, spot, edit)


def _number(fields: Fields, name: str) -> int:
    return int(str(fields.get(name, 0)))


def _stretches(seen: Fields) -> Iterator[Stretch]:
    lines = seen.get("coming", ())
    for line in lines if isinstance(lines, tuple) else ():
        first, last, since = line.split()
        yield int(first), int(last), int(since)


def _without(stretches: Iterable[Stretch], noted: Iterable[tuple[int, int]]) -> list[Stretch]:
    """What of the stretches no note is for."""
    left = [one for one in stretches if one[0] < one[1]]
    for low, high in sorted(noted):
        cut = [
            part
            for first, last, since in left
            for part in ((first, min(last, low), since), (max(first, high), last, since))
        ]
        left = [one for one in cut if one[0] < one[1]]
    return left


def _notes(tenant: str, until: datetime, parts: Parts) -> Iterator[tuple[str, Fields]]:
    shelf, after = f"{SHELF}#{tenant}", ""
    while True:
        page = patience(parts, until)(parts.items.listed, shelf, after=after, limit=PAGE)
        yield from page
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

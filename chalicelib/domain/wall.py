"""Wall clocks: which moments a time on a wall is, in a zone whose clocks are put forward and back."""

from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, datetime, timedelta, tzinfo

MARGIN = timedelta(hours=3)
"""Further than any clock is put back at once today (Antarctica/Troll: two hours)."""

MINUTE = timedelta(minutes=1)


def on_the_wall(at: datetime, zone: tzinfo) -> datetime:
    """What the wall clock shows at that moment: a time without a zone."""
    return at.astimezone(zone).replace(tzinfo=None)


def moments(wall: datetime, zone: tzinfo, *, once: bool) -> Sequence[datetime]:
    """The moments, in UTC, at which the wall clock shows this: one, none in the gap of spring, two in the overlap of autumn.

    `once`: exactly one each. In the gap that is the moment at which the clocks are put forward, in the overlap the first of the two.
    """
    early = wall.replace(tzinfo=zone, fold=0).astimezone(UTC)
    late = wall.replace(tzinfo=zone, fold=1).astimezone(UTC)
    if early < late:
        return (early,) if once else (early, late)
    if early == late:
        return (early,)
    return (_after_the_gap(wall, zone),) if once else ()


def _after_the_gap(wall: datetime, zone: tzinfo) -> datetime:
    """The first whole minute after this that the wall clock does show."""
    while True:
        wall += MINUTE
        at = wall.replace(tzinfo=zone).astimezone(UTC)
        if on_the_wall(at, zone) == wall:
            return at


def next_moment(
    walls: Callable[[datetime], Iterable[datetime]], zone: tzinfo, after: datetime, *, once: bool
) -> datetime | None:
    """The first moment after that one at which the wall clock shows one of these times; None: there is none.

    `walls` gives them in their order, those after a given one. Where the clocks are put back, the moments come in another order than
    what the wall shows, so there more of them are looked at, before and behind.
    """
    start = on_the_wall(after, zone)
    best: datetime | None = None
    for wall in walls(start - MARGIN if _changing(after, zone) else start):
        if best is not None and wall - on_the_wall(best, zone) > MARGIN:
            break
        later = [at for at in moments(wall, zone, once=once) if at > after]
        best = min([*later, *([best] if best is not None else [])], default=None)
        if best is not None and not _changing(best, zone):
            break
    return best


def _changing(at: datetime, zone: tzinfo) -> bool:
    """Whether the clocks may be put forward or back near that moment."""
    return (at - MARGIN).astimezone(zone).utcoffset() != (at + MARGIN).astimezone(zone).utcoffset()

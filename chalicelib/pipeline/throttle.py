"""Throttle: at most so many jobs are accepted in any period. An item holds when each of the last ones was accepted, and whose it is."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from chalicelib.domain.change import Equals, Missing
from chalicelib.domain.errors import Throttled, Unavailable
from chalicelib.domain.flow import Throttle
from chalicelib.domain.lean import dataclass
from chalicelib.pipeline.asked import Asked
from chalicelib.pipeline.items import Edit, Fields, Kept, Spot, Test, from_ms, to_ms
from chalicelib.pipeline.parts import Parts
from chalicelib.pipeline.patience import PACE, patience

CLOCKS = timedelta(minutes=5)
"""How much longer than its period the item is kept, for clocks that differ."""


@dataclass(frozen=True, slots=True)
class Place:
    """One accepted request: when, and by which mark it is known again."""

    at: int
    mark: str

    @classmethod
    def read(cls, line: str) -> "Place":
        """As the item holds it."""
        at, _, mark = line.partition(".")
        return cls(int(at, 16), mark)

    def line(self) -> str:
        """As the item holds it: short, for a hundred of them lie in one item."""
        return f"{self.at:x}.{self.mark}"


def throttle(asked: Asked, spot: Spot, policy: Throttle, parts: Parts) -> None:
    """Take a place among the accepted ones. A request that has one keeps it. Raises `Throttled`, `Unavailable`.

    Whoever is refused leaves nothing behind. Whoever takes a place and dies before its row leaves one place less for the period.
    """
    fields = patience(parts)(parts.items.read, spot)
    for attempt in range(1, 2 * policy.limit + 2):
        now = parts.world.now()
        places = taken(fields, now, policy.per)
        if any(place.mark == asked.mark for place in places):
            return
        if len(places) >= policy.limit:
            raise Throttled(policy.limit, policy.per, _until_free(places, policy, now))
        answer = patience(parts)(parts.items.write, spot, _edit(fields, places, asked.mark, policy, now))
        if isinstance(answer, Kept):
            return
        fields = answer.fields
        parts.world.pause(PACE.wait(attempt, parts.world.luck()))
    raise Unavailable(f"too many ask for {spot.key} at once")


def taken(fields: Fields, now: datetime, per: timedelta) -> list[Place]:
    """The places that still count, the oldest first."""
    lines = fields.get("places", ())
    assert isinstance(lines, tuple), "places are lines"
    since = to_ms(now - per)
    return [place for place in map(Place.read, lines) if place.at > since]


def _edit(fields: Fields, places: Sequence[Place], mark: str, policy: Throttle, now: datetime) -> Edit:
    """One place more, if nobody has taken one since. Places are in the order of time, whatever the clocks say: so any period holds."""
    at = max([to_ms(now), *(place.at for place in places)])
    turn = fields.get("turn")
    unchanged: Test = Missing("turn") if turn is None else Equals("turn", turn)
    lines = tuple(place.line() for place in (*places, Place(at, mark)))
    until = from_ms(at) + policy.per + CLOCKS
    return Edit(where=((unchanged,),), set={"places": lines}, add={"turn": 1}, until=until)


def _until_free(places: Sequence[Place], policy: Throttle, now: datetime) -> timedelta:
    """How long until the oldest of those that fill the limit is over."""
    oldest = places[len(places) - policy.limit]
    return from_ms(oldest.at) + policy.per - now

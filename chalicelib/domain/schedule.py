"""When a schedule fires, and which of the fire times that nobody saw are made up for. Standard library only, no clock."""

from collections.abc import Callable, Iterator, Sequence
from datetime import datetime, timedelta
from itertools import takewhile

from chalicelib.domain.late import Protocol
from chalicelib.domain.lean import dataclass

ON_TIME = timedelta(minutes=15)
"""A fire time seen up to this late counts as on time, whatever the catch-up policy: ticks fail, and clocks may be off by some minutes; what
a clock that is fast takes for an outage must not lose a fire."""

MOST_CAUGHT_UP = 50
"""The most fires of the past that one schedule makes up for: their ids are written down together, in one item."""

NEVER = "skip"
ONE = "one"
ALL = "all"


class Timetable(Protocol):
    """The fire times of a rule."""

    def after(self, moment: datetime) -> datetime | None:
        """The first one after that moment; None: there is none any more."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Every:
    """At `anchor` plus any multiple of the period."""

    period: timedelta
    anchor: datetime

    def after(self, moment: datetime) -> datetime:
        """The first one after that moment."""
        return self.anchor + ((moment - self.anchor) // self.period + 1) * self.period


@dataclass(frozen=True, kw_only=True, slots=True)
class Once:
    """At one moment, and never again."""

    at: datetime

    def after(self, moment: datetime) -> datetime | None:
        """The moment, if it is to come."""
        return self.at if self.at > moment else None


@dataclass(frozen=True, kw_only=True, slots=True)
class CatchUp:
    """How many fires of an outage are made up for, the newest ones; none: what was missed is missed."""

    most: int

    @classmethod
    def parse(cls, text: str) -> "CatchUp":
        """`skip`, `one`, `all` or `all:N`. Raises ValueError."""
        plain = {NEVER: 0, ONE: 1, ALL: MOST_CAUGHT_UP}
        if text in plain:
            return cls(most=plain[text])
        word, _, number = text.partition(":")
        if word == ALL and number.isascii() and number.isdecimal() and 1 <= int(number) <= MOST_CAUGHT_UP:
            return cls(most=int(number))
        raise ValueError(
            f"{text[:40]!r} is none of skip, one, all and all:N with N from 1 to {MOST_CAUGHT_UP}"
        )


@dataclass(frozen=True, kw_only=True, slots=True)
class Taken:
    """The fires to be performed now, and the fire time that comes after all that was looked at. `missed`: some are left out for good."""

    fires: Sequence[datetime]
    next: datetime | None
    missed: bool


def take(
    timetable: Timetable, next_fire: datetime, *, catch_up: CatchUp, now: datetime, horizon: datetime
) -> Taken:
    """What is to be fired of all fire times from `next_fire` up to `horizon`, which is now or a little later.

    On time, all of them. When the oldest is later than `ON_TIME`, there was an outage: of those up to now the policy takes the newest.
    """
    fires = [fire for fire in _up_to(timetable, now, horizon) if fire >= next_fire]
    missed = False
    if next_fire <= now:
        outage = now - next_fire > ON_TIME
        most = catch_up.most if outage else MOST_CAUGHT_UP
        past = newest(timetable, next_fire, now, most + 1)
        missed = len(past) > most
        fires = [*past[len(past) - min(most, len(past)) :], *fires]
    return Taken(fires=fires, next=timetable.after(max(horizon, now)), missed=missed)


def newest(timetable: Timetable, first: datetime, until: datetime, count: int) -> list[datetime]:
    """The newest `count` fire times from `first` (one of them) up to `until`, in their order.

    Looked for backwards in spans that double, so that an outage of months costs no walk through all its minutes.
    """
    before_first = first - timedelta(milliseconds=1)
    span = timedelta(hours=1)
    while True:
        start = max(before_first, until - span)
        found = list(_up_to(timetable, start, until))
        if len(found) >= count or start == before_first:
            return found[max(0, len(found) - count) :]
        span *= 2


def _up_to(timetable: Timetable, after: datetime, until: datetime) -> Iterator[datetime]:
    """Fire times after the one moment, up to the other."""
    return takewhile(lambda fire: fire <= until, following(timetable.after, after))


def following(step: Callable[[datetime], datetime | None], moment: datetime) -> Iterator[datetime]:
    """Fire times after a moment, one after the other."""
    fire = step(moment)
    while fire is not None:
        yield fire
        fire = step(fire)

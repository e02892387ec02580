"""Rate limits: a number that only grows says when the next attempt of a key may start. Nobody asks again and again.

One item a key. `free`: before this moment nothing starts, and each start moves it on by one interval (GCRA: a token bucket in one
number). `given` counts the places in line that were given out, `served` is the last place that was let through. Who has to wait takes a
place once, and so knows when its turn comes: `free`, and one interval for each place before its own. It comes back then, and still has
to get past `free`. So a crowd that was held up elsewhere and comes late, all at once, starts no faster than the limit; and it keeps its
order, since who is refused reads when to come again, and writes nothing.

In any time W at most burst + (W + 2 × clock difference) / interval attempts are let through. docs/decisions/0013-rate-limits.md
Times are whole microseconds here: 300 a second is no whole number of milliseconds.
"""

from datetime import UTC, datetime, timedelta

from chalicelib.domain.change import Missing, Present
from chalicelib.domain.errors import Unavailable
from chalicelib.domain.flow import Rate
from chalicelib.domain.lean import dataclass
from chalicelib.pipeline.items import Below, Edit, Fields, Kept, Spot
from chalicelib.pipeline.parts import Parts
from chalicelib.pipeline.patience import patience

NAP = timedelta(seconds=2)
"""A moment this near is waited for here. Queues delay by whole seconds only, so those who come back have to be spread within them."""

EARLY = timedelta(seconds=1)
"""Who is sent away comes back this much before its moment, and naps: queues and polls are late, and what is lost to that is lost."""

AWAY = timedelta(hours=1)
"""Who waits longer than this looks in once so often: then it sees a limit that a deploy has changed."""

ODD = timedelta(minutes=1)
"""`free` is never further ahead than a nap and an interval. If it is, beyond what clocks differ, the interval was longer once."""

FORGET = timedelta(days=8)
"""How long after the last moment that it gave an item is kept: longer than the slowest interval."""

FIRST = 0
"""The place before all others: of one who was let through already, and had to wait elsewhere."""

ROUNDS = 20
"""How often others may move the numbers between our reading and our writing. Each refusal is somebody else's success."""

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICRO = timedelta(microseconds=1)


@dataclass(frozen=True, kw_only=True, slots=True)
class Start:
    """The attempt may start at this moment, at most `NAP` ahead."""

    at: datetime


@dataclass(frozen=True, kw_only=True, slots=True)
class Later:
    """The attempt's turn comes at about `at`. `place` is where it stands in line; to be brought along."""

    at: datetime
    place: int


@dataclass(frozen=True, kw_only=True, slots=True)
class _Numbers:
    """What the item says, and what the policy says."""

    free: int
    given: int
    served: int
    pace: int
    allowance: int  #: how much time that nobody used may be made up for

    def turn(self, place: int) -> int:
        """When this place's turn comes, if all before it are there and nobody is late."""
        return self.free + max(0, place - self.served - 1) * self.pace


def ask(spot: Spot, rate: Rate, *, place: int | None, until: datetime, parts: Parts) -> Start | Later:
    """When an attempt may start, taken for it. `place`: in which it stood when it was last sent away. Raises `Unavailable`.

    A reply that was lost costs the key one interval: the next try takes another one.
    """
    call = patience(parts, until)
    fields = call(parts.items.read, spot)

    def one_round() -> Start | Later | Fields:
        """Decide by the clock as it is now: a decision that had to wait for an answer is an old one."""
        now = (parts.world.now() - _EPOCH) // _MICRO
        numbers = _numbers(fields, rate)
        if numbers.free > now + numbers.pace + ODD // _MICRO:
            edit = Edit(
                where=((Present("free"), _below(numbers.free + 1)),), set={"free": now + numbers.pace}
            )
            return parts.items.write(spot, edit).fields
        turn = numbers.turn(numbers.given + 1 if place is None else place)
        if turn <= now + NAP // _MICRO:
            answer = parts.items.write(spot, _start(numbers, place, now))
            return (
                Start(at=_moment(answer.fields, numbers, now)) if isinstance(answer, Kept) else answer.fields
            )
        if place is not None:
            return Later(at=_at(turn), place=place)
        after = parts.items.write(spot, Edit(add={"given": 1}, until=_at(turn) + FORGET)).fields
        return Later(at=_at(turn), place=_number(after, "given"))

    for _ in range(ROUNDS):
        answer = call(one_round)
        if isinstance(answer, Start | Later):
            return answer
        fields = answer
    raise Unavailable(f"rate limit {spot.key}: others were faster {ROUNDS} times")


def _start(numbers: _Numbers, place: int | None, now: int) -> Edit:
    """Move `free` on by one interval; after a pause, from no further back than the burst allows."""
    served = {} if place is None else {"served": max(place, numbers.served)}
    saved = now - numbers.allowance
    keep = _at(max(now, numbers.turn(numbers.given))) + FORGET
    if numbers.free < saved:
        return Edit(
            where=((Missing("free"),), (_below(saved),)),
            set={"free": saved + numbers.pace, **served},
            until=keep,
        )
    near = _below(now + NAP // _MICRO + 1)
    return Edit(where=((Present("free"), near),), add={"free": numbers.pace}, set=served, until=keep)


def _moment(after: Fields, numbers: _Numbers, now: int) -> datetime:
    """The moment that a start took: where `free` was before."""
    return _at(max(now, _number(after, "free") - numbers.pace))


def _numbers(fields: Fields, rate: Rate) -> _Numbers:
    pace = -(-rate.interval // _MICRO)  # rounded up: a limit is no average
    return _Numbers(
        free=_number(fields, "free"),
        given=_number(fields, "given"),
        served=_number(fields, "served"),
        pace=pace,
        allowance=(rate.burst - 1) * pace,
    )


def _below(value: int) -> Below:
    return Below("free", value)


def _number(fields: Fields, name: str) -> int:
    found = fields.get(name, 0)
    return found if isinstance(found, int) else 0


def _at(us: int) -> datetime:
    return _EPOCH + us * _MICRO

"""How much an API key is used: its requests a minute are limited where that is asked for, and the day of its last use is noted.

The limit holds over all functions together and yet is not written at every request: a process takes places by the dozen from one counted
item, and lets requests in on them. Places that are not used in their slice of the minute are lost: so the limit is never passed, and may be
met a little early when many processes share it. A key without a limit costs nothing.
"""

import logging
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from chalicelib.domain.change import Missing
from chalicelib.domain.errors import MachineryError, Throttled
from chalicelib.domain.flow import Throttle
from chalicelib.domain.lean import dataclass
from chalicelib.pipeline.items import Below, Edit, Fields, Spot, from_ms, to_ms
from chalicelib.pipeline.ports import ApiKey

if TYPE_CHECKING:
    from chalicelib.pipeline.items import Items
    from chalicelib.pipeline.parts import Parts

log = logging.getLogger(__name__)

MINUTE = timedelta(minutes=1)
PORTION = 20
"""A process takes one in so many of the minute's places at once."""

SHELF = "keyuse"
DAY = timedelta(days=1)
KEPT = timedelta(days=400)
PAGE = 500
MOST = 1000
"""Keys that a process remembers the use of."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Held:
    """What a process knows of a key: places to let requests in on, or none; until when."""

    left: int
    until: datetime


class Uses:
    """The uses of keys, as one process sees them."""

    def __init__(self, parts: "Parts") -> None:
        self._parts = parts
        self._held: dict[str, Held] = {}
        self._noted: dict[str, int] = {}

    def spend(self, key: ApiKey) -> None:
        """Take a place for one request. Raises `Throttled`. A count that cannot be kept is no reason to refuse anybody."""
        if key.per_minute is None:
            return
        now = self._parts.world.now()
        held = self._held.get(key.id)
        if held is None or now >= held.until:
            held = self._taken(key, key.per_minute, now)
        if not held.left:
            self._keep(key, held)
            who = f"API key {key.id} makes {{}} requests at most"
            raise Throttled(key.per_minute, MINUTE, held.until - now, who=who)
        # the last one is not `left=0` until then: there may be more places to take
        self._keep(key, Held(left=held.left - 1, until=held.until if held.left > 1 else now))

    def _taken(self, key: ApiKey, per_minute: int, now: datetime) -> Held:
        """As many places as one takes at once, good for their slice of the minute; or none, until there is one."""
        from chalicelib.pipeline.quota import SLICES, take  # most keys have no limit

        policy = Throttle(per_minute, MINUTE)
        try:
            got, after = take(
                Spot(f"keyrate#{key.id}", "requests"), policy, [1] * -(-per_minute // PORTION), self._parts
            )
        except MachineryError as error:
            log.warning("the requests of API key %s cannot be counted: %s", key.id, error, extra=_UNCOUNTED)
            return Held(left=1, until=now)
        width = to_ms(from_ms(0) + MINUTE) // SLICES
        over = from_ms((to_ms(self._parts.world.now()) // width + 1) * width)
        return Held(left=got, until=over if got else now + after)

    def _keep(self, key: ApiKey, held: Held) -> None:
        if len(self._held) >= MOST:
            self._held.clear()
        self._held[key.id] = held

    def note(self, key: ApiKey) -> None:
        """Note that the key was used today: one write a day of a process at most, and none that matters."""
        now = self._parts.world.now()
        today = to_ms(now) // to_ms(from_ms(0) + DAY)
        if self._noted.get(key.id) == today:
            return
        if len(self._noted) >= MOST:
            self._noted.clear()
        self._noted[key.id] = today
        edit = Edit(where=((Missing("day"),), (Below("day", today),)), set={"day": today}, until=now + KEPT)
        try:
            self._parts.items.write(Spot(SHELF, key.id), edit)
        except MachineryError as error:
            log.warning("the use of API key %s is not noted: %s", key.id, error, extra=_UNCOUNTED)


_UNCOUNTED = {"action": "use_uncounted"}


def last_uses(items: "Items") -> dict[str, datetime]:
    """The day of each key's last use, by the keys' ids; of those that were used within 400 days. Raises `Unavailable`."""
    found: dict[str, datetime] = {}
    after = ""
    while True:
        page = items.listed(SHELF, after=after, limit=PAGE)
        found |= {key_id: _day(fields) for key_id, fields in page}
        if len(page) < PAGE:
            return found
        after = page[-1][0]


def _day(fields: Fields) -> datetime:
    return from_ms(0) + DAY * int(str(fields.get("day", 0)))

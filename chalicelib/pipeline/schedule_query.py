"""Asking about schedules: one, a tenant's, and when one fires next."""

from collections.abc import Iterator
from datetime import datetime
from itertools import takewhile

from chalicelib.domain.errors import InvalidInput, NotFound
from chalicelib.domain.lean import dataclass
from chalicelib.pipeline.items import Spot
from chalicelib.pipeline.parts import Parts
from chalicelib.pipeline.patience import patience
from chalicelib.pipeline.schedule_item import DECLARED, KIND, SHELVES, Schedule, from_fields, spot_of
from chalicelib.pipeline.timetable import upcoming

PAGE = 100
MOST_FIRES = 100


def find(schedule_id: str, *, tenant: str, parts: Parts) -> Schedule:
    """The schedule. Raises `NotFound` for another tenant's, a deleted one and what is no id, all alike."""
    spot = spot_of(tenant, schedule_id)
    found = (
        from_fields(spot, patience(parts)(parts.items.read, spot)) if 0 < len(schedule_id) <= 200 else None
    )
    if found is None or found.gone:
        raise no_such(schedule_id)
    return found


def no_such(schedule_id: str) -> NotFound:
    """The error."""
    return NotFound(f"there is no schedule {schedule_id[:40]!r}")


@dataclass(frozen=True, kw_only=True, slots=True)
class SchedulePage:
    """Some of a tenant's schedules, and where the next page begins; None: these were the last."""

    schedules: tuple[Schedule, ...]
    cursor: str | None


def listed(*, tenant: str, limit: int, parts: Parts, after: str = "") -> SchedulePage:
    """A page in the order of ids. Raises `InvalidInput`."""
    if not 1 <= limit <= PAGE:
        raise InvalidInput("limit", f"{limit} is not between 1 and {PAGE}")
    pages = parts.crew.each(lambda shelf: _shelf(shelf, tenant, after, limit + 1, parts), range(SHELVES))
    found: list[Schedule] = []
    for page in pages:
        if isinstance(page, Exception):
            raise page
        found += page
    found.sort(key=lambda one: one.id)
    chosen = found[:limit]
    cursor = chosen[-1].id if len(found) > limit else None
    return SchedulePage(schedules=tuple(one for one in chosen if not one.gone), cursor=cursor)


def all_of(tenant: str, *, parts: Parts, page: int = 1000) -> Iterator[Schedule]:
    """All of a tenant's schedules, in no order."""
    for shelf in range(SHELVES):
        after = ""
        while True:
            found = _shelf(shelf, tenant, after, page, parts)
            yield from (one for one in found if not one.gone)
            if len(found) < page:
                break
            after = found[-1].id


def declared_of(tenant: str, *, parts: Parts) -> Iterator[Schedule]:
    """Those of a tenant that code declares, in no order. Their ids lie together, so no others are read."""
    for shelf in range(SHELVES):
        after = DECLARED
        while True:
            found = _shelf(shelf, tenant, after, PAGE, parts)
            yield from (one for one in found if one.declared and not one.gone)
            if len(found) < PAGE or not found[-1].declared:
                break
            after = found[-1].id


def _shelf(shelf: int, tenant: str, after: str, limit: int, parts: Parts) -> list[Schedule]:
    """Of one shelf, deleted ones too. Another tenant's come behind and are left."""
    name = f"{KIND}#{shelf}"
    items = patience(parts)(parts.items.listed, name, after=f"{tenant} {after}", limit=limit)
    own = takewhile(lambda item: item[0].startswith(f"{tenant} "), items)
    return [one for key, fields in own if (one := from_fields(Spot(name, key), fields)) is not None]


def next_fires(schedule: Schedule, count: int, now: datetime) -> list[datetime]:
    """The next fire times from now on; none while it is paused. Raises `InvalidInput`."""
    if not 1 <= count <= MOST_FIRES:
        raise InvalidInput("n", f"{count} is not between 1 and {MOST_FIRES}")
    return [] if schedule.paused else upcoming(schedule.timetable, now, count)

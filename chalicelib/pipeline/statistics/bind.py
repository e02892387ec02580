"""The tick's share: the parts of each minute become one item, and the minutes of each hour another.

What is bound is made of the same parts in the same way however often it is done, and the cursor moves only afterwards, so ticks may die,
or run side by side. A part that is written later than `LAG` after its minute's end, by a clock that is wrong, is left out.
"""

import logging
from collections.abc import Iterator
from datetime import datetime, timedelta

from chalicelib.domain.change import Equals, Missing
from chalicelib.domain.errors import InvalidInput
from chalicelib.pipeline.items import Edit, Fields, from_ms, to_ms
from chalicelib.pipeline.parts import Parts
from chalicelib.pipeline.statistics.book import IN_AN_ITEM, Book
from chalicelib.pipeline.statistics.shelves import (
    BOOK,
    CURSOR,
    HOUR,
    HOURS_KEPT,
    MINUTE,
    MINUTES_KEPT,
    PARTS_KEPT,
    SHARDS,
    bound,
    hour_of,
    hour_spot,
    minute_in,
    minute_of,
    minute_spot,
    part_key,
    part_shelf,
)

log = logging.getLogger(__name__)

LAG = timedelta(seconds=60)
"""How long after a minute's end it is bound at the earliest: by then what was on its way has landed."""

PAGE = 500
PARTS_A_TICK = 10_000
"""Of one shard. Where there are more, the next tick goes on; of a single minute, no more are bound."""

ROOM = 5 * IN_AN_ITEM
"""Lines that a minute may have while it is being bound."""


def bind(*, until: datetime, parts: Parts) -> int:
    """Bind the minutes that are over; how many there were."""
    now = parts.world.now()
    seen = bound_until(parts)
    start = seen or minute_of(now - PARTS_KEPT)
    books, end = _gathered(start, minute_of(now - LAG), until, parts)
    if not books:
        return 0
    for minute, book in books.items():
        parts.items.write(minute_spot(minute), bound(book, minute + MINUTES_KEPT))
    for hour in sorted({hour_of(minute) for minute in (start, *books)}):
        if hour + HOUR <= end:
            _bind_hour(hour, parts)
    where = Missing("until") if seen is None else Equals("until", to_ms(seen))
    parts.items.write(CURSOR, Edit(where=((where,),), set={"until": to_ms(end)}))
    return len(books)


def bound_until(parts: Parts) -> datetime | None:
    """The minutes before it are bound."""
    found = parts.items.read(CURSOR).get("until")
    return from_ms(found) if isinstance(found, int) else None


def book_in(fields: Fields, where: str) -> Book:
    """The book of an item; an empty one, if only newer code can read it."""
    try:
        return Book.read(str(fields.get(BOOK, "")))
    except InvalidInput as error:
        log.warning("%s: left out of the statistics: %s", where, error, extra={"action": "unread_statistics"})
        return Book()


def parts_after(start: datetime, shard: int, most: int, parts: Parts) -> Iterator[tuple[datetime, Book]]:
    """The parts of the minutes from `start` on, in the order of the minutes."""
    after, left = part_key(start), most
    while left > 0:
        page = parts.items.listed(part_shelf(shard), after=after, limit=min(PAGE, left))
        for key, fields in page:
            yield minute_in(key), book_in(fields, f"the part {key}")
        if len(page) < min(PAGE, left):
            return
        after, left = page[-1][0], left - len(page)


def _gathered(
    start: datetime, end: datetime, until: datetime, parts: Parts
) -> tuple[dict[datetime, Book], datetime]:
    """What lies between, by the minute, and up to where that is all of it."""
    books: dict[datetime, Book] = {}
    for shard in range(SHARDS):
        first: datetime | None = None
        for count, (minute, book) in enumerate(parts_after(start, shard, PARTS_A_TICK, parts), start=1):
            if minute >= end:
                break
            first = first or minute
            there = books.setdefault(minute, Book())
            there.merge(book)
            if len(there.lines) > ROOM:
                there.fold(ROOM)
            if count == PARTS_A_TICK:
                end = minute if minute > first else minute + MINUTE
            if parts.world.now() >= until:
                return {}, start
    return {minute: books[minute] for minute in sorted(books) if minute < end}, end


def _bind_hour(hour: datetime, parts: Parts) -> None:
    """All of its minutes, as one item."""
    book = Book()
    for _, found in bound_minutes(hour, hour + HOUR, parts):
        book.merge(found)
    if book:
        parts.items.write(hour_spot(hour), bound(book, hour + HOURS_KEPT))


def bound_minutes(since: datetime, until: datetime, parts: Parts) -> Iterator[tuple[datetime, Book]]:
    """The bound minutes between these times, day by day."""
    day = since
    while day < until:
        shelf = minute_spot(day).shelf
        next_day = hour_of(day).replace(hour=0) + timedelta(days=1)
        most = int((min(until, next_day) - day) / MINUTE)
        before = minute_spot(day - MINUTE)
        after = before.key if before.shelf == shelf else ""
        for key, fields in parts.items.listed(shelf, after=after, limit=most):
            at = minute_in(f"{day:%Y-%m-%d}T{key}")
            if at < until:
                yield at, book_in(fields, f"the minute {at}")
        day = next_day


def bound_hours(since: datetime, until: datetime, parts: Parts) -> Iterator[tuple[datetime, Book]]:
    """The bound hours between these times, month by month."""
    month = since
    while month < until:
        shelf = hour_spot(month).shelf
        next_month = (hour_of(month).replace(day=1, hour=0) + timedelta(days=32)).replace(day=1)
        most = int((min(until, next_month) - month) / HOUR)
        before = hour_spot(month - HOUR)
        after = before.key if before.shelf == shelf else ""
        for key, fields in parts.items.listed(shelf, after=after, limit=most):
            at = minute_in(f"{month:%Y-%m}-{key}:00")
            if at < until:
                yield at, book_in(fields, f"the hour {at}")
        month = next_month

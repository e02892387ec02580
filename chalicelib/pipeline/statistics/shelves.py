"""Where statistics lie, and for how long: parts of minutes, bound minutes, bound hours, and up to where they are bound."""

from datetime import UTC, datetime, timedelta
from zlib import crc32

from chalicelib.pipeline.items import Edit, Spot
from chalicelib.pipeline.statistics.book import IN_A_PART, IN_AN_ITEM, ITEM_BYTES, PART_BYTES, Book

MINUTE = timedelta(minutes=1)
HOUR = timedelta(hours=1)

SHARDS = 2
"""Shelves that parts are spread over, each of which takes 1,000 write units a second: 20,000 busy containers."""

PARTS_KEPT = timedelta(days=2)
MINUTES_KEPT = timedelta(days=8)
HOURS_KEPT = timedelta(days=400)

CURSOR = Spot("stats#cursor", "bound")
"""Its field `until`: all minutes before are bound."""

BOOK = "book"
"""The field that holds a book."""


def minute_of(at: datetime) -> datetime:
    """The minute in which it lies."""
    return at.astimezone(UTC).replace(second=0, microsecond=0)


def hour_of(at: datetime) -> datetime:
    """The hour in which it lies."""
    return minute_of(at).replace(minute=0)


def part_shelf(shard: int) -> str:
    """A shelf of parts."""
    return f"stats#parts#{shard}"


def part_spot(minute: datetime, key: str) -> Spot:
    """Where a part lies: among those of its minute."""
    return Spot(part_shelf(crc32(key.encode()) % SHARDS), f"{part_key(minute)}#{key}")


def part_key(minute: datetime) -> str:
    """What the keys of a minute's parts begin with; itself, it comes before all of them."""
    return f"{minute:%Y-%m-%dT%H:%M}"


def minute_in(key: str) -> datetime:
    """The minute of a part's key."""
    return datetime.strptime(key[:16], "%Y-%m-%dT%H:%M").replace(tzinfo=UTC)


def minute_spot(minute: datetime) -> Spot:
    """Where a bound minute lies: on its day's shelf."""
    return Spot(f"stats#minutes#{minute:%Y-%m-%d}", f"{minute:%H:%M}")


def hour_spot(hour: datetime) -> Spot:
    """Where a bound hour lies: on its month's shelf."""
    return Spot(f"stats#hours#{hour:%Y-%m}", f"{hour:%dT%H}")


def part(book: Book, now: datetime) -> Edit:
    """The write of a part. It says all that is in it, so once more is the same."""
    return Edit(set={BOOK: book.fitted(IN_A_PART, PART_BYTES)}, until=now + PARTS_KEPT)


def bound(book: Book, until: datetime) -> Edit:
    """The write of a bound minute or hour."""
    return Edit(set={BOOK: book.fitted(IN_AN_ITEM, ITEM_BYTES)}, until=until)

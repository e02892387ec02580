"""Small items beside the rows: pointers, slots, tickets, schedules. Each lies on a shelf, under a key, and holds a few plain fields.

An item that is not there is one without fields, so a write may make it. Writes are conditional like those of rows; what an item means,
and which writes are right, is said by the verb whose items they are.
"""

from collections.abc import Mapping, Sequence
from dataclasses import field
from datetime import UTC, datetime, timedelta
from typing import assert_never

from chalicelib.domain.change import Equals, Missing, Present
from chalicelib.domain.late import Protocol
from chalicelib.domain.lean import dataclass

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MS = timedelta(milliseconds=1)

Value = str | int | tuple[str, ...] | frozenset[int]
Fields = Mapping[str, Value]


@dataclass(frozen=True, slots=True)
class Below:
    """The field is a number less than this one."""

    field: str
    value: int


Test = Equals | Missing | Present | Below


@dataclass(frozen=True, order=True, slots=True)
class Spot:
    """Where an item lies. A shelf is listed in the order of its keys; its first word, up to `#`, says what lies there."""

    shelf: str
    key: str

    @property
    def kind(self) -> str:
        """What lies there: `schedule`, `slot` ..."""
        return self.shelf.partition("#")[0]


@dataclass(frozen=True, kw_only=True, slots=True)
class Edit:
    """One conditional write of an item: at least one of the `where` conjunctions must hold; an empty one always does.

    `include` puts numbers into sets, which are there from the first number on. `due` makes an appointment with the tick, None leaves it as it is; `undue` takes it away. `until` is when the item may be deleted by
    itself; nothing may rely on its being gone.
    """

    where: tuple[tuple[Test, ...], ...] = ((),)
    set: Fields = field(default_factory=dict)
    add: Mapping[str, int] = field(default_factory=dict)
    include: Mapping[str, frozenset[int]] = field(default_factory=dict)
    remove: tuple[str, ...] = ()
    due: datetime | None = None
    undue: bool = False
    until: datetime | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Kept:
    """The condition held; these are the item's fields after the write."""

    fields: Fields


@dataclass(frozen=True, kw_only=True, slots=True)
class Unkept:
    """The condition did not hold for these fields; none: there is no such item."""

    fields: Fields


class Items(Protocol):
    """The shelves. Reads are consistent unless said otherwise; each call may raise `Unavailable`."""

    def read(self, spot: Spot) -> Fields:
        """The item's fields; none: there is no such item."""

    def write(self, spot: Spot, edit: Edit) -> Kept | Unkept:
        """Make or change an item."""

    def delete(self, spot: Spot, where: tuple[tuple[Test, ...], ...] = ((),)) -> bool:
        """Delete it if one of the conjunctions holds. True: it is not there any more, perhaps since long."""

    def listed(self, shelf: str, *, after: str = "", limit: int) -> Sequence[tuple[str, Fields]]:
        """Up to `limit` items with keys above `after`, in the order of their keys (UTF-8 bytes). Fewer: there are no more."""

    def due(self, now: datetime, limit: int) -> Sequence[Spot]:
        """Where up to `limit` items lie whose appointment is at or before now, in no order. May lag behind writes."""


def to_ms(at: datetime) -> int:
    """A time as items hold it: whole milliseconds."""
    return (at - _EPOCH) // _MS


def from_ms(number: int) -> datetime:
    """The time that an item holds."""
    return _EPOCH + number * _MS


def holds(test: Test, fields: Fields) -> bool:
    """Whether the fields pass the test."""
    value = fields.get(test.field)
    match test:
        case Equals():
            return value is not None and value == test.value
        case Missing():
            return value is None
        case Present():
            return value is not None
        case Below():
            return isinstance(value, int) and value < test.value
        case _:
            assert_never(test)


def allowed(where: tuple[tuple[Test, ...], ...], fields: Fields) -> bool:
    """Whether the condition holds."""
    return any(all(holds(test, fields) for test in tests) for tests in where)

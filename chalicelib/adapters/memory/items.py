"""The shelves in a dictionary: each call is atomic."""

import threading
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from chalicelib.domain.lean import dataclass
from chalicelib.pipeline.items import Edit, Fields, Kept, Spot, Test, Unkept, allowed


@dataclass(frozen=True, kw_only=True, slots=True)
class _Item:
    """What lies at a spot."""

    fields: Fields
    due: datetime | None = None
    until: datetime | None = None


_NOTHING = _Item(fields={})


class MemoryItems:
    """The twin of `DynamoItems`."""

    def __init__(self) -> None:
        self.shelves: dict[Spot, _Item] = {}
        self._lock = threading.Lock()

    def read(self, spot: Spot) -> Fields:
        """The item's fields."""
        return self.shelves.get(spot, _NOTHING).fields

    def write(self, spot: Spot, edit: Edit) -> Kept | Unkept:
        """Make or change an item."""
        with self._lock:
            item = self.shelves.get(spot, _NOTHING)
            if not allowed(edit.where, item.fields):
                return Unkept(fields=item.fields)
            fields = {name: value for name, value in item.fields.items() if name not in edit.remove}
            fields.update(edit.set)
            for name, number in edit.add.items():
                before = fields.get(name, 0)
                assert isinstance(before, int), f"{name} of {spot} is no number"
                fields[name] = before + number
            for name, numbers in edit.include.items():
                among = fields.get(name, frozenset())
                assert isinstance(among, frozenset), f"{name} of {spot} is no set"
                if among | numbers:
                    fields[name] = among | numbers
            due = None if edit.undue else edit.due or item.due
            self.shelves[spot] = replace(item, fields=fields, due=due, until=edit.until or item.until)
            return Kept(fields=fields)

    def delete(self, spot: Spot, where: tuple[tuple[Test, ...], ...] = ((),)) -> bool:
        """Delete it."""
        with self._lock:
            item = self.shelves.get(spot)
            if item is not None and allowed(where, item.fields):
                del self.shelves[spot]
                return True
            return item is None

    def listed(self, shelf: str, *, after: str = "", limit: int) -> Sequence[tuple[str, Fields]]:
        """A shelf's items in the order of their keys."""
        with self._lock:
            found = [
                (spot.key, item.fields)
                for spot, item in self.shelves.items()
                if spot.shelf == shelf and spot.key.encode() > after.encode()
            ]
        return sorted(found, key=lambda one: one[0].encode())[:limit]

    def due(self, now: datetime, limit: int) -> Sequence[Spot]:
        """Appointments at or before now."""
        with self._lock:
            found = sorted(
                (item.due, spot)
                for spot, item in self.shelves.items()
                if item.due is not None and item.due <= now
            )
        return [spot for _, spot in found[:limit]]

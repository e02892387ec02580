"""The twins with a scale under them: each call is counted, and charged as DynamoDB would charge the same write.

So a hundred thousand children can be run and weighed in a minute. The rows are those that the real adapter would send; that the two
agree is a test's affair.
"""

from collections import Counter
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from bench.sizes import Item
from bench.units import index_units, write_units
from chalicelib.adapters.aws.keys import key
from chalicelib.adapters.aws.rows import to_item
from chalicelib.adapters.memory import MemoryItems, MemoryStore
from chalicelib.domain.change import Change
from chalicelib.domain.job import Job
from chalicelib.pipeline.items import Edit, Fields, Kept, Spot, Unkept
from chalicelib.pipeline.ports import Refused, Written


class Scale:
    """What was counted. `units` includes the index's."""

    def __init__(self) -> None:
        self.calls: Counter[str] = Counter()
        self.units = 0
        self.refused = 0

    def write(self, what: str, before: Item | None, after: Item | None, *, refused: bool = False) -> None:
        """One write to the table."""
        self.calls[what] += 1
        self.refused += refused
        self.units += write_units(before, None if refused else after)
        if not refused:
            self.units += index_units(before, after)


class WeighedStore(MemoryStore):
    """The rows. `ended` is called with each row that a write has brought to its end, or anywhere else."""

    def __init__(self, scale: Scale, written: Callable[[Job], None]) -> None:
        super().__init__()
        self._scale = scale
        self._written = written

    def create(self, job: Job) -> Job | None:
        """Weighed."""
        found = super().create(job)
        self._scale.write("create", _row(found), to_item(job), refused=found is not None)
        return found

    def write(self, job_id: str, change: Change) -> Written | Refused:
        """Weighed."""
        before = self.rows.get(job_id)
        answer = super().write(job_id, change)
        after, refused = _row(answer.job), isinstance(answer, Refused)
        self._scale.write("write a row", _row(before), after, refused=refused)
        if isinstance(answer, Written):
            self._written(answer.job)
        return answer

    def read(self, job_id: str) -> Job | None:
        """Counted."""
        self._scale.calls["read a row"] += 1
        return super().read(job_id)


class WeighedItems(MemoryItems):
    """The shelves."""

    def __init__(self, scale: Scale) -> None:
        super().__init__()
        self._scale = scale

    def write(self, spot: Spot, edit: Edit) -> Kept | Unkept:
        """Weighed."""
        before = _item(spot, super().read(spot), edit)
        answer = super().write(spot, edit)
        refused = isinstance(answer, Unkept)
        self._scale.write(f"write a {spot.kind}", before, _item(spot, answer.fields, edit), refused=refused)
        return answer

    def read(self, spot: Spot) -> Fields:
        """Counted."""
        self._scale.calls[f"read a {spot.kind}"] += 1
        return super().read(spot)


def _row(job: Job | None) -> Item | None:
    return None if job is None else to_item(job)


def _item(spot: Spot, fields: Fields, edit: Edit) -> Item | None:
    """As the real adapter keeps it."""
    if not fields:
        return None
    ttl: Mapping[str, Any] = {} if edit.until is None else {"ttl": {"N": str(_seconds(edit.until))}}
    values = {f"f_{name}": _value(value) for name, value in fields.items()}
    return {**key(f"item#{spot.shelf}", spot.key), **values, **ttl}


def _value(value: object) -> Mapping[str, Any]:
    if isinstance(value, frozenset):
        return {"NS": [str(number) for number in value]}
    return {"N": str(value)} if isinstance(value, int) else {"S": str(value)}


def _seconds(at: datetime) -> int:
    return int(at.timestamp())

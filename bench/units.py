"""What a call is charged, by DynamoDB's published rules for tables on demand.

https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/read-write-operations.html (and its pages on GSIs and condition expressions):

- a write unit for each KiB begun of the item before or after the write, whichever is larger; also when a condition refuses it,
  by the item that is there, at least one
- an index: a unit for each entry that is put, changed or deleted (a changed key is both); none for an entry that stays as it is
- a read unit for each 4 KiB begun; half of that when the read need not be consistent. A query is rounded as a whole, a batch item by item.
"""

import math
from collections.abc import Iterable

from bench.sizes import Item, item_size

KIB = 1024
READ_BLOCK = 4 * KIB

INDEX_KEYS = ("attention", "attention_at")
"""The keys of the one index. It projects keys only."""

TABLE_KEYS = ("pk", "sk")


def write_units(before: Item | None, after: Item | None) -> int:
    """Units of one write to the table. `after` None: it was refused, or a deletion."""
    size = max(item_size(item) if item else 0 for item in (before, after))
    return max(1, math.ceil(size / KIB))


def index_units(before: Item | None, after: Item | None) -> int:
    """Units of what the same write does to the index."""
    old, new = index_entry(before), index_entry(after)
    if old == new:
        return 0
    return sum(math.ceil(item_size(entry) / KIB) for entry in (old, new) if entry)


def index_entry(item: Item | None) -> Item | None:
    """What the index holds of an item; None: nothing, since it lacks one of the index's keys."""
    if item is None or any(name not in item for name in INDEX_KEYS):
        return None
    return {name: item[name] for name in (*TABLE_KEYS, *INDEX_KEYS)}


def read_units(items: Iterable[Item], *, consistent: bool) -> float:
    """Units of one GetItem, or of one page of a Query."""
    blocks = max(1, math.ceil(sum(map(item_size, items)) / READ_BLOCK))
    return blocks if consistent else blocks / 2

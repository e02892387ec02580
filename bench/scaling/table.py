"""The table's partitions: where the real keys of a day fall, what each partition takes in a second, and how a hot one is split."""

from collections.abc import Sequence
from datetime import UTC, datetime
from hashlib import md5
from itertools import product

from bench.scaling.limits import Limits, Settings
from chalicelib.adapters.aws.keys import ALPHABET, partition

DAY = datetime(2026, 11, 21, tzinfo=UTC)


def places(settings: Settings, day: datetime = DAY) -> list[float]:
    """Where on DynamoDB's ring of hashes (0 to 1) the day's partition keys fall. Which hash it uses is not published; any good one spreads alike."""
    names = ("".join(each) for each in product(ALPHABET, repeat=settings.key_characters))
    return sorted(
        int.from_bytes(md5(partition(day, name).encode(), usedforsecurity=False).digest()[:8]) / 2**64
        for name in names
    )


class Table:
    """One second after another. Demand is spread evenly over the keys, since the last character of an id is random."""

    def __init__(self, limits: Limits, settings: Settings) -> None:
        self._limits = limits
        self._keys = places(settings)
        begin = settings.warm_partitions or limits.first_partitions
        self._parts = [_Part(n / begin, (n + 1) / begin, self._keys) for n in range(begin)]

    @property
    def partitions(self) -> int:
        """How many there are now."""
        return len(self._parts)

    @property
    def capacity(self) -> float:
        """Write units a second that evenly spread demand can get now."""
        return sum(self._limits.partition_writes for part in self._parts if part.keys)

    def take(self, demand: float) -> float:
        """Write units that are taken of so many in this second; the rest is throttled. Hot partitions grow older, and are split."""
        taken, parts = 0.0, list[_Part]()
        for part in self._parts:
            wanted = demand * len(part.keys) / len(self._keys)
            taken += min(wanted, self._limits.partition_writes)
            part.hot = part.hot + 1 if wanted > self._limits.partition_writes else 0
            parts += part.halves() if part.hot >= self._limits.split_after and len(part.keys) > 1 else [part]
        self._parts = parts
        return taken


class _Part:
    """A range of the ring, and for how many seconds it has been asked for more than it has."""

    def __init__(self, low: float, high: float, keys: Sequence[float]) -> None:
        self.keys = [key for key in keys if low <= key < high]
        self.hot = 0
        self._low, self._high = low, high

    def halves(self) -> "list[_Part]":
        """Split in the middle of its keys, so that each half has some."""
        middle = self.keys[len(self.keys) // 2]
        return [_Part(self._low, middle, self.keys), _Part(middle, self._high, self.keys)]

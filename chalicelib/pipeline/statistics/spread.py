"""How long things took: a histogram with eight buckets to each doubling, so that any number of them can be added up and still tell p99.

A time lies in a bucket whose middle is at most 4.5 % away from it.
"""

from collections import Counter
from collections.abc import Mapping
from math import ceil, log2

from chalicelib.domain.errors import InvalidInput

PER_DOUBLING = 8
LAST = 30 * PER_DOUBLING
"""The last bucket: from 12 days on."""

GAP = 3
"""Empty buckets that are written as noughts; more of them are left out."""


def bucket(ms: float) -> int:
    """The bucket of a time: 0 for what took a millisecond at most."""
    return 0 if ms <= 1 else min(LAST, ceil(PER_DOUBLING * log2(ms)))


def middle(number: int) -> float:
    """The time, in milliseconds, that stands for all in a bucket."""
    return 0.5 if number <= 0 else 2 ** ((number - 0.5) / PER_DOUBLING)


class Spread:
    """Times in milliseconds. Two are added to each other without loss."""

    __slots__ = ("counts", "total")

    def __init__(self, counts: Mapping[int, int] | None = None, total: int = 0) -> None:
        self.counts = Counter(counts or {})
        self.total = total  #: milliseconds

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Spread) and (self.counts, self.total) == (other.counts, other.total)

    __hash__ = None  # type: ignore[assignment] # it changes

    def __repr__(self) -> str:
        return f"Spread({self.text()!r}, {self.total})"

    @property
    def count(self) -> int:
        """How many times there are."""
        return self.counts.total()

    @property
    def mean(self) -> float | None:
        """Their mean, which is exact; None: there are none."""
        return self.total / self.count if self.counts else None

    def add(self, ms: float) -> None:
        """One more."""
        self.counts[bucket(ms)] += 1
        self.total += round(ms)

    def merge(self, other: "Spread") -> None:
        """All of the other's, too."""
        self.counts.update(other.counts)
        self.total += other.total

    def quantile(self, part: float) -> float | None:
        """The time that so large a part of them did not exceed; None: there are none. Where all lie in one bucket, it is their mean."""
        if len(self.counts) <= 1:
            return self.mean
        rank = max(1, ceil(part * self.count))
        seen = 0
        for number, count in sorted(self.counts.items()):
            seen += count
            if seen >= rank:
                return middle(number)
        raise AssertionError("a rank beyond the last")  # pragma: no cover

    def text(self) -> str:
        """Runs of buckets: `80:3,0,5;120:1` is three in bucket 80, five in 82, one in 120."""
        runs: list[tuple[int, list[int]]] = []
        for number in sorted(self.counts):
            if runs and number - (runs[-1][0] + len(runs[-1][1])) < GAP:
                first, row = runs[-1]
                row += [0] * (number - first - len(row)) + [self.counts[number]]
            else:
                runs.append((number, [self.counts[number]]))
        return ";".join(f"{first}:{','.join(map(str, row))}" for first, row in runs)

    @classmethod
    def read(cls, text: str, total: int) -> "Spread":
        """What `text` wrote. Raises `InvalidInput`."""
        counts: Counter[int] = Counter()
        try:
            for run in filter(None, text.split(";")):
                first, _, row = run.partition(":")
                for place, count in enumerate(map(int, row.split(","))):
                    if count:
                        counts[min(LAST, int(first) + place)] += count
        except ValueError as error:
            raise InvalidInput("spread", f"{text[:40]!r} is no histogram") from error
        return cls(counts, total)

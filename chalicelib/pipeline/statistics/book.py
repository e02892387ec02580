"""A book of figures, a line for each task of each tenant; how it is written down, and how it is kept small.

Task names and tenants come from outside: whoever makes up many of them must not make the items large. Beyond so many lines, those that
weigh least are folded, of many tenants in turn: first into their task with the tenant `*`, then into `*` altogether. So the stage's and, while there are not too
many tasks, each task's sums stay whole; a tenant that was folded away is missing from its own figures, and the reader is told.
"""

import json
from collections import Counter
from collections.abc import Iterator

from chalicelib.domain.errors import InvalidInput
from chalicelib.pipeline.measures import Measure
from chalicelib.pipeline.statistics.figures import Figures

OTHER = "*"
"""Others: neither a task nor a tenant can be called that."""

IN_A_PART, PART_BYTES = 64, 8 * 1024
IN_AN_ITEM, ITEM_BYTES = 200, 64 * 1024
"""Lines, and bytes, of a part of a minute, and of a bound minute or hour. A line has some 100 bytes, but a histogram that somebody filled on
purpose has 2,000. Each KiB that is written is a write unit.
"""

LONGEST_NAME = 200

_FORM = 1

Pair = tuple[str, str]
"""Task and tenant."""


class Book:
    """Figures by task and tenant."""

    __slots__ = ("lines",)

    def __init__(self, lines: dict[Pair, Figures] | None = None) -> None:
        self.lines: dict[Pair, Figures] = {} if lines is None else lines

    def __bool__(self) -> bool:
        return bool(self.lines)

    def line(self, pair: Pair) -> Figures:
        """The line of these, made if it is not there."""
        found = self.lines.get(pair)
        if found is None:
            found = self.lines[pair] = Figures()
        return found

    def take(self, measure: Measure, value: float, pair: Pair) -> None:
        """Note one value of a measure that is kept."""
        self.line(pair).take(measure, value)

    def merge(self, other: "Book") -> None:
        """All of the other's lines, too."""
        for pair, figures in other.lines.items():
            self.line(pair).merge(figures)

    def fold(self, most: int) -> None:
        """Keep it within so many lines. The same lines fold the same way, in whatever order they came."""
        if len(self.lines) > most:
            # Room for a line of each task's others: of as many tasks as there is room for.
            kept = self._kept(most // 2)
            self._into({pair: (pair[0], OTHER) for pair in self.lines if pair not in kept})
        if len(self.lines) > most:
            kept = self._kept(most - 1)
            self._into({pair: (OTHER, OTHER) for pair in self.lines if pair not in kept})

    def _kept(self, most: int) -> set[Pair]:
        """Half of the places go to the heaviest lines, the others to tenants in turn: one that does much in many tasks folds away no other."""
        heaviest = sorted(self.lines, key=lambda pair: (-self.lines[pair].weight, pair))
        turns: Counter[str] = Counter()
        rounds: dict[Pair, int] = {}
        for pair in heaviest:
            rounds[pair] = turns[pair[1]]
            turns[pair[1]] += 1
        first = heaviest[: most - most // 2]
        in_turn = sorted(heaviest[len(first) :], key=rounds.__getitem__)
        return {*first, *in_turn[: most // 2]}

    def _into(self, places: dict[Pair, Pair]) -> None:
        for pair, place in places.items():
            if pair != place:
                self.line(place).merge(self.lines.pop(pair))

    @property
    def folded(self) -> bool:
        """Whether some tenant is not to be found in it."""
        return any(tenant == OTHER for _, tenant in self.lines)

    def fitted(self, lines: int, size: int) -> str:
        """Its text, once it is folded so far that it has at most so many lines and bytes."""
        self.fold(lines)
        while len(text := self.text()) > size and len(self.lines) > 1:
            lines = max(1, len(self.lines) // 2)
            self.fold(lines)
        return text

    def text(self) -> str:
        """All of it, the same text for the same figures."""
        lines = [[task, tenant, *self.lines[task, tenant].row()] for task, tenant in sorted(self.lines)]
        return json.dumps({"form": _FORM, "lines": lines}, separators=(",", ":"))

    @classmethod
    def read(cls, text: str) -> "Book":
        """What `text` wrote. Raises `InvalidInput` for what newer code wrote, or nobody."""
        try:
            found = json.loads(text)
            if found["form"] != _FORM:
                raise InvalidInput("form", "newer than this code")
            lines = {(str(task), str(tenant)): Figures.of(row) for task, tenant, *row in found["lines"]}
        except (ValueError, KeyError, TypeError) as error:
            raise InvalidInput("book", "is none") from error
        return cls(lines)

    def __iter__(self) -> Iterator[tuple[Pair, Figures]]:
        return iter(self.lines.items())


def pair_of(task: str | None, tenant: str | None) -> Pair:
    """The line that a job belongs to."""
    return (task or OTHER)[:LONGEST_NAME], (tenant or OTHER)[:LONGEST_NAME]

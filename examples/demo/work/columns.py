"""What is in one column of a table: its type, range, mean and how many different values, in one pass over the cells."""

import re
from dataclasses import dataclass, field

# A set of more values than this says "many" just as well, and a column of a million names would fill the memory.
MOST_DISTINCT = 10_000

# Numbers beyond what a float holds are taken for text: infinity is no JSON.
PATTERNS = {
    "integer": re.compile(r"[+-]?\d{1,18}"),
    "number": re.compile(r"[+-]?(\d{1,99}(\.\d*)?|\.\d+)([eE][+-]?\d{1,2})?"),
    "date": re.compile(r"\d{4}-\d\d-\d\d([T ]\d\d:\d\d(:\d\d(\.\d+)?)?(Z|[+-]\d\d:?\d\d)?)?"),
    "boolean": re.compile(r"true|false|yes|no", re.IGNORECASE),
}
# What a column becomes when a cell does not fit the type it had so far. Everything else becomes text.
WIDER = {("integer", "number"): "number", ("number", "integer"): "number"}


@dataclass(frozen=True, kw_only=True)
class Column:
    """The summary of one column. `low`, `high` and `mean` are of its numbers or, the first two, of its dates."""

    name: str
    type: str
    filled: int
    distinct: int
    #: True when there are more values than were told apart: `distinct` is then only the least number.
    distinct_is_floor: bool
    low: float | str | None
    high: float | str | None
    mean: float | None


@dataclass(kw_only=True)
class ColumnReader:
    """Takes a column's cells one by one."""

    name: str
    type: str = "empty"
    filled: int = 0
    total: float = 0.0
    low: float | str | None = None
    high: float | str | None = None
    values: set[str] = field(default_factory=set)

    def take(self, cell: str) -> None:
        """The next cell; one without characters counts as not filled."""
        if not cell:
            return
        self.filled += 1
        if len(self.values) <= MOST_DISTINCT:
            self.values.add(cell)
        # Almost every cell has the type of the one before it: one match instead of four.
        if self.type != "text" and not (self.type in PATTERNS and PATTERNS[self.type].fullmatch(cell)):
            self._widen(_type_of(cell))
        if self.type in ("integer", "number"):
            self._measure(float(cell))
            self.total += float(cell)
        elif self.type == "date":
            self._measure(cell)

    def _widen(self, met: str) -> None:
        self.type = met if self.type == "empty" else WIDER.get((self.type, met), "text")
        if self.type == "text":
            self.low = self.high = None

    def _measure(self, value: float | str) -> None:
        # ISO dates sort as text, so one comparison serves both; a column never holds both (it would be text).
        self.low = value if self.low is None else min(self.low, value)
        self.high = value if self.high is None else max(self.high, value)

    def summary(self) -> Column:
        """What was seen so far."""
        numeric = self.type in ("integer", "number")
        return Column(
            name=self.name,
            type=self.type,
            filled=self.filled,
            distinct=min(len(self.values), MOST_DISTINCT),
            distinct_is_floor=len(self.values) > MOST_DISTINCT,
            low=self.low,
            high=self.high,
            mean=round(self.total / self.filled, 4) if numeric and self.filled else None,
        )


def _type_of(cell: str) -> str:
    return next((name for name, pattern in PATTERNS.items() if pattern.fullmatch(cell)), "text")

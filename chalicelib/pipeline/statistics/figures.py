"""What some jobs came to: counts, times and what the consumers were billed for them. Figures can be added up in any order."""

from collections.abc import Mapping, Sequence
from dataclasses import field
from typing import Any

from chalicelib.domain.errors import InvalidInput
from chalicelib.domain.lean import dataclass
from chalicelib.pipeline.measures import Measure
from chalicelib.pipeline.statistics.spread import Spread

COUNTED: Mapping[Measure, str] = {
    Measure.JOBS_STARTED: "started",
    Measure.JOBS_SUCCEEDED: "succeeded",
    Measure.JOBS_RETRIED: "retried",
    Measure.JOBS_DEAD: "dead",
    Measure.JOBS_EXPIRED: "expired",
    Measure.JOBS_CANCELLED: "cancelled",
}
"""Which measures count what."""

KEPT = frozenset({*COUNTED, Measure.RUN_TIME, Measure.QUEUE_WAIT})
"""The measures that statistics keep."""

NUMBERS = (*COUNTED.values(), "billed_ms", "megabyte_ms", "calls")
"""The whole numbers, in the order in which they are written."""


@dataclass(kw_only=True, slots=True)
class Figures:
    """Of some jobs, in some time."""

    started: int = 0  #: attempts, those included that took over and those that came after a failure
    succeeded: int = 0
    retried: int = 0  #: attempts that failed with another one to come
    dead: int = 0
    expired: int = 0
    cancelled: int = 0
    billed_ms: int = 0  #: their share of the invocations' time
    megabyte_ms: int = 0  #: the same, times the memory of the lane's consumer
    calls: int = 0  #: their share of the invocations, in thousandths
    run: Spread = field(default_factory=Spread)
    wait: Spread = field(default_factory=Spread)

    @property
    def ended(self) -> int:
        """Jobs that came to their end."""
        return self.succeeded + self.dead + self.expired + self.cancelled

    @property
    def weight(self) -> int:
        """How much would be missed: what is folded away is what weighs least."""
        return self.started + self.retried + self.ended

    def take(self, measure: Measure, value: float) -> None:
        """Note one value of a measure that is kept."""
        if measure is Measure.RUN_TIME:
            self.run.add(value)
        elif measure is Measure.QUEUE_WAIT:
            self.wait.add(value)
        else:
            name = COUNTED[measure]
            setattr(self, name, getattr(self, name) + round(value))

    def merge(self, other: "Figures") -> None:
        """All of the other's, too."""
        for name in NUMBERS:
            setattr(self, name, getattr(self, name) + getattr(other, name))
        self.run.merge(other.run)
        self.wait.merge(other.wait)

    def row(self) -> list[Any]:
        """As JSON values: the numbers, and the two histograms with their sums."""
        numbers = [getattr(self, name) for name in NUMBERS]
        return [*numbers, self.run.total, self.run.text(), self.wait.total, self.wait.text()]

    @classmethod
    def of(cls, row: Sequence[Any]) -> "Figures":
        """What `row` made. Raises `InvalidInput`."""
        *numbers, run_total, run, wait_total, wait = row
        if len(numbers) != len(NUMBERS) or not all(
            isinstance(one, int) for one in (*numbers, run_total, wait_total)
        ):
            raise InvalidInput("figures", "are not those of this code")
        return cls(
            **dict(zip(NUMBERS, numbers, strict=True)),
            run=Spread.read(str(run), run_total),
            wait=Spread.read(str(wait), wait_total),
        )

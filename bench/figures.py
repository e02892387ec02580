"""What the meter counted, as the figures that are held and the money they come to."""

from collections.abc import Iterable
from dataclasses import dataclass

from bench.meter import Meter, Tally
from bench.prices import Prices
from bench.run import IDLE, IDLE_TICKS, JOBS, LARGE_JOBS, SWEEP

TICKS_A_DAY = 24 * 60


@dataclass(frozen=True, kw_only=True, slots=True)
class Sum:
    """What some calls came to. `write_units` includes the index's."""

    calls: int
    write_units: float
    index_units: float
    read_units: float
    sqs_requests: float

    def dollars(self, prices: Prices) -> float:
        """By the list."""
        return prices.dollars(
            write_units=self.write_units, read_units=self.read_units, sqs_requests=self.sqs_requests
        )

    def over(self, number: float) -> "Sum":
        """A share of it."""
        return Sum(**{name: getattr(self, name) / number for name in Sum.__slots__})

    def minus(self, other: "Sum") -> "Sum":
        """What is left without the other."""
        return Sum(**{name: getattr(self, name) - getattr(other, name) for name in Sum.__slots__})


@dataclass(frozen=True, kw_only=True, slots=True)
class Figures:
    """The figures of one run."""

    jobs: int
    job: Sum  #: one plain job
    swept: Sum  #: the sweeps' look at one job
    idle_tick: Sum  #: on average
    idle_day: Sum
    empty_receives: int
    refused: int
    row_bytes: dict[str, int]

    @property
    def max_row_bytes(self) -> int:
        """The largest row that was written."""
        return max(self.row_bytes.values())

    def line(self) -> str:
        """The line that programs read."""
        return (
            f"write_units_per_job={self.job.write_units:.2f} read_units_per_job={self.job.read_units:.2f} "
            f"sqs_requests_per_job={self.job.sqs_requests:.2f} max_row_bytes={self.max_row_bytes}"
        )


def figures(meter: Meter, *, jobs: int) -> Figures:
    """Reckon them from a finished run of so many plain jobs."""
    plain, idle = meter.phases[JOBS], total(meter.phases[IDLE].items()).over(IDLE_TICKS)
    return Figures(
        jobs=jobs,
        job=total(plain.items()).over(jobs),
        swept=total(meter.phases[SWEEP].items()).minus(idle).over(jobs + LARGE_JOBS),
        idle_tick=idle,
        idle_day=idle.over(1 / TICKS_A_DAY),
        empty_receives=sum(tally.empty for tally in plain.values()),
        refused=sum(tally.refused for tally in plain.values()),
        row_bytes=dict(meter.row_bytes),
    )


def total(tallies: Iterable[tuple[str, Tally]]) -> Sum:
    """All operations together."""
    found = list(tallies)
    return Sum(
        calls=sum(tally.calls for _, tally in found),
        write_units=sum(tally.write_units + tally.index_units for _, tally in found),
        index_units=sum(tally.index_units for _, tally in found),
        read_units=sum(tally.read_units for _, tally in found),
        sqs_requests=sum(tally.requests for operation, tally in found if operation.startswith("sqs.")),
    )

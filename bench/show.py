"""The tables that a person reads."""

from collections.abc import Mapping

from rich.console import Console
from rich.table import Table

from bench.figures import Figures, Sum, total
from bench.meter import Meter, Tally
from bench.prices import Prices
from bench.run import ARGUMENT_BYTES, BATCH, IDLE, IDLE_TICKS, JOBS, LARGE_JOBS, SWEEP

POLLERS = 5
"""Pollers that Lambda keeps for a queue with nothing in it: https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-scaling.html"""

POLLS_A_DAY = 24 * 60 * 60 / 20
"""Each waits 20 seconds for a message, by the queues' own setting."""

QUEUES = 4

WIDTH = 118


def show(meter: Meter, found: Figures, prices: Prices) -> None:
    """Print all there is to say but the last line."""
    console = Console(width=WIDTH, highlight=False)
    console.print(
        f"\n[bold]{found.jobs:,} plain jobs[/], {ARGUMENT_BYTES} bytes of arguments each, submitted up to {BATCH:,} at a time\n"
    )
    console.print(_calls("What the jobs did", meter.phases[JOBS], found.jobs))
    console.print(
        _calls(
            f"What the sweeps did, an hour later ({found.jobs + LARGE_JOBS:,} rows)", meter.phases[SWEEP], 1
        )
    )
    console.print(_calls(f"What {IDLE_TICKS} ticks did when nothing happened", meter.phases[IDLE], 1))
    console.print(_money(found, prices))
    console.print(_rows(found))
    console.print(_notes(meter, found))


def _calls(title: str, tallies: Mapping[str, Tally], share: int) -> Table:
    """A line for each operation; with `share`, figures a job beside them."""
    table = Table(title=title, title_justify="left", title_style="bold", show_footer=True)
    whole = total(tallies.items())
    table.add_column("operation", footer="all")
    columns: dict[str, float | str] = {
        "calls": whole.calls,
        "carried": "",
        "requests": "",
        "write units": whole.write_units - whole.index_units,
        "index units": whole.index_units,
        "read units": whole.read_units,
    }
    for name, sum_ in columns.items():
        table.add_column(name, justify="right", footer=_number(sum_) if sum_ != "" else "")
    if share > 1:
        table.add_column("calls a job", justify="right", footer=f"{whole.calls / share:.3f}")
    for operation, tally in sorted(tallies.items()):
        cells = [
            tally.calls,
            tally.entries,
            tally.requests,
            tally.write_units,
            tally.index_units,
            tally.read_units,
        ]
        each = [f"{tally.calls / share:.3f}"] if share > 1 else []
        table.add_row(operation, *map(_number, cells), *each)
    return table


def _money(found: Figures, prices: Prices) -> Table:
    table = Table(
        title=f"Units and dollars, list prices of {prices.region}, {prices.as_of}",
        title_justify="left",
        title_style="bold",
    )
    table.add_column("")
    for name in ("write units", "of them index", "read units", "SQS requests", "dollars"):
        table.add_column(name, justify="right")
    million = 1_000_000
    table.add_row("a plain job", *_units(found.job), f"${found.job.dollars(prices) * million:.2f} a million")
    table.add_row(
        "its two sweeps", *_units(found.swept), f"${found.swept.dollars(prices) * million:.2f} a million"
    )
    table.add_row("an idle tick", *_units(found.idle_tick), "")
    table.add_row(
        "an idle day of ticks", *_units(found.idle_day), f"${found.idle_day.dollars(prices):.4f} a day"
    )
    polls = QUEUES * POLLERS * POLLS_A_DAY
    table.add_row(
        "an idle day of Lambda's polling (reckoned)",
        *("0", "0", "0", f"{polls:,.0f}"),
        f"${prices.dollars(sqs_requests=polls):.4f} a day",
    )
    return table


def _units(found: Sum) -> list[str]:
    return [
        _share(value)
        for value in (found.write_units, found.index_units, found.read_units, found.sqs_requests)
    ]


def _rows(found: Figures) -> Table:
    table = Table(title="The largest row in each state", title_justify="left", title_style="bold")
    table.add_column("state")
    table.add_column("bytes", justify="right")
    for state, size in found.row_bytes.items():
        table.add_row(state, f"{size:,}")
    return table


def _notes(meter: Meter, found: Figures) -> str:
    told = meter.told
    alike = (
        f"{told.writes_alike:,} of {told.writes:,} writes and {told.reads_alike:,} of {told.reads:,} reads"
    )
    return (
        f"Units are reckoned from item sizes by DynamoDB's published rule; the emulator's own ConsumedCapacity agrees for {alike}.\n"
        f"Row sizes include {LARGE_JOBS} jobs whose result is as long as their arguments. "
        f"Empty receives: {found.empty_receives}. Refused conditions: {found.refused}.\n"
        "Lambda's time, logs and the free tiers are not in here.\n"
    )


def _number(value: float | str) -> str:
    return value if isinstance(value, str) else f"{value:,.1f}".removesuffix(".0")


def _share(value: float) -> str:
    return f"{value:,.2f}" if value < 100 else f"{value:,.0f}"

"""What a stage costs, idle for a month and for a million plain jobs: `python -m bench.bill`.

Prices from prices.json, counts from what `make cost` measures (MEASURED; tests hold both together), the rest is assumed and said so. With
`--write` the tables of docs/operations.md are made again; a test compares them.
"""

import argparse
import json
import re
import sys
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bench.prices import FILE, Prices

PAGE = Path(__file__).parents[1] / "docs" / "operations.md"
BEGIN, END = "<!-- made by `python -m bench.bill --write` -->", "<!-- end of what is made -->"

DAYS = 30
TICKS = DAYS * 24 * 60
MILLION = 1_000_000


@dataclass(frozen=True, kw_only=True)
class Measured:
    """By `make cost`; tests/cost/test_bill.py counts again."""

    write_units: float = 3.00
    """A plain job: accept, claim, settle."""
    statistics_write_units: float = 0.10
    """A tenth of what a batch of ten costs that comes after a pause; a busy container's cost a hundredth of that (tests/cost/test_statistics.py)."""
    sqs_in_tens: float = 0.30
    """Requests a job: send, receive, delete, each in tens."""
    sweep_read_units: float = 0.40
    """A job's row of 0.8 KB, listed by the two sweeps, 4 KB to a unit."""
    tick_write_units: float = 1.1
    tick_read_units: float = 45.2
    """An idle tick."""


@dataclass(frozen=True, kw_only=True)
class Assumed:
    """Change these to your own; `python -m bench.bill --task-ms 1000`."""

    task_ms: int = 100
    """How long a task runs; the ten of a batch run side by side."""
    batch_ms: int = 100
    """What a batch of ten takes besides: claims, settles, acknowledgements."""
    api_ms: int = 30
    """A request that accepts one job."""
    tick_ms: int = 500
    log_kb: float = 1.5
    """Lines of one job, from its acceptance to its outcome."""
    tick_log_kb: float = 1.0
    traced: float = 0.05
    """Of the requests; X-Ray's own rule."""
    tasks: int = 5
    lanes: int = 3
    alarms: int = 19
    pollers: int = 20
    """Lambda keeps five at each of the four queues, each with a request that waits 20 seconds."""


MEASURED = Measured()
CONSUMER_GB, SMALL_GB = 1.0, 0.5
"""Memory of the consumers, and of API and tick, as .chalice/config.json has it."""

METRICS = 10
"""Names that a working stage reports, each once for the stage, each lane, and each task (docs/observability.md)."""


@dataclass(frozen=True, kw_only=True)
class Line:
    """One item of the bill."""

    what: str
    how: str
    dollars: float


def idle(prices: Prices, more: Any, assumed: Assumed) -> list[Line]:
    """A month in which nothing happens."""
    polls = assumed.pollers * DAYS * 24 * 60 * 3
    seconds = TICKS * assumed.tick_ms / 1000 * SMALL_GB
    reads, writes = TICKS * MEASURED.tick_read_units, TICKS * MEASURED.tick_write_units
    gigabytes = TICKS * assumed.tick_log_kb / MILLION
    month, gb_second = more["per_month"], more["per_gb_second"]["lambda_x86"]
    return [
        Line(what="dashboard", how=f"1 × ${month['dashboard']:.2f}", dollars=month["dashboard"]),
        Line(
            what="alarms",
            how=f"{assumed.alarms} × ${month['alarm']:.2f}",
            dollars=assumed.alarms * month["alarm"],
        ),
        Line(
            what="Lambda's polling of four queues",
            how=f"{assumed.pollers} pollers × {polls // assumed.pollers:,} requests × ${prices.sqs_requests:.2f}/M",
            dollars=prices.dollars(sqs_requests=polls),
        ),
        Line(
            what="ticks: Lambda",
            how=f"{TICKS:,} × ({assumed.tick_ms} ms × {SMALL_GB} GB + a request)",
            dollars=seconds * gb_second + TICKS * prices.lambda_requests / MILLION,
        ),
        Line(what="the metric SweepLag", how=f"1 × ${month['metric']:.2f}", dollars=month["metric"]),
        Line(
            what="ticks: table",
            how=f"{TICKS:,} × ({MEASURED.tick_read_units} read units × ${prices.read_units}/M + "
            f"{MEASURED.tick_write_units} write units × ${prices.write_units}/M)",
            dollars=prices.dollars(read_units=reads, write_units=writes),
        ),
        Line(
            what="ticks: logs",
            how=f"{TICKS:,} × {assumed.tick_log_kb} KB × ${more['per_gb']['logs']:.2f}/GB",
            dollars=gigabytes * more["per_gb"]["logs"],
        ),
    ]


def million(prices: Prices, more: Any, assumed: Assumed) -> list[Line]:
    """A million plain jobs, each submitted by a request of its own."""
    requests, gb_second = more["per_million"]["api_requests"], more["per_gb_second"]["lambda_x86"]
    batch = assumed.task_ms + assumed.batch_ms
    alone = MEASURED.sqs_in_tens + 0.9  # sent one by one, received and deleted in tens
    api_lambda = MILLION * assumed.api_ms / 1000 * SMALL_GB * gb_second + prices.lambda_requests
    consumer = MILLION / 10 * batch / 1000 * CONSUMER_GB * gb_second + prices.lambda_requests / 10
    return [
        Line(what="API Gateway", how=f"1 request × ${requests:.2f}/M", dollars=requests),
        Line(
            what="table: the job",
            how=f"{MEASURED.write_units:.2f} write units × ${prices.write_units}/M",
            dollars=prices.dollars(write_units=MILLION * MEASURED.write_units),
        ),
        Line(
            what="logs",
            how=f"{assumed.log_kb} KB × ${more['per_gb']['logs']:.2f}/GB",
            dollars=assumed.log_kb * more["per_gb"]["logs"],  # a million KB are a GB
        ),
        Line(
            what="SQS",
            how=f"{alone:.2f} requests × ${prices.sqs_requests:.2f}/M: sent alone, received and deleted in tens",
            dollars=prices.dollars(sqs_requests=MILLION * alone),
        ),
        Line(
            what="Lambda: API",
            how=f"{assumed.api_ms} ms × {SMALL_GB} GB + a request",
            dollars=api_lambda,
        ),
        Line(
            what="Lambda: consumers",
            how=f"a tenth of ({assumed.task_ms} + {assumed.batch_ms} ms) × {CONSUMER_GB} GB + a tenth of a request",
            dollars=consumer,
        ),
        Line(
            what="X-Ray",
            how=f"{assumed.traced:.0%} of them × ${more['per_million']['traces']:.2f}/M",
            dollars=assumed.traced * more["per_million"]["traces"],
        ),
        Line(
            what="table: statistics, at most",
            how=f"{MEASURED.statistics_write_units:.2f} write units × ${prices.write_units}/M",
            dollars=prices.dollars(write_units=MILLION * MEASURED.statistics_write_units),
        ),
        Line(
            what="table: the sweeps' look",
            how=f"{MEASURED.sweep_read_units:.2f} read units × ${prices.read_units}/M",
            dollars=prices.dollars(read_units=MILLION * MEASURED.sweep_read_units),
        ),
    ]


def in_batches(prices: Prices, lines: Sequence[Line]) -> float:
    """The same million submitted a thousand at a time: the door costs next to nothing, and messages are sent in tens."""
    door = {"API Gateway", "Lambda: API", "X-Ray"}
    kept = sum(line.dollars for line in lines if line.what not in door)
    return kept - prices.dollars(sqs_requests=MILLION * 0.9)


def pages(prices: Prices, more: Any, assumed: Assumed) -> str:
    """Both bills, as the page has them."""
    resting, working = idle(prices, more, assumed), million(prices, more, assumed)
    metrics, each = METRICS * (1 + assumed.lanes + assumed.tasks), more["per_month"]["metric"]
    batches = f"submitted a thousand at a time: **${in_batches(prices, working):.2f}**"
    told = (
        f"**Custom metrics of a working stage**: {METRICS} names × (1 + {assumed.lanes} lanes + {assumed.tasks} tasks) = {metrics} × "
        f"${each:.2f} = **${metrics * each:.2f}** a month, if every task runs in every hour; hours without cost nothing. "
        "It grows with the number of tasks, not of jobs."
    )
    return "\n".join(
        [
            f"List prices of {prices.region}, {prices.as_of}, without free tiers ([chalicelib/prices.json](../chalicelib/prices.json)).",
            "",
            f"**An idle stage, a month: ${_sum(resting):.2f}**",
            "",
            *_table(resting),
            "",
            f"**A million plain jobs, one request each: ${_sum(working):.2f}**; {batches}",
            "",
            *_table(working),
            "",
            told,
        ]
    )


def page_with(text: str, made: str) -> str:
    """The page with this between its two marks."""
    return re.sub(
        f"({re.escape(BEGIN)}\n).*?({re.escape(END)})",
        lambda m: f"{m[1]}{made}\n{m[2]}",
        text,
        flags=re.DOTALL,
    )


def _table(lines: Iterable[Line]) -> list[str]:
    rows = sorted(lines, key=lambda line: -line.dollars)
    return [
        "| what | how | $ |",
        "|---|---|---:|",
        *(f"| {r.what} | {r.how} | {r.dollars:.2f} |" for r in rows),
    ]


def _sum(lines: Iterable[Line]) -> float:
    return sum(line.dollars for line in lines)


def made(assumed: Assumed | None = None) -> str:
    """By the price file."""
    more = json.loads(FILE.read_text(encoding="utf-8"))["bill"]
    return pages(Prices.load(), more, assumed or Assumed())


def main(arguments: Sequence[str] | None = None) -> int:
    """The command. Returns its exit status."""
    parser = argparse.ArgumentParser(
        prog="bench.bill", description="What a stage costs, with the arithmetic."
    )
    parser.add_argument("--write", action="store_true", help="make the tables of docs/operations.md again")
    parser.add_argument("--task-ms", type=int, default=Assumed.task_ms, help="how long your task runs")
    given = parser.parse_args(arguments)
    if given.write:
        PAGE.write_text(page_with(PAGE.read_text(encoding="utf-8"), made()), encoding="utf-8")
    else:
        print(made(Assumed(task_ms=given.task_ms)))
    return 0


if __name__ == "__main__":
    sys.exit(main())

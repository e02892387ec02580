"""What a run costs, and what a job costs from a thousand a day to a thousand million a day."""

import json
from collections.abc import Iterator
from dataclasses import dataclass

from bench.bill import CONSUMER_GB, SMALL_GB, Assumed, idle, in_batches, million
from bench.prices import FILE, Prices
from bench.scaling.stage import Spent

DAYS = 30
A_DAY = tuple(10**n for n in range(3, 10))
MILLION = 1_000_000


def dollars(spent: Spent, prices: Prices | None = None) -> float:
    """What AWS asks for a run: requests, Lambda's time, write units, messages. Logs and traces are left out."""
    found = prices or Prices.load()
    more = json.loads(FILE.read_text(encoding="utf-8"))["bill"]
    second = more["per_gb_second"]["lambda_x86"]
    time = (spent.consumer_seconds * CONSUMER_GB + spent.door_seconds * SMALL_GB) * second
    calls = (spent.requests + spent.invocations) * found.lambda_requests / MILLION
    door = spent.requests * more["per_million"]["api_requests"] / MILLION
    # Sent in tens, received and deleted with their batch.
    messages = spent.messages / 10 + 2 * spent.invocations
    table = found.dollars(write_units=spent.write_units, sqs_requests=messages)
    return float(time + calls + door + table)


@dataclass(frozen=True, kw_only=True)
class Daily:
    """A stage that does so many jobs each day."""

    jobs: int
    month_alone: float
    """Dollars a month, one job a request."""
    month_batches: float
    """A thousand jobs a request."""

    @property
    def per_million(self) -> tuple[float, float]:
        """Dollars for a million jobs, alone and in batches, with the stage's own cost in them."""
        parts = self.jobs * DAYS / MILLION
        return self.month_alone / parts, self.month_batches / parts


def daily() -> Iterator[Daily]:
    """From a thousand a day to a thousand million."""
    prices, assumed = Prices.load(), Assumed()
    more = json.loads(FILE.read_text(encoding="utf-8"))["bill"]
    resting = sum(line.dollars for line in idle(prices, more, assumed))
    lines = million(prices, more, assumed)
    alone, batches = sum(line.dollars for line in lines), in_batches(prices, lines)
    for jobs in A_DAY:
        parts = jobs * DAYS / MILLION
        yield Daily(jobs=jobs, month_alone=resting + parts * alone, month_batches=resting + parts * batches)

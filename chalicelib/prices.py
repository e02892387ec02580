"""List prices of AWS with their date, as prices.json has them. Change the file when they change; free tiers are left out."""

import json
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from chalicelib.domain.lean import dataclass
from chalicelib.pipeline.statistics.figures import Figures

if TYPE_CHECKING:
    from chalicelib.pipeline.forecast import Forecast

FILE = Path(__file__).with_name("prices.json")

MILLION = 1_000_000

LOG_KB = 1.5
"""Lines of one job, from its acceptance to its outcome; assumed."""


@dataclass(frozen=True, kw_only=True, slots=True)
class RunPrices:
    """Dollars for what running jobs takes."""

    as_of: str
    region: str
    write_unit: float
    sqs_request: float
    lambda_request: float
    gb_second: float
    read_unit: float = 0.0
    api_request: float = 0.0
    s3_put: float = 0.0
    s3_get: float = 0.0
    log_gb: float = 0.0

    def dollars(self, figures: Figures) -> float:
        """What these jobs came to, about; what it is made of is told by `split`."""
        return sum(self.split(figures).values())

    def split(self, figures: Figures) -> Mapping[str, float]:
        """The consumers' time and invocations; the writes of plain jobs; and their messages, each sent alone.

        Not in it: the API, the tick, logs, traces, what features add, and what tasks use themselves.
        """
        gb_seconds = figures.megabyte_ms / 1024 / 1000
        writes = figures.started + figures.retried + 2 * figures.ended  # claims; outcomes; acceptances
        batches = figures.calls / 1000
        return {
            "consumers": gb_seconds * self.gb_second + batches * self.lambda_request,
            "table": writes * self.write_unit,
            "queue": (figures.started + 2 * batches) * self.sqs_request,
        }

    def forecast(self, made: "Forecast") -> Mapping[str, tuple[float, str]]:
        """Dollars of what is forecast, and how they come about."""
        seconds, calls = made.jobs.megabyte_ms / 1024 / 1000, made.jobs.calls / 1000
        logs = made.jobs.ended * LOG_KB / 1_000_000
        lines = {
            "consumers": (
                seconds * self.gb_second + calls * self.lambda_request,
                f"{calls:,.0f} invocations of {made.batch_ms:.0f} ms: {seconds:,.0f} GB-seconds",
            ),
            "table": (made.write_units * self.write_unit, f"{made.write_units:,.0f} write units"),
            "reads": (
                made.read_units * self.read_unit,
                f"{made.read_units:,.0f} read units: sweeps, arguments",
            ),
            "queue": (made.sqs_requests * self.sqs_request, f"{made.sqs_requests:,.0f} requests"),
            "payloads": (
                made.s3_puts * self.s3_put + made.s3_gets * self.s3_get,
                f"{made.s3_puts:,.0f} puts and {made.s3_gets:,.0f} gets in S3",
            ),
            "API": (
                made.api_requests * (self.api_request + self.lambda_request),
                f"{made.api_requests:,.0f} requests; the function's time is not in it",
            ),
            "logs": (logs * self.log_gb, f"{LOG_KB} KB a job"),
        }
        return {name: line for name, line in lines.items() if line[0]}


@cache
def run_prices() -> RunPrices:
    """The prices in the file."""
    found = json.loads(FILE.read_text(encoding="utf-8"))
    million = found["per_million"]
    return RunPrices(
        as_of=found["as_of"],
        region=found["region"],
        write_unit=million["write_units"] / MILLION,
        sqs_request=million["sqs_requests"] / MILLION,
        lambda_request=million["lambda_requests"] / MILLION,
        gb_second=found["bill"]["per_gb_second"]["lambda_x86"],
        read_unit=million["read_units"] / MILLION,
        api_request=found["bill"]["per_million"]["api_requests"] / MILLION,
        s3_put=found["bill"]["per_million"]["s3_puts"] / MILLION,
        s3_get=found["bill"]["per_million"]["s3_gets"] / MILLION,
        log_gb=found["bill"]["per_gb"]["logs"],
    )

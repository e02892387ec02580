"""List prices of AWS with their date, as prices.json has them. Change the file when they change; free tiers are left out."""

import json
from collections.abc import Mapping
from functools import cache
from pathlib import Path

from chalicelib.domain.lean import dataclass
from chalicelib.pipeline.statistics.figures import Figures

FILE = Path(__file__).with_name("prices.json")

MILLION = 1_000_000


@dataclass(frozen=True, kw_only=True, slots=True)
class RunPrices:
    """Dollars for what running jobs takes."""

    as_of: str
    region: str
    write_unit: float
    sqs_request: float
    lambda_request: float
    gb_second: float

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
    )

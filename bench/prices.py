"""List prices with their date. Change prices.json when they change; free tiers are left out."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from chalicelib.prices import FILE

__all__ = ["FILE", "Prices"]


@dataclass(frozen=True, kw_only=True, slots=True)
class Prices:
    """Dollars a million."""

    as_of: str
    region: str
    write_units: float
    read_units: float
    sqs_requests: float
    lambda_requests: float

    @classmethod
    def load(cls, file: Path = FILE) -> Self:
        """The prices in the file."""
        found = json.loads(file.read_text(encoding="utf-8"))
        return cls(as_of=found["as_of"], region=found["region"], **found["per_million"])

    def dollars(self, *, write_units: float = 0, read_units: float = 0, sqs_requests: float = 0) -> float:
        """What so many of each cost."""
        return (
            write_units * self.write_units + read_units * self.read_units + sqs_requests * self.sqs_requests
        ) / 1_000_000

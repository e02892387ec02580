"""What the security tests have counted, for the last line of `make security`: a line of JSON each, in the file that SECURITY_TALLY names."""

import json
import os
from collections.abc import Mapping
from pathlib import Path

VARIABLE = "SECURITY_TALLY"
"""Not one of JOBLINE_: tests/conftest.py takes those away before anything is counted."""


def tell(**counts: int) -> None:
    """Add to the counts. Without the variable nobody is told."""
    where = os.environ.get(VARIABLE)
    if where:
        with Path(where).open(
            "a", encoding="utf-8"
        ) as file:  # one short write each: several processes may tell
            file.write(json.dumps(counts) + "\n")


def told(where: Path) -> Mapping[str, int]:
    """The sums of all that was told."""
    sums: dict[str, int] = {}
    lines = where.read_text(encoding="utf-8").splitlines() if where.exists() else []
    for line in lines:
        for name, count in json.loads(line).items():
            sums[name] = sums.get(name, 0) + count
    return sums

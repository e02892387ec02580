"""What a plain job costs: `python -m bench.cost [--jobs 1000] [--json]`, or `make cost`.

Runs plain jobs (300 bytes of JSON arguments, a small result) through the real adapters, SQS, the consumer's own door and the tick,
against an emulator on this machine, and counts every call that boto3 makes. Its last line is the figures, for programs to read.
"""

import argparse
import json
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

from bench.figures import Figures, figures
from bench.meter import Meter, metering
from bench.prices import Prices
from bench.run import measure
from bench.show import show
from bench.stage import emulated, stage

JOBS = 1000


def count(jobs: int) -> tuple[Meter, Figures]:
    """The whole run, in a cloud of its own."""
    meter = Meter()
    with (
        tempfile.TemporaryDirectory(prefix="jobline-cost-") as folder,
        emulated(Path(folder)),
        metering(meter),
        stage() as found,
    ):
        measure(found, meter, jobs=jobs)
    return meter, figures(meter, jobs=jobs)


def main(arguments: Sequence[str] | None = None) -> int:
    """The command. Returns its exit status."""
    parser = argparse.ArgumentParser(
        prog="bench.cost", description="Count what a plain job costs in AWS calls and units."
    )
    parser.add_argument("--jobs", type=_positive, default=JOBS, help=f"how many (default {JOBS})")
    parser.add_argument("--json", action="store_true", help="print one JSON document instead of tables")
    given = parser.parse_args(arguments)
    meter, found = count(given.jobs)
    if given.json:
        print(json.dumps({"line": found.line(), **asdict(found), "phases": _phases(meter)}, indent=2))
        return 0
    show(meter, found, Prices.load())
    print(found.line())
    return 0


def _phases(meter: Meter) -> dict[str, dict[str, dict[str, float]]]:
    return {
        phase: {name: asdict(tally) for name, tally in tallies.items()}
        for phase, tallies in meter.phases.items()
    }


def _positive(text: str) -> int:
    if not text.isdecimal() or not 1 <= int(text) <= 100_000:
        raise argparse.ArgumentTypeError(f"{text!r} is not a whole number from 1 to 100,000")
    return int(text)


if __name__ == "__main__":
    sys.exit(main())

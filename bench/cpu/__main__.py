"""The command: `python -m bench.cpu --against ../before` compares this working copy with another one, in turns, and prints the ratios.

Without `--against` direct calls are compared with botocore's. Times depend on the machine and on what else it does; of many short
readings in turns the medians' ratios say something all the same.
"""

import argparse
import json
import os
import subprocess
import sys
from pathlib import Path
from statistics import median

from bench.quick.cloud import QuickCloud

HERE = Path(__file__).resolve().parents[2]


def read(folder: Path, port: str, jobs: int, direct: str) -> dict[str, float]:
    """One reading of the code in that folder."""
    said = subprocess.run(
        [sys.executable, str(HERE / "bench/cpu/one.py"), port, str(jobs), direct],
        env={**os.environ, "PYTHONPATH": str(folder)},
        cwd=folder,
        stdout=subprocess.PIPE,
        check=True,
        text=True,
    ).stdout
    found: dict[str, float] = json.loads(said)
    return found


def main() -> None:
    """In turns."""
    parser = argparse.ArgumentParser(prog="python -m bench.cpu", description=__doc__)
    parser.add_argument("--against", type=Path, help="another working copy")
    parser.add_argument("--jobs", type=int, default=300)
    parser.add_argument("--rounds", type=int, default=7)
    found = parser.parse_args()
    sides = {
        "here": (HERE, "on"),
        "against": (found.against.resolve(), "on") if found.against else (HERE, "off"),
    }
    readings: dict[str, list[dict[str, float]]] = {name: [] for name in sides}
    for number in range(found.rounds):
        for name in sides if number % 2 else reversed(sides):
            folder, direct = sides[name]
            with QuickCloud() as cloud:
                readings[name].append(read(folder, str(cloud.port), found.jobs, direct))
    for what in ("enqueue", "consume"):
        here, against = (median(one[what] for one in readings[name]) for name in ("here", "against"))
        lows = [min(one[what] for one in readings[name]) for name in ("here", "against")]
        print(
            f"{what}: {here / against:.3f} of the other ({here:.3f} and {against:.3f} ms of CPU a job; "
            f"of the least readings {lows[0] / lows[1]:.3f})"
        )


if __name__ == "__main__":
    main()

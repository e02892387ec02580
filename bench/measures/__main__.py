"""`make measures`, or `python -m bench.measures [door|enqueue|memory ...] [--requests 300] [--enqueue 5000] [--memory 100000]`.

The last line of each is for programs. Ratios alone say anything: times are of this machine.
"""

import argparse
import json
import os
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

FOLDER = Path("build/bench")


def main(arguments: Sequence[str] | None = None) -> int:
    """The command. Returns its exit status."""
    parser = argparse.ArgumentParser(prog="bench.measures", description="The API, enqueueing, memory.")
    parser.add_argument("which", nargs="*", help=f"{', '.join(MEASURES)}; all of them by default")
    parser.add_argument("--requests", type=int, default=300, help="of each side at the door (default 300)")
    parser.add_argument("--enqueue", type=int, default=5_000, help="jobs a turn; the goal names 100000")
    parser.add_argument("--turns", type=int, default=3, help="of enqueueing (default 3)")
    parser.add_argument(
        "--memory", type=int, default=100_000, help="jobs of one consumer; the goal names 1000000"
    )
    parser.add_argument("--folder", type=Path, default=FOLDER, help=f"default {FOLDER}")
    given = parser.parse_args(arguments)
    unknown = sorted(set(given.which) - set(MEASURES))
    if unknown or min(given.requests, given.enqueue, given.turns, given.memory // 1000) < 1:
        parser.error(f"no measure is called {', '.join(unknown)}" if unknown else "too few")
    found: dict[str, Any] = {}
    for name, measure in MEASURES.items():
        if not given.which or name in given.which:
            print(f"{name} (load {os.getloadavg()[0]:.0f}) ...", flush=True)
            found[name] = measure(given)
            print(f"{name} " + " ".join(f"{key}={value}" for key, value in found[name].items()), flush=True)
    given.folder.mkdir(parents=True, exist_ok=True)
    (given.folder / "measures.json").write_text(json.dumps(found, indent=2) + "\n", encoding="utf-8")
    return 0


def _door(given: Any) -> Mapping[str, Any]:
    """POST /jobs beside a bare Chalice route that makes the same calls."""
    from bench.measures.door import door

    sides = door(requests=given.requests)
    return {
        "requests": given.requests,
        "p50_ratio": _ratio(sides.ratio("wall")),
        "cpu_ratio": _ratio(sides.ratio("cpu")),
    }


def _enqueue(given: Any) -> Mapping[str, Any]:
    """Jobs from Python beside raw calls: rates, so more is better."""
    from bench.measures.enqueueing import enqueueing

    found = enqueueing(jobs=given.enqueue, turns=given.turns)
    same, batches = found["the same calls"], found["batches without a condition"]
    return {
        "jobs": given.enqueue,
        "rate_of_same_calls": _ratio(1 / same.ratio("wall")),
        "cpu_of_same_calls": _ratio(same.ratio("cpu")),
        "rate_of_batches": _ratio(1 / batches.ratio("wall")),
        "cpu_of_batches": _ratio(batches.ratio("cpu")),
    }


def _memory(given: Any) -> Mapping[str, Any]:
    """A consumer's memory at the end beside what it was after a fifth."""
    from bench.measures.memory import grown

    found = grown(jobs=given.memory)
    return {
        "jobs": found.jobs,
        "early_mib": round(found.early / 1024, 1),
        "late_mib": round(found.late / 1024, 1),
        "ratio": round(found.ratio, 3),
        "bytes_a_job": round(found.bytes_a_job, 2),
    }


def _ratio(value: float) -> float:
    return round(value, 2)


MEASURES: Mapping[str, Callable[[Any], Mapping[str, Any]]] = {
    "door": _door,
    "enqueue": _enqueue,
    "memory": _memory,
}


if __name__ == "__main__":
    sys.exit(main())

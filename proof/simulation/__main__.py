"""The command: `python -m proof.simulation --minutes 1 --processes 2`, `--seed N` to replay one history, `--mutants` for the mutants."""

import argparse
import json
import sys
from pathlib import Path

from proof.simulation.history import Variation, run
from proof.simulation.many import ENOUGH, Sum, many
from proof.simulation.matrix import ELSEWHERE, HERE, PENDING
from proof.simulation.shrink import command, shrink
from proof.simulation.trial import all_tried, told


def main() -> int:
    """What the arguments ask for. 0: no violation, no fault unseen, every mutant caught."""
    parser = argparse.ArgumentParser(prog="python -m proof.simulation", description=__doc__)
    parser.add_argument("--seed", type=int, help="replay this history and print its trace")
    parser.add_argument("--faults", help="with --seed: only the faults of these numbers strike, or `none`")
    parser.add_argument("--requests", help="with --seed: only these requests are made")
    parser.add_argument("--without", help="with --seed: parts of the world to leave out")
    parser.add_argument("--minutes", type=float, help="run as many histories as fit")
    parser.add_argument("--histories", type=int, help="run so many histories")
    parser.add_argument("--first", type=int, default=0, help="the first seed")
    parser.add_argument("--processes", type=int, default=1)
    parser.add_argument("--json", type=Path, help="write the sum there as JSON")
    parser.add_argument("--mutants", action="store_true", help="try the mutants")
    found = parser.parse_args()
    if found.seed is not None:
        return _replay(found.seed, _variation(found))
    if found.mutants:
        return told(all_tried(processes=found.processes), "histories")
    minutes = 1.0 if found.minutes is None and found.histories is None else found.minutes
    total = many(first=found.first, minutes=minutes, histories=found.histories, processes=found.processes)
    if found.json is not None:
        found.json.write_text(json.dumps(total.plain(), indent=1) + "\n")
    return _told(total)


def _numbers(text: str | None) -> frozenset[int] | None:
    if text is None:
        return None
    return frozenset(int(word) for word in text.split(",") if word != "none")


def _variation(found: argparse.Namespace) -> Variation:
    without = frozenset(filter(None, (found.without or "").split(",")))
    return Variation(faults=_numbers(found.faults), requests=_numbers(found.requests), without=without)


def _replay(seed: int, variation: Variation) -> int:
    report = run(seed, variation, traced=True)
    print("\n".join(report.trace))
    print(
        f"seed {seed}: {report.steps} steps, {len(report.struck)} faults, {report.violation or 'no violation'}"
    )
    return int(report.violation is not None)


def _told(total: Sum) -> int:
    print(
        f"histories={total.histories} steps={total.steps} seconds={total.seconds:.0f} per_core_second={total.rate:.0f} "
        f"longest_quiet_minutes={total.quiet / 60_000:.0f}"
    )
    print(" ".join(f"{name}={total.ledger[name]}" for name in _LEDGER))
    for fault, words in HERE.items():
        print(f"  {fault} {total.hits[fault]:>8} hits in {total.seen[fault]:>7} histories  {words}")
    for fault, words in {**PENDING, **ELSEWHERE}.items():
        print(f"  {fault}        - {words}")
    rare = [f"{fault} ({hits})" for fault, hits in total.rarest[:5]]
    print(f"rarest: {', '.join(rare)}; in another tenant's name: {total.hits['I10']}")
    jobs = total.ledger["accepted"] / max(1, total.histories)
    print(
        f"{jobs:.2f} accepted jobs a history, effects included: {1_000_000 / max(jobs, 1):,.0f} make a million"
    )
    missed = total.missed if total.histories >= ENOUGH else []
    if missed:
        print(f"never seen: {', '.join(missed)}")
    for seed, words in total.failed:
        print(f"FAILED seed {seed}: {words}")
    if total.failed:
        _shortest(total.failed[0][0])
    return int(bool(total.failed or missed))


_LEDGER = (
    "jobs",
    "accepted",
    "submitted",
    "succeeded",
    "dead",
    "cancelled",
    "expired",
    "lost",
    "recorded_twice",
)


def _shortest(seed: int) -> None:
    variation, report = shrink(seed)
    print(
        f"\nthe shortest found, {len(report.struck)} faults, {report.steps} steps: {command(seed, variation)}\n"
    )
    print("\n".join(report.trace[-120:]))
    print(report.violation)


if __name__ == "__main__":
    sys.exit(main())

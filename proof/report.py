"""The proof's report: what was run, hit, caught and found, as Markdown and JSON under build/proof/, its last line for machines.

`python -m proof.report --minutes 10 --processes 2` runs the simulation and the mutants and writes it.
"""

import argparse
import json
import sys
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path

from proof.simulation.many import Sum, many
from proof.simulation.matrix import ELSEWHERE, HERE, PENDING
from proof.simulation.trial import Verdict, all_tried

FOLDER = Path("build/proof")
JOBS = ("accepted", "succeeded", "dead", "cancelled", "expired", "lost", "recorded_twice")


@dataclass(frozen=True, kw_only=True)
class Report:
    """All layers together. A layer that was not run counts nothing."""

    simulation: Sum
    verdicts: Sequence[Verdict]
    crash_plans: int = 0
    crash_plans_failed: Sequence[str] = ()
    notes: Sequence[str] = field(default=())

    @property
    def caught(self) -> int:
        """Broken variants that some history showed to be broken."""
        return sum(1 for verdict in self.verdicts if not verdict.harmless and verdict.right)

    @property
    def broken(self) -> int:
        """Broken variants tried, the control not counted."""
        return sum(1 for verdict in self.verdicts if not verdict.harmless)

    @property
    def passed(self) -> bool:
        """No violation, nothing unseen, every mutant as expected."""
        ledger = self.simulation.ledger
        wrong = (
            self.simulation.failed or self.crash_plans_failed or ledger["lost"] or ledger["recorded_twice"]
        )
        return not wrong and all(verdict.right for verdict in self.verdicts)

    def last_line(self) -> str:
        """The whole in one line."""
        ledger, hit = self.simulation.ledger, len(HERE) - len(self.simulation.missed)
        return (
            f"jobs={ledger['accepted']} lost={ledger['lost']} recorded_twice={ledger['recorded_twice']} "
            f"histories={self.simulation.histories} crash_plans={self.crash_plans} "
            f"faults_hit={hit}/{len(HERE)} mutants_caught={self.caught}/{self.broken}"
        )

    def markdown(self) -> str:
        """For people."""
        total = self.simulation
        rate = total.histories / total.busy if total.busy else 0
        lines = [
            "# Proof",
            "",
            f"{total.histories} histories, {total.steps} steps, {rate:.0f} histories a second and core.",
            "",
            "| jobs | |",
            "|---|---:|",
            *[f"| {name.replace('_', ' ')} | {total.ledger[name]} |" for name in JOBS],
            "",
            "| fault | what | hits | histories |",
            "|---|---|---:|---:|",
            *[
                f"| {fault} | {words} | {total.hits[fault]} | {total.seen[fault]} |"
                for fault, words in HERE.items()
            ],
            "",
            "| not here | waits for, or shown by |",
            "|---|---|",
            *[f"| {fault} | {words} |" for fault, words in sorted({**PENDING, **ELSEWHERE}.items())],
            "",
            "| mutant | what is broken | histories | seed | caught by |",
            "|---|---|---:|---:|---|",
            *[_row(verdict) for verdict in self.verdicts],
            "",
            *[f"FAILED seed {seed}: {words}" for seed, words in total.failed],
            *self.notes,
            "",
            self.last_line(),
        ]
        return "\n".join(lines) + "\n"

    def write(self, folder: Path = FOLDER) -> None:
        """report.md and report.json."""
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "report.md").write_text(self.markdown())
        total = self.simulation
        found = {
            "simulation": {
                **{
                    name: getattr(total, name)
                    for name in ("histories", "steps", "seconds", "busy", "quiet", "failed")
                },
                **{name: dict(getattr(total, name)) for name in ("ledger", "hits", "seen")},
                "missed": total.missed,
            },
            "mutants": [asdict(verdict) for verdict in self.verdicts],
            "crash_plans": self.crash_plans,
            "passed": self.passed,
            "line": self.last_line(),
        }
        (folder / "report.json").write_text(json.dumps(found, indent=1))


def _row(verdict: Verdict) -> str:
    caught = verdict.invariant or ("passes, as it should" if verdict.harmless else "MISSED")
    return f"| {verdict.mutant} | {verdict.why} | {verdict.histories} | {verdict.seed or ''} | {caught} |"


def main() -> int:
    """Run both, write the report, print its last line. 0: passed."""
    parser = argparse.ArgumentParser(prog="python -m proof.report", description=__doc__)
    parser.add_argument("--minutes", type=float, default=10.0)
    parser.add_argument("--processes", type=int, default=2)
    parser.add_argument("--first", type=int, default=0, help="the first seed")
    found = parser.parse_args()
    total = many(first=found.first, minutes=found.minutes, processes=found.processes)
    report = Report(simulation=total, verdicts=all_tried())
    report.write()
    print(report.last_line())
    return int(not report.passed)


if __name__ == "__main__":
    sys.exit(main())

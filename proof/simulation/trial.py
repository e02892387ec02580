"""The mutants on trial: each must be caught by some seed, the control by none."""

import time
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial

from proof.simulation.control import FIRST as WORLDS
from proof.simulation.flows import FIRST as FLOWS
from proof.simulation.history import run
from proof.simulation.mutants import MUTANTS, Mutant, applied
from proof.simulation.profile import tilted
from proof.spread import spread

FIRST = 100_000
CONTROL = 300


@dataclass(frozen=True, kw_only=True)
class Verdict:
    """Whether a mutant was caught, by which seed and which invariant."""

    mutant: str
    why: str
    harmless: bool
    histories: int
    seed: int | None
    invariant: str
    words: str

    @property
    def right(self) -> bool:
        """As expected: caught, or for the control not."""
        return (self.seed is None) is self.harmless

    @property
    def by(self) -> str:
        """What caught it, as one would replay it; "" if nothing did."""
        return "" if self.seed is None else f"seed {self.seed}"


def told(verdicts: Sequence[Verdict], unit: str) -> int:
    """Print the verdicts, a line each. 0: every one is as expected."""
    for verdict in verdicts:
        how = "right" if verdict.right else "WRONG"
        caught = f"{verdict.by}: {verdict.words[:150]}" if verdict.by else "no violation"
        print(f"{how} {verdict.mutant:<34} {verdict.histories:>5} {unit}  {caught}")
    return int(not all(verdict.right for verdict in verdicts))


def tried(one: Mutant, *, seeds: int = 4000, seconds: float = 40.0) -> Verdict:
    """Run histories of the broken pipeline until one fails, which must pass when nothing is broken."""
    ends = time.process_time() + seconds
    count, caught = 0, None
    with applied(one):
        first = FIRST + (WORLDS if "leaning" in one.tilt else FLOWS if "flows" in one.tilt else 0)
        for seed in range(first, first + (CONTROL if one.harmless else seeds)):
            count += 1
            report = run(seed)
            if report.violation is not None:
                caught = report
                break
            if time.process_time() > ends:
                break
    if caught is not None:
        with tilted(one.tilt):
            sound = run(caught.seed)
        if sound.violation is not None:  # then it is no mutant that was caught
            raise AssertionError(f"seed {caught.seed} fails without {one.name} too: {sound.violation}")
    return Verdict(
        mutant=one.name,
        why=one.why,
        harmless=one.harmless,
        histories=count,
        seed=None if caught is None else caught.seed,
        invariant=caught.violation.name if caught and caught.violation else "",
        words=str(caught.violation) if caught else "",
    )


def all_tried(
    names: Sequence[str] | None = None, *, processes: int = 1, seeds: int = 4000, seconds: float = 40.0
) -> list[Verdict]:
    """Every mutant, or these, each in one of so many processes."""
    wanted = [one.name for one in MUTANTS] if names is None else names
    return list(spread(partial(_tried, seeds=seeds, seconds=seconds), wanted, processes))


def _tried(name: str, *, seeds: int, seconds: float) -> Verdict:
    return tried(next(one for one in MUTANTS if one.name == name), seeds=seeds, seconds=seconds)

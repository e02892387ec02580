"""The mutants on trial: a short run each. The broken ones must fail it, the control must pass."""

import tempfile
from pathlib import Path

from proof.processes.mutants import MUTANTS, Mutant
from proof.processes.run import Say, run
from proof.simulation.trial import Verdict

MINUTES = 0.45
JOBS = 250
QUIET = 20.0
"""Seconds that a mutant gets to come to rest: a lost job is lost after that too. The control gets as long as any run."""


def tried(one: Mutant, *, seed: int = 1, say: Say = lambda _: None) -> Verdict:
    """One run with the mutant's patches in every process."""
    with tempfile.TemporaryDirectory(prefix="jobline-proof-") as folder:
        how = {} if one.harmless else {"quiet_within": QUIET}
        report = run(MINUTES, JOBS, seed, mutant=one.name, folder=Path(folder), say=say, **how)
    first = report.failed[0] if report.failed else ""
    return Verdict(
        mutant=one.name,
        why=one.why,
        harmless=one.harmless,
        histories=1,
        seed=seed if report.failed else None,
        invariant=first.partition(":")[0],
        words=f"{first} ({len(report.failed)} findings)" if first else "",
    )


def all_tried(*, seed: int = 1, say: Say = lambda _: None) -> list[Verdict]:
    """Every mutant in turn: about 40 s each, the control a minute."""
    return [tried(one, seed=seed, say=say) for one in MUTANTS]

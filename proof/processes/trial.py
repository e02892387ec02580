"""The mutants on trial: a short run each. The broken ones must fail it, the control must pass."""

from proof.processes.ledger import LASTING
from proof.processes.mutants import MUTANTS, Mutant
from proof.processes.run import Say, run
from proof.simulation.trial import Verdict

MINUTES = 0.45
JOBS = 250


def tried(one: Mutant, *, seed: int = 1, say: Say = lambda _: None) -> Verdict:
    """One run with the mutant's patches in every process. It is caught by what no waiting mends, or by what is wrong at rest."""
    report = run(MINUTES, JOBS, seed, mutant=one.name, say=say)
    lasting = [words for words in report.failed if words.partition(":")[0] in LASTING]
    found = lasting or (report.failed if report.rested or one.harmless else [])
    first = found[0] if found else ""
    return Verdict(
        mutant=one.name,
        why=one.why,
        harmless=one.harmless,
        histories=1,
        seed=seed if found else None,
        invariant=first.partition(":")[0],
        words=f"{first} ({len(found)} findings)" if first else "",
    )


def all_tried(*, seed: int = 1, say: Say = lambda _: None) -> list[Verdict]:
    """Every mutant in turn: half a minute for those that break what no waiting mends, up to two for the others."""
    verdicts = []
    for one in MUTANTS:
        verdicts.append(tried(one, seed=seed, say=say))
        say(told(verdicts[-1]))
    return verdicts


def told(verdict: Verdict) -> str:
    """For people."""
    return f"{'right' if verdict.right else 'WRONG'} {verdict.mutant:<24} {verdict.words or 'nothing found'}"

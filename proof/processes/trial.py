"""The mutants on trial: a short run each, or a few. The broken ones must fail one, the control must pass."""

from collections.abc import Collection

from proof.layer import Tried
from proof.processes.ledger import LASTING
from proof.processes.mutants import MUTANTS, Mutant
from proof.processes.one_run import Say, run

MINUTES = 0.45
JOBS = 250
QUICK = ("no_fence", "keys_not_held")
"""Those that a run of every layer has the time for."""

SEEDS = 3
"""Runs that a mutant gets to show itself: on a busy machine one may freeze a consumer that happens to have nothing in hand."""


def tried(one: Mutant, *, seed: int = 1, say: Say = lambda _: None) -> Tried:
    """It is caught by what no waiting mends, or by what is wrong at rest."""
    seeds = range(seed, seed + (1 if one.harmless else SEEDS))
    caught = next(filter(None, (_caught(one, each, say) for each in seeds)), "")
    return Tried(mutant=one.name, why=one.why, caught=caught, harmless=one.harmless)


def _caught(one: Mutant, seed: int, say: Say) -> str:
    report = run(MINUTES, JOBS, seed, mutant=one.name, say=say)
    lasting = [words for words in report.failed if words.partition(":")[0] in LASTING]
    found = lasting or (report.failed if report.rested or one.harmless else [])
    return f"{found[0]} ({len(found)} findings)" if found else ""


def all_tried(
    names: Collection[str] | None = None, *, seed: int = 1, say: Say = lambda _: None
) -> list[Tried]:
    """Every mutant in turn, or those of these names: half a minute for those that break what no waiting mends, up to two for the others."""
    found = []
    for one in (each for each in MUTANTS if names is None or each.name in names):
        found.append(tried(one, seed=seed, say=say))
        say(told(found[-1]))
    return found


def right(one: Tried) -> bool:
    """As expected: caught, or for the control not."""
    return bool(one.caught) is not one.harmless


def told(one: Tried) -> str:
    """For people."""
    return f"{'right' if right(one) else 'WRONG'} {one.mutant:<24} {one.caught or 'nothing found'}"

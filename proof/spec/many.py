"""Every model and every broken variant of the specification, spread over several processes."""

import time
from collections.abc import Sequence
from dataclasses import dataclass

from proof.sample import split
from proof.spec.configs import CONFIGS
from proof.spec.mutants import MUTANTS, hunt
from proof.spec.search import Result, Search
from proof.spread import spread

Job = tuple[str, str | int, float]

BUDGET = 120.0
"""The longest that one search may take, in seconds of a processor: a machine with other things to do finds the same."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Searched:
    """What all searches saw: the models, and each mutant beside what was expected of it."""

    models: Sequence[Result]
    mutants: Sequence[
        tuple[str, str, str, Result]
    ]  #: name, what is broken, why it is harmless if so, what was found
    seconds: float
    left: Sequence[str] = ()  #: the mutants that a sample leaves out

    @property
    def states(self) -> int:
        """Of the models; mutants are not counted."""
        return sum(result.states for result in self.models)

    @property
    def transitions(self) -> int:
        """Of the models."""
        return sum(result.transitions for result in self.models)

    @property
    def violated(self) -> list[Result]:
        """Models in which some invariant does not hold."""
        return [result for result in self.models if result.found is not None]

    @property
    def incomplete(self) -> list[Result]:
        """Models whose space was not searched to its end."""
        return [result for result in self.models if not result.complete]


def searched(*, processes: int = 1, budget: float = BUDGET, small: bool = False) -> Searched:
    """Search them all. `small`, for a sample: the first model of each configuration, and a share of the harmful mutants, which end early."""
    begun = time.monotonic()
    jobs: list[Job] = []
    for config, models in CONFIGS.items():
        count = 1 if small else sum(1 for _ in models())
        jobs += [(config, index, budget) for index in range(count)]
    mutants, left = split(MUTANTS, lambda mutant: named(mutant.name), small=small)
    if small:
        left += [named(mutant.name) for mutant in mutants if mutant.harmless]
        mutants = [mutant for mutant in mutants if not mutant.harmless]
    jobs += [("", mutant.name, budget) for mutant in mutants]
    results = list(spread(_search, jobs, processes))
    models_done = [result for job, result in zip(jobs, results, strict=True) if job[0]]
    mutants_done = results[len(models_done) :]
    return Searched(
        models=models_done,
        mutants=[
            (named(m.name), m.why, m.harmless, result)
            for m, result in zip(mutants, mutants_done, strict=True)
        ],
        seconds=time.monotonic() - begun,
        left=left,
    )


def named(mutant: str) -> str:
    """As the report names it: other layers have mutants of the same names, and other code."""
    return f"spec.{mutant}"


def _search(job: Job) -> Result:
    """One search: a model by its number in its configuration, or with no configuration a mutant by its name."""
    config, which, budget = job
    if config:
        return Search(list(CONFIGS[config]())[int(which)], budget=budget).run()
    return hunt(next(mutant for mutant in MUTANTS if mutant.name == which), budget=budget)

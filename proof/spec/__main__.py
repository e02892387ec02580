"""`python -m proof.spec`: search every model, or with `--all-mutants` every broken variant. Exit code 1: something is not as it should be."""

import argparse
import sys

from proof.spec.configs import CONFIGS, INVARIANTS
from proof.spec.mutants import MUTANTS, Mutant, hunt
from proof.spec.search import Result, Search


def main(arguments: list[str] | None = None) -> int:
    """Parse, search, report."""
    parser = argparse.ArgumentParser(prog="python -m proof.spec", description=__doc__)
    parser.add_argument("--config", choices=sorted(CONFIGS), help="only the models of one configuration")
    parser.add_argument(
        "--mutant",
        choices=[m.name for m in MUTANTS],
        metavar="NAME",
        help="one broken variant, with its shortest trace",
    )
    parser.add_argument("--all-mutants", action="store_true", help="every broken variant")
    parser.add_argument("--traces", action="store_true", help="print every mutant's shortest trace")
    parser.add_argument(
        "--budget",
        type=float,
        default=60,
        metavar="SECONDS",
        help="the longest that one search may take (60)",
    )
    chosen = parser.parse_args(arguments)
    if chosen.mutant or chosen.all_mutants:
        wanted = [m for m in MUTANTS if chosen.mutant in {None, m.name} and chosen.config in {None, m.config}]
        return _mutants(wanted, chosen.budget, traces=bool(chosen.traces or chosen.mutant))
    return _models([chosen.config] if chosen.config else list(CONFIGS), chosen.budget)


def _models(configs: list[str], budget: float) -> int:
    violated = states = transitions = 0
    for config in configs:
        print(f"{config}: {INVARIANTS[config]}")
        for model in CONFIGS[config]():
            result = Search(model, budget=budget).run()
            states, transitions = states + result.states, transitions + result.transitions
            print(f"  {_line(result)}", flush=True)
            if result.found is not None:
                violated += 1
                _trace(result)
    print(f"states={states} transitions={transitions} violations={violated}")
    return int(violated > 0)


def _mutants(mutants: list[Mutant], budget: float, *, traces: bool) -> int:
    wrong = 0
    for mutant in mutants:
        result = hunt(mutant, budget=budget)
        wrong += _verdict(mutant, result)
        if traces and result.found is not None:
            _trace(result)
    harmful = sum(1 for m in mutants if not m.harmless)
    print(f"mutants={harmful} harmless={len(mutants) - harmful} not_as_expected={wrong}")
    return int(wrong > 0)


def _verdict(mutant: Mutant, result: Result) -> bool:
    """Say what became of a mutant. True: not what was expected."""
    found = result.found
    if found is not None:
        said = f"caught by {found.invariant} after {len(found.trace) - 1} steps"
    else:
        said = "harmless: " + mutant.harmless if mutant.harmless else "NOT CAUGHT"
    print(f"{mutant.name} ({mutant.why}): {said} [{_size(result)}]", flush=True)
    return (found is None) is not bool(mutant.harmless)


def _line(result: Result) -> str:
    said = "clean" if result.found is None else f"VIOLATED {result.found.invariant}"
    return f"{result.model}: {_size(result)}: {said}"


def _size(result: Result) -> str:
    whole = (
        "stopped there"
        if result.found and not result.complete
        else "whole space"
        if result.complete
        else "budget over"
    )
    return f"{result.states:,} states, {result.transitions:,} transitions, depth {result.depth}, {result.seconds:.1f} s, {whole}"


def _trace(result: Result) -> None:
    if result.found is not None:
        for number, line in enumerate(result.found.trace):
            print(f"    {number:2} {line}")


if __name__ == "__main__":
    sys.exit(main())

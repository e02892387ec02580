"""The layers, each run within its share of the time and its findings put into the common form."""

from collections import Counter
from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

from proof.layer import Layer, Tried
from proof.sample import split

if TYPE_CHECKING:
    from proof.simulation.trial import Verdict


class Share(NamedTuple):
    """Of the whole time, what each of the layers that can run for ever gets. What is left is for those that end by themselves."""

    simulation: float = 0.42
    crashes: float = 0.18
    processes: float = 0.12


SHARE = Share()


def specification(*, processes: int, small: bool) -> Layer:
    """Every state of the protocol within bounds, and its mutants."""
    from proof.spec.many import searched

    found = searched(processes=processes, small=small)
    failed = [f"{result.model}: {result.found.invariant}" for result in found.violated if result.found]
    failed += [f"{result.model}: not searched to its end" for result in found.incomplete if not result.found]
    tried = [
        Tried(
            mutant=name,
            why=why,
            caught=f"{result.found.invariant} after {len(result.found.trace) - 1} steps"
            if result.found
            else "",
            harmless=bool(harmless),
        )
        for name, why, harmless, result in found.mutants
    ]
    return Layer(
        name="specification",
        what="The protocol's law, searched state by state.",
        figures={"models": len(found.models), "states": found.states, "transitions": found.transitions},
        seconds=found.seconds,
        failed=failed,
        tried=tried,
        left=found.left,
    )


def simulation(*, minutes: float, processes: int, first: int = 0, small: bool = False) -> Layer:
    """Random histories of the real verbs and consumer on the twins, and their mutants."""
    from proof.simulation.many import many
    from proof.simulation.mutants import MUTANTS
    from proof.simulation.trial import all_tried

    mutants, left = split([one.name for one in MUTANTS], str, small=small)
    tried = _trials(all_tried(mutants, processes=processes))
    total = many(first=first, minutes=minutes, processes=processes)
    rate = total.histories / total.busy if total.busy else 0.0
    figures = {
        "histories": total.histories,
        "steps": total.steps,
        "histories_a_core_second": round(rate),
        "longest_quiet_minutes": round(total.quiet / 60_000),
    }
    return Layer(
        name="simulation",
        what="The real verbs and the real consumer on in-memory twins, interleaved at every call, by seed, in virtual time.",
        figures=figures,
        seconds=total.seconds,
        ledger=total.ledger,
        hits=total.hits,
        failed=[*_shortest(total.failed[:1]), *_replays(total.failed[1:])],
        tried=tried,
        left=left,
    )


def crashes(*, minutes: float, processes: int, small: bool = False) -> Layer:
    """Every call of the real adapters gone wrong in every way, alone and in pairs."""
    from proof.crashes.many import many
    from proof.crashes.mutants import ALL
    from proof.crashes.trial import all_tried

    mutants, left = split([one.name for one in ALL], str, small=small)
    tried = _trials(all_tried(mutants, processes=processes))
    total = many(minutes=minutes, processes=processes)
    figures = {
        "plans": total.plans,
        "singles": total.singles,
        "of_singles": total.singles_there,
        "pairs": total.pairs,
        "of_pairs": total.pairs_there,
        "calls": total.calls,
    }
    return Layer(
        name="crashes",
        what="The real adapters on an in-process twin of AWS: a fault at every call, and at every two.",
        figures=figures,
        seconds=total.seconds,
        ledger=total.ledger,
        hits=total.hits,
        failed=[f'{words}; python -m proof.crashes --plan "{plan}"' for plan, words in total.failed],
        tried=tried,
        left=left,
    )


def processes(*, minutes: float) -> Layer:
    """Real processes, killed."""
    from proof.processes import all_tried, run

    tried = all_tried(quick=True)
    found = run(minutes=minutes)
    kills: Counter[str] = found.kills
    return Layer(
        name="processes",
        what="The API, the consumers and the tick as processes against an emulator, killed, cut off and lied to.",
        figures={"jobs": found.jobs, "kills": sum(kills.values()), "resets": found.resets},
        seconds=found.seconds,
        ledger=found.ledger,
        hits=found.hits,
        failed=found.failed,
        tried=tried,
    )


def _trials(verdicts: "Sequence[Verdict]") -> list[Tried]:
    return [
        Tried(
            mutant=one.mutant,
            why=one.why,
            caught=f"{one.invariant}, {one.by}" if one.by else "",
            harmless=one.harmless,
        )
        for one in verdicts
    ]


def _replays(failed: Sequence[tuple[int, str]]) -> list[str]:
    return [f"{words}; python -m proof.simulation --seed {seed}" for seed, words in failed]


def _shortest(failed: Sequence[tuple[int, str]]) -> list[str]:
    """A failed history as short as it gets, with its trace: the first of them is looked at first."""
    from proof.simulation.shrink import command, shrink

    said = []
    for seed, words in failed:
        variation, report = shrink(seed)
        said.append("\n".join([f"{words}; {command(seed, variation)}", *report.trace]))
    return said

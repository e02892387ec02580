"""The proof's report: what was run, hit, caught and found, as Markdown and JSON, its last line for machines."""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from proof.layer import Layer, Tried
from proof.matrix import TABLES

FOLDER = Path("build/proof")
JOBS = ("accepted", "succeeded", "dead", "cancelled", "expired", "lost", "recorded_twice")


@dataclass(frozen=True, kw_only=True)
class Report:
    """All layers together."""

    layers: Sequence[Layer]
    faults: Mapping[str, str]  #: those that apply today, each in words
    pending: Mapping[str, str]  #: those that wait for a part that is not built yet, each with the issue
    whole: bool = True  #: a sample need not have met every fault

    def total(self, name: str) -> int:
        """Jobs over all layers that run jobs."""
        return sum(layer.ledger[name] for layer in self.layers)

    def figure(self, layer: str, name: str) -> int:
        """One figure of one layer; 0 if it was not run."""
        return next((int(each.figures.get(name, 0)) for each in self.layers if each.name == layer), 0)

    @property
    def missed(self) -> list[str]:
        """Faults that apply and never happened."""
        return [fault for fault in self.faults if not any(layer.hits[fault] for layer in self.layers)]

    @property
    def mutants(self) -> dict[str, list[tuple[str, Tried]]]:
        """Each mutant with its trials, by layer."""
        found: dict[str, list[tuple[str, Tried]]] = {}
        for layer in self.layers:
            for tried in layer.tried:
                found.setdefault(tried.mutant, []).append((layer.name, tried))
        return found

    @property
    def left(self) -> set[str]:
        """Those that a sample left out."""
        return {name for layer in self.layers for name in layer.left} - set(self.mutants)

    @property
    def harmful(self) -> list[str]:
        """Mutants that must be caught."""
        return [name for name, trials in self.mutants.items() if not trials[0][1].harmless]

    @property
    def uncaught(self) -> list[str]:
        """Harmful mutants that no layer caught."""
        return [name for name in self.harmful if not any(tried.caught for _, tried in self.mutants[name])]

    @property
    def wronged(self) -> list[str]:
        """Harmless ones that some layer took for broken."""
        harmless = set(self.mutants) - set(self.harmful)
        return sorted(name for name in harmless if any(tried.caught for _, tried in self.mutants[name]))

    def wrong(self) -> Iterator[str]:
        """Why the proof does not hold; nothing if it does."""
        for layer in self.layers:
            for words in layer.failed:
                yield f"{layer.name}: {words}"
            for name in ("lost", "recorded_twice"):
                if layer.ledger[name]:
                    yield f"{layer.name}: {layer.ledger[name]} {name.replace('_', ' ')}"
            if layer.tried and not any(tried.caught for tried in layer.tried):
                yield f"{layer.name}: catches no mutant"
        for name in self.uncaught:
            yield f"mutant {name} was not caught"
        for name in self.wronged:
            yield f"mutant {name} is harmless and was caught"
        if self.whole and self.missed:
            yield f"faults that never happened: {', '.join(self.missed)}"

    @property
    def passed(self) -> bool:
        """Nothing is wrong."""
        return not any(True for _ in self.wrong())

    def last_line(self) -> str:
        """The whole in one line."""
        hit = len(self.faults) - len(self.missed)
        caught = len(self.harmful) - len(self.uncaught)
        return (
            f"jobs={self.total('accepted')} lost={self.total('lost')} recorded_twice={self.total('recorded_twice')} "
            f"histories={self.figure('simulation', 'histories')} crash_plans={self.figure('crashes', 'plans')} "
            f"faults_hit={hit}/{len(self.faults)} mutants_caught={caught}/{len(self.harmful)}{self._tried()}"
        )

    def _tried(self) -> str:
        """Of a sample, how many mutants it tried of how many."""
        there = len(self.mutants) + len(self.left)
        return f" mutants_tried={len(self.mutants)}/{there}" if self.left else ""

    def markdown(self) -> str:
        """For people. The last line is the one for machines."""
        return "\n".join([*self._head(), *self._faults(), *self._mutants(), "", self.last_line()]) + "\n"

    def _head(self) -> Iterator[str]:
        yield from ("# Proof", "")
        wrong = list(self.wrong())
        yield "It holds." if not wrong else "It does **not** hold:"
        yield from (f"- {words}" for words in wrong)
        yield from ("", "## What was run", "")
        for layer in self.layers:
            figures = ", ".join(
                f"{name.replace('_', ' ')} {_said(found)}" for name, found in layer.figures.items()
            )
            yield f"- **{layer.name}**: {layer.what} {figures}; {layer.seconds:.0f} s."
        yield from ("", "## What became of the jobs", "")
        running = [layer for layer in self.layers if layer.ledger]
        yield f"| jobs | {' | '.join(layer.name for layer in running)} | all |"
        yield f"|---|{'---:|' * (len(running) + 1)}"
        for name in JOBS:
            row = " | ".join(_said(layer.ledger[name]) for layer in running)
            yield f"| {name.replace('_', ' ')} | {row} | {_said(self.total(name))} |"

    def _faults(self) -> Iterator[str]:
        running = [layer for layer in self.layers if layer.hits]
        yield from ("", "## Faults, and how often each happened", "")
        yield f"| fault | what | {' | '.join(layer.name for layer in running)} |"
        yield f"|---|---|{'---:|' * len(running)}"
        for fault, words in self.faults.items():
            row = " | ".join(_said(layer.hits[fault]) if layer.hits[fault] else "" for layer in running)
            yield f"| {fault} | {words} | {row} |"
        yield from (
            "",
            "## Faults that wait for parts which are not built yet",
            "",
            "| fault | waits for |",
            "|---|---|",
        )
        yield from (f"| {fault} | {words} |" for fault, words in sorted(self.pending.items()))
        yield from ("", "Held by tests of their own, since nothing is to be injected:", "")
        yield from (f"- {fault}: {words}" for fault, words in TABLES.items())

    def _mutants(self) -> Iterator[str]:
        yield from (
            "",
            "## Broken variants, and what caught each",
            "",
            *([f"A sample: {len(self.left)} more are tried by `make proof`.", ""] if self.left else []),
            "| mutant | what is broken | caught by |",
            "|---|---|---|",
        )
        for name, trials in self.mutants.items():
            by = "; ".join(f"{layer}: {tried.caught}" for layer, tried in trials if tried.caught)
            nothing = "nothing, as it should be" if trials[0][1].harmless else "**NOTHING**"
            yield f"| {name} | {_cell(trials[0][1].why)} | {_cell(by) or nothing} |"

    def write(self, folder: Path = FOLDER) -> None:
        """report.md and report.json."""
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "report.md").write_text(self.markdown())
        found = {
            "passed": self.passed,
            "wrong": list(self.wrong()),
            "layers": [_plain(layer) for layer in self.layers],
            "missed": self.missed,
            "pending": dict(self.pending),
            "line": self.last_line(),
        }
        (folder / "report.json").write_text(json.dumps(found, indent=1) + "\n")


def _said(found: float | str) -> str:
    return found if isinstance(found, str) else f"{found:,}"


def _plain(layer: Layer) -> dict[str, Any]:
    return {
        **{name: getattr(layer, name) for name in ("name", "what", "seconds", "passed")},
        **{name: dict(getattr(layer, name)) for name in ("figures", "ledger", "hits")},
        "failed": list(layer.failed),
        "tried": [asdict(tried) for tried in layer.tried],
    }


def _cell(words: str) -> str:
    return words.replace("|", "\\|").replace("\n", " ")

"""How a run went: a line a check while it goes on, a summary at its end, and the same for machines."""

import json
from collections.abc import Sequence
from pathlib import Path

from rich.console import Console

from e2e.story import Outcome

MARK = {True: ("✓", "green"), False: ("✗", "bold red")}


class Report:
    """Writes to one console; colour only where that is a terminal."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._story = ""
        self.outcomes: list[Outcome] = []

    def told(self, outcome: Outcome) -> None:
        """One check has ended."""
        self.outcomes.append(outcome)
        if outcome.story != self._story:
            self._story = outcome.story
            self._say(f"\n{outcome.story}", style="bold")
        mark, style = MARK[outcome.ok] if outcome.ran else ("-", "yellow")
        self._say(f"  {mark} {outcome.name}  {outcome.seconds:.1f} s", style=style)
        if outcome.note:
            self._say(f"      {outcome.note}", style="dim" if outcome.ok else style)

    def say(self, words: str) -> None:
        self._say(words)

    def end(self, seconds: float) -> None:
        """What failed once more, and the last line."""
        failed = [outcome for outcome in self.outcomes if not outcome.ok]
        self._say("")
        for outcome in failed:
            if outcome.ran:
                self._say(f"FAILED {outcome.story}: {outcome.name}: {outcome.note}", style="bold red")
        idle = sum(not outcome.ran for outcome in failed)
        beside = f", {idle} of them not run since others failed" if idle else ""
        self._say(f"{len(self.outcomes)} checks in {seconds:.0f} s{beside}")
        self._say(last_line(self.outcomes))

    def _say(self, words: str, style: str = "") -> None:
        self._console.print(words, style=style, markup=False, highlight=False, soft_wrap=True)


def last_line(outcomes: Sequence[Outcome]) -> str:
    """What CI and people look for."""
    failed = sum(not outcome.ok for outcome in outcomes)
    return f"e2e passed={len(outcomes) - failed} failed={failed}"


def write(path: Path, outcomes: Sequence[Outcome], *, seconds: float) -> None:
    """The whole as JSON."""
    found = {
        "passed": sum(outcome.ok for outcome in outcomes),
        "failed": sum(not outcome.ok for outcome in outcomes),
        "seconds": round(seconds, 1),
        "checks": [
            {
                "story": outcome.story,
                "name": outcome.name,
                "ok": outcome.ok,
                "ran": outcome.ran,
                "seconds": round(outcome.seconds, 2),
                "note": outcome.note,
            }
            for outcome in outcomes
        ],
    }
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(found, indent=2) + "\n", encoding="utf-8")

"""A story: named checks in the order in which they run. One that fails is told and the story goes on, unless nothing after it can hold."""

import time
import traceback
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

from e2e.world import Missing, World

Show = Callable[[World], str | None]
"""Does what the check's name says. Raises when it does not hold; may return a note: what was found, or how the emulator differs from AWS."""


@dataclass(frozen=True, kw_only=True)
class Check:
    """One thing that must hold."""

    story: str
    name: str
    show: Show
    vital: bool
    """Nothing after it can hold without it."""
    quick: bool
    """Part of the short run."""


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """What became of a check."""

    story: str
    name: str
    ok: bool
    seconds: float
    note: str
    ran: bool = True
    """Not, when an earlier check left nothing to look at; then it does not hold either."""


class Story:
    """Collects its checks as they are written down."""

    def __init__(self, title: str) -> None:
        self.title = title
        self.checks: list[Check] = []

    def check(self, name: str, *, vital: bool = False, quick: bool = False) -> Callable[[Show], Show]:
        def written(show: Show) -> Show:
            self.checks.append(Check(story=self.title, name=name, show=show, vital=vital, quick=quick))
            return show

        return written


def run(checks: Iterable[Check], world: World, told: Callable[[Outcome], None]) -> list[Outcome]:
    """Run them one after the other. Every failure is an outcome; only being interrupted ends the run."""
    outcomes: list[Outcome] = []
    stopped = ""
    for check in checks:
        outcome = _without(check, stopped) if stopped else _shown(check, world)
        if check.vital and outcome.ran and not outcome.ok:
            stopped = f"not run, since this failed: {check.name}"
        outcomes.append(outcome)
        told(outcome)
    return outcomes


def _without(check: Check, why: str) -> Outcome:
    return Outcome(story=check.story, name=check.name, ok=False, seconds=0, note=why, ran=False)


def _shown(check: Check, world: World) -> Outcome:
    began = time.monotonic()
    ok, note = False, ""
    try:
        note, ok = check.show(world) or "", True
    except Missing as error:
        return _without(check, str(error))
    except AssertionError as error:
        note = f"{str(error) or 'an assertion without words'} ({_where(error)})"
    except Exception as error:  # noqa: BLE001 - whatever goes wrong is what the check found
        note = f"{type(error).__name__}: {error} ({_where(error)})"
    return Outcome(story=check.story, name=check.name, ok=ok, seconds=time.monotonic() - began, note=note)


def _where(error: Exception) -> str:
    """The innermost line of ours."""
    here = str(Path(__file__).parent)
    frames = [frame for frame in traceback.extract_tb(error.__traceback__) if frame.filename.startswith(here)]
    last = frames[-1]
    return f"{Path(last.filename).relative_to(Path(here).parent)}:{last.lineno}"

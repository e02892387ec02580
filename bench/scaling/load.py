"""What comes to a stage: flows of jobs, each with its tenant, its length, and when its tasks fail."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from bench.scaling.limits import SETTINGS, Settings

Rate = Callable[[int], float]
"""Of a second, counted from the start."""


def never(_: int) -> float:
    """Nothing at any time."""
    return 0.0


def steady(jobs: float, *, since: int = 0, until: int) -> Rate:
    """So many a second, from one second to another."""
    return lambda second: jobs if since <= second < until else 0.0


@dataclass(frozen=True, kw_only=True)
class Flow:
    """Jobs of one tenant and one kind."""

    name: str
    rate: Rate
    """Offered, a second."""
    task_seconds: float = 0.1
    failing: Rate = never
    """The part of the attempts that fail in this second."""
    slow: bool = False
    """Where the stage has two lanes, it is in the second."""


@dataclass(frozen=True, kw_only=True)
class Scenario:
    """A load and the settings it meets. `until`: the second after the last that brings jobs; it is looked at for `seconds` at most."""

    name: str
    words: str
    flows: Sequence[Flow]
    until: int
    seconds: int = 6 * 3600
    settings: Settings = field(default=SETTINGS)

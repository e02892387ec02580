"""The local stage: its numbers, and the environment in which all its processes run."""

import sys
from collections.abc import Mapping
from importlib import import_module
from pathlib import Path
from types import ModuleType

from chalicelib.domain.lane import MINUTE, Lane
from chalicelib.lanes import DECLARED

# Seconds. Most lanes have a minute on Lambda, but who watches a recovery waits for what is left of it.
FUNCTION_TIMEOUT = 30


def function_timeout(lane: Lane) -> float:
    """Seconds of one invocation. A lane that was declared longer than usual has tasks that need it."""
    declared = lane.timeout.total_seconds()
    return declared if lane.timeout > MINUTE else min(declared, FUNCTION_TIMEOUT)


def longest_timeout() -> float:
    """Of any lane's consumer, in seconds."""
    return max(map(function_timeout, DECLARED))


API_TIMEOUT = 29  # what API Gateway allows
TICK_EVERY = 2.0  # seconds, where EventBridge has a minute

# One machine has one clock, so what others leave for clocks that differ can be short.
CLOCK_SETTINGS = {"JOBLINE_SWEEP_GRACE": "6", "JOBLINE_CLOCK_LIMIT": "2", "JOBLINE_LEASE_SKEW": "2"}

LOOPBACK_NAMES = "127.0.0.1,localhost"


def stage_environment(
    base: Mapping[str, str],
    emulator: Mapping[str, str],
    *,
    tasks: str,
    app: str = "jobline",
    stage: str = "local",
) -> dict[str, str]:
    """The environment of the stage's processes: the caller's, but with this emulator for a cloud and no other way to one."""
    kept = {name: value for name, value in base.items() if not name.startswith(("AWS_", "JOBLINE_"))}
    listed = kept.get("no_proxy") or kept.get("NO_PROXY")
    no_proxy = f"{listed},{LOOPBACK_NAMES}" if listed else LOOPBACK_NAMES
    return {
        **kept,
        **emulator,
        **CLOCK_SETTINGS,
        **({"JOBLINE_WEBHOOKS_TO_LOOPBACK": "on"} if stage == "local" else {}),
        "JOBLINE_APP": app,
        "JOBLINE_STAGE": stage,
        "JOBLINE_TASKS": tasks,
        "NO_PROXY": no_proxy,
        "no_proxy": no_proxy,
    }


def see_task_modules() -> None:
    """Let modules of the current folder be imported, after everything else: a task module is looked for there."""
    if str(Path.cwd()) not in sys.path:
        sys.path.append(str(Path.cwd()))


def load_app(name: str) -> ModuleType:
    """Import the app module. Its tasks may come from the current folder, the app itself does not: others have an app.py too."""
    see_task_modules()
    return import_module(name)

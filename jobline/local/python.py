"""How the local stack starts Python: our own modules first, whatever folder and environment a person is in."""

import os
import sys
from collections.abc import Mapping
from pathlib import Path

from jobline import home

ROOT = Path(__file__).resolve().parents[2]


def run_module(module: str, *arguments: str) -> list[str]:
    """The command. Without the current folder on the path (-P): it may hold an app.py or a chalicelib of its own."""
    return [sys.executable, "-P", "-m", module, *arguments]


def finding_us(environment: Mapping[str, str]) -> dict[str, str]:
    """The environment, in which the same pipeline is importable as here, and Jobline also when it is not installed."""
    places = [str(home.tree()), *([str(ROOT)] if home.cloned() else [])]
    path = os.pathsep.join([*dict.fromkeys(places), *filter(None, [environment.get("PYTHONPATH")])])
    return {**environment, "PYTHONPATH": path, "PYTHONUNBUFFERED": "1"}

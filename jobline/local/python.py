"""How the local stack starts Python: our own modules first, whatever folder and environment a person is in."""

import os
import sys
from collections.abc import Mapping
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


def run_module(module: str, *arguments: str) -> list[str]:
    """The command. Without the current folder on the path (-P): it may hold an app.py or a chalicelib of its own."""
    return [sys.executable, "-P", "-m", module, *arguments]


def finding_us(environment: Mapping[str, str]) -> dict[str, str]:
    """The environment, in which Jobline is importable also when it is not installed."""
    path = environment.get("PYTHONPATH")
    return {
        **environment,
        "PYTHONPATH": f"{ROOT}{os.pathsep}{path}" if path else str(ROOT),
        "PYTHONUNBUFFERED": "1",
    }

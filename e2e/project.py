"""The checkout that is deployed: a copy of this one, with errands for tasks, small numbers, and what the emulator cannot judge bent for it."""

import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from e2e.cloud import ACCOUNT
from infra.config import ROOT
from infra.names import FED_BY
from tests.support.project import copy_project

STAGE = "dev"
ERRANDS = Path("chalicelib/tasks/errands.py")

TIMEOUT = 30
"""Seconds a function that a queue feeds may run, instead of a minute: what is left of it is waited for when a worker is lost."""
VISIBILITY = 6 * TIMEOUT

NUMBERS = {
    "JOBLINE_SWEEP_GRACE": "6",
    "JOBLINE_CLOCK_LIMIT": "2",
    "JOBLINE_LEASE_SKEW": "2",
    "JOBLINE_WAKE_GRACE": "2",
}
"""One machine has one clock, so what is left for clocks that differ can be short."""

BENT: Mapping[str, Mapping[str, str]] = {
    # The emulator speaks plain HTTP, and the stack refuses it.
    "infra/template.yaml": {'{"aws:SecureTransport": "false"}': '{"aws:SecureTransport": "nobody"}'},
    # It starts as many functions at once as a mapping may, each a process of this machine.
    "chalicelib/lanes.py": {f"concurrency={share}": "concurrency=5" for share in (400, 300, 100)},
    # A policy's variables are plain text to it; it asks for an action SendMessageBatch, which AWS has not; and it knows no leading keys.
    "infra/policies.py": {
        '"Condition": {"ForAnyValue:StringLike": {"dynamodb:LeadingKeys": ["item#*"]}}': "",
        "${aws:PrincipalAccount}": ACCOUNT,
        # It does not know which function a mapping feeds.
        '"StringLike": {"lambda:FunctionArn"': '"StringLikeIfExists": {"lambda:FunctionArn"',
        '"sqs:SendMessage"]': '"sqs:SendMessage", "sqs:SendMessageBatch"]',
    },
}
"""File to what is replaced in it, so that the emulator's IAM can judge the rest."""


def make(where: Path) -> Path:
    """The checkout, in this folder. Its policies still have to be written: `python -m infra policies`."""
    copy = copy_project(where)
    for name, replaced in BENT.items():
        for old, new in replaced.items():
            replace(copy / name, old, new)
    (copy / ERRANDS).write_text((ROOT / "e2e" / "errands.py").read_text(encoding="utf-8"), encoding="utf-8")
    _configure(copy / ".chalice" / "config.json")
    return copy


def release(copy: Path, version: int) -> None:
    """Change a line of the tasks' code."""
    text = (copy / ERRANDS).read_text(encoding="utf-8")
    changed, lines = re.subn(r"^VERSION = \d+$", f"VERSION = {version}", text, flags=re.MULTILINE)
    assert lines == 1, f"{ERRANDS} has {lines} lines that say VERSION = ..."
    (copy / ERRANDS).write_text(changed, encoding="utf-8")


def replace(path: Path, old: str, new: str) -> None:
    """Raises AssertionError when it is not there: what nobody misses would be bent for nothing."""
    text = path.read_text(encoding="utf-8")
    assert old in text, f"{path.name} does not say {old}"
    path.write_text(text.replace(old, new), encoding="utf-8")


def _configure(path: Path) -> None:
    config: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    stage = config["stages"][STAGE]
    stage["environment_variables"].update(NUMBERS)
    for function, settings in stage["lambda_functions"].items():
        if function in FED_BY:
            settings["lambda_timeout"] = TIMEOUT
    path.write_text(json.dumps(config, indent=2), encoding="utf-8")

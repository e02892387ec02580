"""A copy of the project to deploy from: Chalice leaves things behind in the folder that it works in."""

import shutil
from pathlib import Path

from infra.config import ROOT

INPUTS = (
    "app.py",
    "chalicelib",
    "infra",
    ".chalice/config.json",
    ".chalice/policies",
    "requirements.txt",
    "tests/support/__init__.py",
    "tests/support/chalice_shim.py",
)


def copy_project(where: Path) -> Path:
    """All that a deploy reads, without what tests have left in it; returns the folder."""
    for name in INPUTS:
        (where / name).parent.mkdir(parents=True, exist_ok=True)
        if (ROOT / name).is_dir():
            shutil.copytree(ROOT / name, where / name, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy(ROOT / name, where / name)
    return where

"""A package, built from a clean copy of the project: nothing that lies about in a working tree gets in, nothing is left behind."""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from infra.config import ROOT
from infra.packaging.bundle import TEMPLATE, ZIP, Bundle
from infra.sealing import unsealed

_CHALICE = "import sys; from chalice.cli import main; sys.exit(main())"
INPUTS = ("app.py", "chalicelib", "infra", "requirements.txt", ".chalice/config.json", ".chalice/policies")
PATIENCE = 300.0
"""Seconds; pip may have to ask far away."""


class NotBuilt(Exception):
    """Chalice could not make a package; says what Chalice said."""


def build(
    out: Path, *, stage: str, root: Path = ROOT, also: Mapping[str, str] | None = None, architecture: str = ""
) -> Bundle:
    """Let Chalice package `stage` into the folder `out`. Raises NotBuilt.

    `also` are more files, by their path in the project, for tests; `architecture` is another one than the configured.
    """
    config = json.loads((root / ".chalice/config.json").read_text(encoding="utf-8"))
    environment = config["stages"][stage].get("environment_variables", {})
    if faults := list(unsealed(environment, (root / "requirements.txt").read_text(encoding="utf-8"))):
        raise NotBuilt("\n".join(faults))
    with TemporaryDirectory() as folder:
        copy = Path(folder) / "project"
        for name in INPUTS:
            _copy(root / name, copy / name)
        for name, text in (also or {}).items():
            (copy / name).parent.mkdir(parents=True, exist_ok=True)
            (copy / name).write_text(text, encoding="utf-8")
        if architecture:
            _configure(copy / ".chalice" / "config.json", lambda_architecture=architecture)
        _package(copy, stage, out.resolve())
    return Bundle(out)


def _copy(source: Path, target: Path) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    if source.is_dir():
        shutil.copytree(source, target, ignore=shutil.ignore_patterns("__pycache__"))
    else:
        shutil.copy(source, target)


def _configure(path: Path, **settings: Any) -> None:
    config = json.loads(path.read_text(encoding="utf-8"))
    path.write_text(json.dumps({**config, **settings}), encoding="utf-8")


def _package(project: Path, stage: str, out: Path) -> None:
    for name in (ZIP, TEMPLATE):  # of an earlier run, in a folder that may hold other things too
        (out / name).unlink(missing_ok=True)
    run = subprocess.run(
        [sys.executable, "-c", _CHALICE, "package", "--stage", stage, str(out)],
        cwd=project,
        env={"AWS_DEFAULT_REGION": "us-east-1", **os.environ, "PYTHONDONTWRITEBYTECODE": "1"},
        text=True,
        capture_output=True,
        timeout=PATIENCE,
        check=False,
    )
    # A library that cannot be had is only a remark to Chalice, and it goes on without it.
    if run.returncode or "Could not install dependencies" in run.stdout + run.stderr:
        raise NotBuilt((run.stdout + run.stderr).strip())

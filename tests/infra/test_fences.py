"""The fences hold: what style forbids, the gate refuses."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

from infra.config import ROOT

DOMAIN = sorted((ROOT / "chalicelib" / "domain").glob("*.py"))
BIN = Path(sys.executable).parent


def complaints(source: str, at: str) -> set[str]:
    """The banned names that ruff finds in a file of that path."""
    run = subprocess.run(
        [
            BIN / "ruff",
            "check",
            "--select",
            "TID251",
            "--output-format",
            "concise",
            "--stdin-filename",
            at,
            "-",
        ],
        input=source,
        cwd=ROOT,
        text=True,
        capture_output=True,
        timeout=30,
        check=False,
    )
    return {line.split("`")[1] for line in run.stdout.splitlines() if "TID251" in line}


def imported(path: Path) -> set[str]:
    names = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            names.add(node.module or "")
    return names


@pytest.mark.parametrize("path", DOMAIN, ids=lambda path: path.stem)
def test_the_domain_imports_the_standard_library_and_itself_alone(path):
    for name in imported(path):
        assert name.partition(".")[0] in sys.stdlib_module_names or name.startswith("chalicelib.domain")


OFFENCES = {
    "datetime.datetime.now": "import datetime\ndatetime.datetime.now()\n",
    "datetime.datetime.utcnow": "from datetime import datetime\ndatetime.utcnow()\n",
    "datetime.date.today": "from datetime import date\ndate.today()\n",
    "time.time": "import time\ntime.time()\n",
    "time.monotonic": "from time import monotonic\nmonotonic()\n",
    "time.sleep": "import time\ntime.sleep(1)\n",
    "asyncio.sleep": "import asyncio\nasyncio.sleep(1)\n",
    "random": "import random\n",
    "secrets": "from secrets import token_hex\n",
    "uuid": "import uuid\n",
    "os.urandom": "import os\nos.urandom(1)\n",
    "pickle": "import pickle\n",
}


@pytest.mark.parametrize(("name", "source"), OFFENCES.items(), ids=OFFENCES)
@pytest.mark.parametrize("at", ["chalicelib/domain/x.py", "chalicelib/adapters/aws/x.py", "app.py"])
def test_time_chance_and_ids_come_from_world_alone(name, source, at):
    assert name in complaints(source, at)


def test_world_itself_may_look_at_the_clock():
    assert complaints(OFFENCES["time.time"], "chalicelib/adapters/world.py") == set()

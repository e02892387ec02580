"""Chalice's own command, run as a person would run it: in a process of its own, in the project's folder, for one stage."""

import os
import subprocess
import sys
from collections.abc import Sequence

from infra.config import ROOT

COMMAND = "chalice.cli"
LIMIT = 1800  # seconds; six uploads over a slow line


class ChaliceFailed(Exception):
    """The command ended in failure; it has said why itself."""


def chalice(arguments: Sequence[str], *, module: str = COMMAND) -> None:
    """Run it and show what it says. `module`: one with a `main()`, such as Chalice's own. Raises ChaliceFailed.

    A process, since importing app.py for one stage decides what its handlers listen to. No bytecode is written: it would go into the zip, and
    make each zip another.
    """
    program = f"import sys; from {module} import main; sys.exit(main())"  # its main returns what went wrong
    ended = subprocess.run(
        [sys.executable, "-c", program, *arguments],
        cwd=ROOT,
        env={**os.environ, "PYTHONDONTWRITEBYTECODE": "1"},
        timeout=LIMIT,
        check=False,
    )
    if ended.returncode != 0:
        raise ChaliceFailed(f"chalice {' '.join(arguments)} ended with {ended.returncode}")

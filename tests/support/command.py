"""An example run as a person runs it: by its command, in a process of its own, on the real local stack."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]


def run_example(name: str, out: Path) -> tuple[dict[str, Any], str]:
    """Run `python -m examples.<name>`; what it says as JSON, and what it told people meanwhile. Fails unless all went well."""
    run = subprocess.run(
        [sys.executable, "-m", f"examples.{name}", "--json", "--out", str(out), "--time-limit", "200"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=280,
        check=False,
    )
    assert run.returncode == 0, run.stderr
    said: dict[str, Any] = json.loads(run.stdout)
    assert said["wrong"] == []
    return said, run.stderr

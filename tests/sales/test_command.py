"""The whole of it, as a person runs it: on the real local stack, in real child processes."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


@pytest.mark.slow
@pytest.mark.timeout(300)
def test_a_large_table_is_reported_on_the_local_stack_by_one_command(tmp_path):
    run = subprocess.run(
        [sys.executable, "-m", "examples.sales", "--json", "--out", str(tmp_path), "--time-limit", "200"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=280,
        check=False,
    )

    assert run.returncode == 0, run.stderr
    said = json.loads(run.stdout)
    assert said["wrong"] == []
    assert said["result"]["sums"]["rows"] + said["result"]["sums"]["broken"] == 200_000
    assert said["jobs"]["add_up_piece"] == {"SUCCEEDED": 8}
    assert (tmp_path / "sales.svg").read_text().startswith("<svg ")
    assert len(list((tmp_path / "mail").glob("*.eml"))) == 1

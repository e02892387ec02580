"""The whole of it, as a person runs it: on the real local stack."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


@pytest.mark.slow
@pytest.mark.timeout(300)
def test_the_site_is_crawled_on_the_local_stack_by_one_command(tmp_path):
    run = subprocess.run(
        [sys.executable, "-m", "examples.crawler", "--json", "--out", str(tmp_path), "--time-limit", "200"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=280,
        check=False,
    )

    assert run.returncode == 0, run.stderr
    said = json.loads(run.stdout)
    assert said["wrong"] == []
    assert said["result"]["levels"] == 4
    assert said["jobs"]["write_summary"] == {"SUCCEEDED": 1}
    assert said["jobs"]["fetch_page"]["DEAD"] == 1
    assert Path(said["result"]["page"]).read_text().startswith("# http://127.0.0.1:")
    assert "summary.md" in run.stderr

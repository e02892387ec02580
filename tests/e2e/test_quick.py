"""The command itself: the short run holds, a broken one does not, an interrupted one leaves nothing behind."""

import json
import os
import re
import select
import signal
import subprocess
import sys
import time
import uuid
from pathlib import Path

import pytest

from infra.config import ROOT

pytestmark = [pytest.mark.slow, pytest.mark.timeout(1200)]

MARK = "E2E_TEST_MARK"
"""A variable that everything which a run starts inherits."""


def start(*words, mark):
    return subprocess.Popen(
        [sys.executable, "-u", "-m", "e2e", *words],
        cwd=ROOT,
        env={**os.environ, MARK: mark},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )


def ran(*words):
    """Exit status, and what it said; nothing that it started is left."""
    mark = uuid.uuid4().hex
    run = start(*words, mark=mark)
    try:
        said, _ = run.communicate(timeout=1100)
    finally:
        if run.poll() is None:
            run.terminate()
            run.wait(30)
    assert left(mark) == []
    return run.returncode, said


def left(mark):
    """The processes that were started with this mark and still run."""
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            if f"{MARK}={mark}".encode() in (folder / "environ").read_bytes():
                found.append((folder / "cmdline").read_bytes())
        except OSError:
            continue  # it has ended, or is another's
    return found


def test_the_short_run_holds(tmp_path):
    status, said = ran("--quick", "--json", str(tmp_path / "e2e.json"))

    assert status == 0, said
    assert re.fullmatch(r"e2e passed=\d\d failed=0", said.splitlines()[-1])
    checks = json.loads((tmp_path / "e2e.json").read_text())["checks"]
    assert len(checks) >= 15
    assert all(check["ok"] for check in checks)


@pytest.mark.long
def test_a_grant_that_is_missing_is_found_where_it_is_missed():
    status, said = ran("--quick", "--break", "grant")

    assert status == 1, said
    assert not said.rstrip().endswith("failed=0")
    failed = [line for line in said.splitlines() if line.startswith("FAILED")]
    assert failed[0].startswith("FAILED ask: what no row can hold goes in and comes out"), said


@pytest.mark.long
def test_an_interrupted_run_leaves_nothing_running():
    mark = uuid.uuid4().hex
    run = start("--quick", mark=mark)
    assert run.stdout is not None
    try:
        deadline, said = time.monotonic() + 60, ""
        while "✓" not in said:
            assert select.select([run.stdout], [], [], max(0, deadline - time.monotonic()))[0], said
            said += run.stdout.readline()
        assert len(left(mark)) >= 2, "there is nothing to be ended"

        run.send_signal(signal.SIGINT)
        rest, _ = run.communicate(timeout=60)
    finally:
        run.kill()
        run.wait(30)

    assert run.returncode == 130, rest
    assert "interrupted" in rest
    assert left(mark) == []

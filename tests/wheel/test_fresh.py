"""From nothing but the wheel, Python, make and the package index to a job of one's own: as a new user does it."""

import re
import shutil
import subprocess

import pytest

from bench import first_five
from bench.first_five import ROUTES, environment, table, walk
from jobline.local.python import ROOT

PAGE = (ROOT / "docs" / "first-five-minutes.md").read_text(encoding="utf-8")
PROJECT_PAGE = (ROOT / "docs" / "new-project.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"```(?:sh|python)\n(.*?)```", PAGE, re.DOTALL)


def test_the_page_has_the_steps_that_are_timed_and_no_more():
    typed = [step.words for step in ROUTES["wheel"] if not step.writes]

    assert [line for block in (BLOCKS[0], BLOCKS[2]) for line in block.splitlines()] == typed
    assert BLOCKS[1] == first_five.TASK
    assert f"hello/{first_five.OWN}" in PAGE
    assert len(ROUTES["wheel"]) == 6, "kept short: say so on the page if it grows"
    assert len(ROUTES["clone"]) == 4


def test_the_table_counts_its_steps():
    timed = [first_five.Timed(step=step, seconds=1.0) for step in ROUTES["clone"]]

    assert table(timed).splitlines()[-1] == "| 4 steps | 4.0 |"
    assert f"| write `{first_five.OWN}` | 1.0 |" in table(timed)


@pytest.mark.slow
@pytest.mark.long
@pytest.mark.timeout(1800)
def test_a_new_user_gets_a_finished_job_of_their_own_a_demo_and_tests_that_pass(tmp_path):
    timed = list(walk("wheel", tmp_path))
    print(table(timed))
    assert [one.step for one in timed] == list(ROUTES["wheel"])

    hello = tmp_path / "hello"
    demo, tests = (said(f"make {what}", hello) for what in ("demo", "test"))
    assert "result    'hello, world!'" in demo
    assert "2 passed" in tests

    # And once more as the project's page has it, with the environment that is there already.
    command = re.findall(r"```sh\n(jobline new .*)\n```", PROJECT_PAGE)[0].replace("hello", "again")
    again = tmp_path / "again"
    words = command.replace("jobline new", "tools/bin/jobline new").split(" && ")
    said(words[0], tmp_path)
    shutil.copytree(hello / ".venv", again / ".venv", symlinks=True)
    assert "accepted  greet" in said(words[2], again)


def said(command, folder):
    """What a shell prints for it."""
    run = subprocess.run(
        command,
        shell=True,
        cwd=folder,
        env=environment(),
        text=True,
        capture_output=True,
        timeout=900,
        check=False,
    )
    assert run.returncode == 0, run.stdout + run.stderr
    return run.stdout

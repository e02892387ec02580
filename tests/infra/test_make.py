"""The commands that people and CI type."""

import re
import shlex
import subprocess

from infra.config import ROOT
from tests.conftest import MARKS

MAKEFILE = (ROOT / "Makefile").read_text()


def test_make_alone_prints_every_target_and_what_it_is_for():
    run = subprocess.run(["make"], cwd=ROOT, text=True, capture_output=True, timeout=30, check=True)

    told = re.findall(r"^  make ([a-z0-9-]+) +\S", run.stdout, flags=re.MULTILINE)
    assert told == re.findall(r"^\.PHONY: ([\w-]+)$", MAKEFILE, flags=re.MULTILINE)
    assert {"demo", "up", "test", "check", "cost", "lock", "clean"} <= set(told)


def test_ci_types_the_same_two_commands():
    script = (ROOT / ".ci" / "run").read_text()

    assert re.findall(r"^make ([\w ]+)$", script, flags=re.MULTILINE) == ["check test"]
    assert "set -eu" in script


def _ignored(words):
    return {word.removeprefix("--ignore=") for word in words if word.startswith("--ignore=")}


def test_the_gate_runs_every_test_but_the_longest_and_each_once():
    run = subprocess.run(
        ["make", "-n", "check", "test"],
        cwd=ROOT,
        text=True,
        capture_output=True,
        timeout=30,
        check=True,
    )

    runs = [shlex.split(line) for line in run.stdout.splitlines() if " -m pytest " in line]
    covered, others, slow = [set(words) for words in runs]
    folders = {f"tests/{path.name}" for path in (ROOT / "tests").iterdir() if [*path.glob("**/test_*.py")]}
    named = {word for word in covered if word.startswith("tests/")}
    exhaustive = {word for word in others if word.endswith(".py")}
    assert named <= folders
    assert folders <= named | others
    assert not named & others
    assert _ignored(covered) == exhaustive
    assert all((ROOT / path).is_file() and path.startswith(tuple(named)) for path in exhaustive)
    # pytest leaves out what lies in a folder that is ignored, even where it is named.
    assert not _ignored(others)
    assert "not slow" in covered & others
    assert "slow and not long" in slow
    assert not [word for word in slow if word.startswith(("tests/", "--ignore"))]
    assert run.stdout.count("-m proof ") == 1


def test_the_longest_tests_have_a_target_of_their_own_and_are_few():
    run = subprocess.run(
        ["make", "-n", "long"], cwd=ROOT, text=True, capture_output=True, timeout=30, check=True
    )
    assert "-m long" in run.stdout
    marked = [
        path.relative_to(ROOT).as_posix()
        for path in (ROOT / "tests").glob("**/test_*.py")
        if re.search(r"^@pytest\.mark\.long$", path.read_text(encoding="utf-8"), re.MULTILINE)
    ]
    # Each is a test that nobody runs before landing: there has to be a reason for one more.
    assert 1 <= len(marked) <= 16, marked


def test_what_is_slow_says_so_where_pytest_looks_for_it_before_it_reads_the_file():
    tests = ROOT / "tests"
    elsewhere = [
        path.relative_to(ROOT).as_posix()
        for path in tests.glob("**/*.py")
        if not path.name.startswith("test_")
        and path.name != "conftest.py"
        and any(mark in path.read_text(encoding="utf-8") for mark in MARKS)
    ]
    assert elsewhere == []
    # Above all files a mark would say of each that it may be slow.
    assert "pytest.mark." not in (tests / "conftest.py").read_text(encoding="utf-8")

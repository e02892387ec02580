"""The last line of `make security` is what was counted, and its status says whether there is something to mend."""

import os
import subprocess
import sys

import pytest

from infra.config import ROOT
from proof.security.summary import Summary
from tests.security.tally import VARIABLE, tell, told

GOOD = {"cases": 5, "server_errors": 0, "leaks": 0, "matrix": 9, "matrix_cells": 9, "findings": 0}


def test_the_line_says_what_was_counted():
    found = Summary()
    found.add(**GOOD)
    found.add(cases=2)
    found.step("a step", 0, "")
    assert found.line() == "cases=7 server_errors=0 leaks=0 matrix=9/9 findings=0"
    assert found.status() == 0


@pytest.mark.parametrize("name", ["server_errors", "leaks", "findings", "matrix_cells"])
def test_one_of_anything_fails_it(name):
    found = Summary()
    found.add(**GOOD)
    found.add(**{name: 1})
    assert found.status() == 1


@pytest.mark.parametrize("name", GOOD)
def test_what_nobody_counted_fails_it(name):
    found = Summary()
    found.add(**{one: count for one, count in GOOD.items() if one != name})
    assert found.status() == 1
    assert "?" in found.line()


def test_a_step_that_failed_is_a_finding(capsys):
    found = Summary()
    found.add(**GOOD)
    found.step("bandit", 2, "it died")
    assert found.line().endswith("findings=1")
    assert "it died" in capsys.readouterr().out


def test_the_fuzzers_alone_need_no_matrix():
    found = Summary()
    found.add(cases=5, server_errors=0, findings=0)
    assert found.line(partly=True) == "cases=5 server_errors=0 findings=0"
    assert found.status(partly=True) == 0


def test_what_the_tests_count_arrives_though_they_see_no_setting_of_this_machine(tmp_path):
    tally = tmp_path / "tally.jsonl"
    command = [
        sys.executable,
        "-m",
        "pytest",
        "-q",
        "-p",
        "no:cacheprovider",
        f"{__file__}::test_one_is_told",
    ]
    subprocess.run(command, env={**os.environ, VARIABLE: str(tally)}, check=True, timeout=100, cwd=ROOT)
    assert told(tally) == {"cases": 1}


@pytest.mark.skipif(VARIABLE not in os.environ, reason="asked for by the test above, and by make security")
def test_one_is_told():
    tell(cases=1)

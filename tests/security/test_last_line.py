"""The last line of `make security` is what was counted, and its status says whether there is something to mend."""

import pytest

from proof.security.summary import Summary

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

"""`jobline budgets`, for people and for programs; and what its page says."""

import json
import re
import shlex

import pytest

from jobline.local.python import ROOT

PAGE = ROOT / "docs" / "budgets.md"


@pytest.fixture
def boss(typed, desk, monkeypatch):
    monkeypatch.setenv("JOBLINE_API_KEY", desk.caller("admin", tenant="ops").token)
    return typed


def test_a_budget_is_set_shown_and_taken_away(boss):
    made = boss("budgets", "set", "--tenant", "acme", "--day", "5", "--pause")
    assert made.exit_code == 0, made.output
    assert "$0.0000 of $5" in made.stdout
    shown = json.loads(boss("budgets", "show", "--tenant", "acme", "--json").stdout)
    assert (shown["day"]["dollars"], shown["on_spent"]) == (5, "pause")
    assert "acme" in boss("budgets").stdout
    assert boss("budgets", "remove", "--tenant", "acme", "--yes").exit_code == 0
    assert "there are no budgets" in boss("budgets").stderr


@pytest.mark.parametrize(
    "words",
    [
        ("set", "--tenant", "acme"),
        ("set", "--day", "5"),
        ("set", "--stage", "--task", "add", "--day", "5"),
        ("show",),
        ("remove", "--yes"),
    ],
)
def test_what_says_too_little_or_too_much_is_typed_wrongly(boss, words):
    assert boss("budgets", *words).exit_code == 2


def test_who_is_no_administrator_is_told_so(typed, desk, monkeypatch):
    monkeypatch.setenv("JOBLINE_API_KEY", desk.caller("operate").token)
    assert typed("budgets", "set", "--stage", "--day", "5").exit_code == 6


def test_the_pages_commands_run(boss):
    [commands] = re.findall(r"```sh\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL)
    for line in commands.splitlines():
        words = shlex.split(line, comments=True)
        assert boss(*words[1:]).exit_code == 0, line

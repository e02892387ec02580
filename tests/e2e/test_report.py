"""What people and machines read of a run."""

import io
import json

import pytest
from rich.console import Console

from e2e.report import Report, last_line, write
from e2e.story import Outcome


def outcome(name, *, ok=True, ran=True, note=""):
    return Outcome(story="deploy", name=name, ok=ok, seconds=1.25, note=note, ran=ran)


OUTCOMES = [
    outcome("it stands"),
    outcome("it [red]answers[/]", ok=False, note="503"),
    outcome("it is listed", ok=False, ran=False, note="there is no API to ask"),
]


@pytest.fixture
def said():
    text = io.StringIO()
    report = Report(Console(file=text))
    for each in OUTCOMES:
        report.told(each)
    report.end(12.3)
    return text.getvalue()


def test_the_last_line_counts_what_did_not_run_as_failed(said):
    assert said.splitlines()[-1] == last_line(OUTCOMES) == "e2e passed=1 failed=2"


def test_only_what_ran_is_a_reason(said):
    told = [line for line in said.splitlines() if line.startswith("FAILED")]

    assert told == ["FAILED deploy: it [red]answers[/]: 503"]
    assert "3 checks in 12 s, 1 of them not run" in said


def test_colours_are_for_terminals(said):
    assert "\x1b" not in said
    assert "  ✓ it stands  1.2 s" in said
    assert "  ✗ it [red]answers[/]" in said


def test_machines_get_the_same(tmp_path):
    file = tmp_path / "new" / "e2e.json"

    write(file, OUTCOMES, seconds=12.34)

    found = json.loads(file.read_text())
    assert (found["passed"], found["failed"], found["seconds"]) == (1, 2, 12.3)
    assert [check["name"] for check in found["checks"]] == [each.name for each in OUTCOMES]
    assert [check["ran"] for check in found["checks"]] == [True, True, False]

"""`jobline cost` and `jobline plan`: what jobs cost, and would cost, for people and for programs."""

import json
import re
import shlex

import pytest

from jobline.local.python import ROOT
from tests.cli.test_stats import kept, rows, worked

__all__ = ["kept", "worked"]  # fixtures

PAGE = ROOT / "docs" / "costs.md"


@pytest.mark.usefixtures("worked")
def test_people_see_a_row_for_each_task_and_a_sum(typed):
    result = typed("cost")

    assert result.exit_code == 0, result.output
    found = rows(result.stdout)
    assert found["add"][:3] == ["add", "3", "3"]
    assert found["fail"][:3] == ["fail", "1", "1"]
    assert found["all"][:3] == ["all", "4", "4"]
    dollars = [float(found[name][-2]) for name in ("add", "fail", "all")]
    assert dollars[0] + dollars[1] == pytest.approx(dollars[2], abs=2e-6)
    assert "List prices of" in result.stderr


@pytest.mark.usefixtures("worked")
def test_programs_get_the_document(typed):
    found = json.loads(typed("cost", "--by", "day,task", "--since", "2d", "--json").stdout)

    assert (found["by"], found["tenant"], found["total"]["ended"]) == (["day", "task"], "ann", 4)


def test_where_nothing_ran_it_says_so(typed, desk):
    result = typed("cost")

    assert result.exit_code == 0
    assert "nothing ran" in result.stderr


@pytest.mark.parametrize("words", [("--by", "hour"), ("--jobs", "5", "--since", "1d"), ("--task-ms", "0")])
def test_what_cannot_be_asked_is_typed_wrongly(jobline, words):
    assert jobline("cost", *words).exit_code == 2


@pytest.mark.usefixtures("worked")
def test_the_pages_commands_run(typed):
    commands, *_ = re.findall(r"```sh\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL)
    for line in commands.splitlines():
        words = shlex.split(line, comments=True)
        assert typed(*words[1:]).exit_code == 0, line


@pytest.mark.usefixtures("worked")
def test_people_see_a_plan_with_what_it_takes_for_granted(typed):
    result = typed("plan", "add", "--count", "1000000")

    assert result.exit_code == 0, result.output
    assert "1,000,000 jobs of add" in result.stdout
    assert "limited by table" in " ".join(result.stdout.split())
    assert "3,000,000 write units" in result.stdout
    assert "batches are full" in result.stderr


def test_programs_get_a_plan_for_a_run_that_they_name(typed, desk):
    words = ("--count", "10", "--run", "2s", "--a-request", "1", "--last", "1d", "--json")
    found = json.loads(typed("plan", "add", *words).stdout)

    assert (found["count"], found["sqs_requests"]) == (10, 12)


def test_without_a_history_one_is_told_what_to_say(typed, desk):
    result = typed("plan", "add", "--count", "10")

    assert result.exit_code == 1
    assert "run_ms" in result.stderr

"""`jobline stats`: what jobs came to, for people and for programs."""

import json
import re
import shlex
from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib import wiring
from chalicelib.adapters.observed import ObservedStore
from chalicelib.adapters.statistics import Statistics
from chalicelib.lanes import MEMORY
from chalicelib.pipeline.nobody import NOBODY_TRACES
from jobline.cli.spark import BARS, spark
from jobline.local.python import ROOT
from tests.support.wire import URL

PAGE = ROOT / "docs" / "stats.md"
SECOND = timedelta(seconds=1)


@pytest.fixture
def kept(desk):
    """The desk's statistics, kept from here on."""
    made = Statistics(desk.parts.items, desk.world, memory=MEMORY, aside=lambda act: act())
    desk.parts = replace(desk.parts, metrics=made, store=ObservedStore(desk.store, NOBODY_TRACES, made))
    wiring.use(desk.parts)
    return made


@pytest.fixture
def worked(desk, kept):
    """Three jobs that succeeded, one that died, one of somebody else."""
    ann, bob = desk.caller(), desk.caller(tenant="bob")
    for _ in range(3):
        ann.submit()
    ann.submit("fail", {"why": "x"})
    bob.submit()
    with kept.invocation("default"):
        desk.work()
        desk.world.advance(SECOND)


def rows(output: str) -> dict[str, list[str]]:
    """A table's rows by their first cell."""
    return {line.split()[0]: line.split() for line in output.splitlines() if line and line[0] != " "}


def test_people_see_a_row_for_each_task_bars_and_a_sum(typed, worked):
    result = typed("stats")

    assert result.exit_code == 0, result.output
    found = rows(result.stdout)
    assert found["add"][:6] == ["add", "3", "3", "0", "0", "0"]
    assert found["fail"][:6] == ["fail", "1", "0", "0", "1", "0"]
    assert found["all"][:6] == ["all", "4", "3", "0", "1", "0"]
    assert "ended" in result.stdout
    assert BARS[-1] in result.stdout
    assert "4 jobs in" in result.stdout


def test_programs_get_the_document(typed, worked):
    found = json.loads(typed("stats", "--json", "--since", "2h", "--step", "5m").stdout)

    assert (found["step"], found["tenant"], found["totals"]["succeeded"]) == (300, "ann", 3)


def test_an_administrator_sees_all_by_tenant_or_by_step(typed, worked):
    by_tenant = rows(typed("stats", "--tenant", "*", "--by", "tenant").stdout)
    assert (by_tenant["ann"][1], by_tenant["bob"][1], by_tenant["all"][1]) == ("4", "1", "5")

    [step, whole] = typed("stats", "--tenant", "*", "--by", "step").stdout.splitlines()[-2:]
    assert (step.split()[1], whole.split()[1]) == ("5", "5")


def test_one_task_alone_needs_no_sum(typed, worked):
    result = typed("stats", "--task", "fail")

    assert "all" not in rows(result.stdout)
    assert "fail alone" in result.stderr


def test_where_nothing_ran_it_says_so(typed, desk):
    result = typed("stats")

    assert result.exit_code == 0
    assert "nothing ran" in result.stderr


def test_a_wrong_step_is_told_by_name(typed, desk):
    result = typed("stats", "--step", "90s")

    assert result.exit_code != 0
    assert "step" in result.stderr


def test_what_is_missing_is_told(typed, worked, monkeypatch):
    from jobline.client import Client

    asked = Client.stats

    def folded(self, **how):
        found = asked(self, **how)
        return {**found, "folded": True, "complete_until": found["since"]}

    monkeypatch.setattr(Client, "stats", folded)
    said = typed("stats").stderr

    assert "too many to be told apart" in said
    assert "Complete until" in said


def test_the_pages_commands_and_its_example_run(typed, worked, desk, wire, capsys):
    commands, example = re.findall(r"```(?:python|sh)\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL)
    for line in commands.splitlines():
        words = shlex.split(line, comments=True)
        assert typed(*words[1:]).exit_code == 0, line

    given = {"url": URL, "api_key": desk.caller().token, "now": desk.world.now() + SECOND}
    code = example.replace("Client(url, key=api_key)", "Client(url, key=api_key, transport=wire)")
    exec(compile(code, str(PAGE), "exec"), {**given, "wire": wire})
    [succeeded, p95, dollars] = capsys.readouterr().out.split()
    assert int(succeeded) == 3
    assert float(p95) >= 0
    assert float(dollars) > 0


@given(st.lists(st.floats(0, 1e9), max_size=300), st.integers(1, 80))
def test_bars_fit_their_columns_and_the_highest_is_the_highest(values, width):
    bars = spark(values, width)

    assert len(bars) <= width
    assert set(bars) <= {*BARS, " "}
    assert (BARS[-1] in bars) == any(values)


def test_a_job_among_thousands_is_still_a_bar():
    assert spark([1, 8000, 0], 3) == "▁█ "
    assert spark([], 3) == spark([1], 0) == ""

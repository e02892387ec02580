"""`jobline workflow`, against the real API on twins."""

import json

import pytest

from tests.api.test_workflows import CHAIN, worked
from tests.cli.hostile import HOSTILE, harmless

NOBODY = "01KDWPVNG0ZZZZZZZZZZZZZZZZ"


@pytest.fixture
def chain(typed, desk):
    """A chain that has succeeded."""
    job_id = typed("workflow", "submit", json.dumps(CHAIN)).stdout.strip()
    worked(desk)
    return job_id


@pytest.fixture
def broken(typed, desk):
    """A group that is dead of one of its two."""
    group = {"group": [{"task": "add", "args": {"a": 1}}, {"task": "fail", "args": {"why": HOSTILE}}]}
    job_id = typed("workflow", "submit", json.dumps(group)).stdout.strip()
    worked(desk)
    return job_id


def test_it_runs_and_is_a_job_too(typed, chain):
    assert typed("result", chain).stdout == "12\n"
    shown = typed("workflow", "show", chain)
    assert shown.exit_code == 0
    assert shown.stdout.count("SUCCEEDED") == 1 + 1 + 3
    assert json.loads(typed("workflow", "show", chain, "--json").stdout)["id"] == chain


def test_from_a_file_and_the_same_key_is_the_same_workflow(typed, tmp_path):
    (tmp_path / "w.json").write_text(json.dumps(CHAIN), encoding="utf-8")
    words = ("workflow", "submit", "@w.json", "--key", "k", "--tag", "t", "--delay", "1m", "--json")

    first, again = (json.loads(typed(*words).stdout) for _ in range(2))

    assert first["id"] == again["id"]
    assert first["tags"] == ["t"]


def test_no_answer_makes_no_second_workflow(typed, wire, desk):
    wire.troubles = ["lost"]

    assert typed("workflow", "submit", json.dumps(CHAIN)).exit_code == 0
    assert [row.task for row in desk.store.rows.values()].count("jobline.workflow") == 1


def test_what_went_wrong_is_seen_and_nothing_of_it_plays_with_the_terminal(typed, broken):
    shown = typed("workflow", "show", broken)
    assert "ValueError" in shown.stdout
    dead = typed("workflow", "children", broken, "--state", "dead")
    assert [line.split()[1:3] for line in dead.stdout.splitlines()[1:]] == [["fail", "DEAD"]]
    assert all(
        harmless(typed("workflow", verb, broken, *more).output)
        for verb in ("show", "graph", "children")
        for more in ((), ("--json",))
    )


def test_the_graph_is_mermaid_for_people_and_boxes_for_programs(typed, chain):
    assert typed("workflow", "graph", chain).stdout.startswith("flowchart")
    assert len(json.loads(typed("workflow", "graph", chain, "--json").stdout)["nodes"]) == 3


def test_it_is_cancelled_and_retried(typed, chain, broken, desk):
    assert "had ended before: SUCCEEDED" in typed("workflow", "cancel", chain).stdout
    assert f"{broken} is " in typed("workflow", "retry", broken).stdout
    assert typed("workflow", "retry", chain).exit_code == 1


def test_errors(typed):
    assert typed("workflow", "submit", "[]").exit_code == 2
    assert typed("workflow", "submit", "@nowhere.json").exit_code == 2
    wrong = typed("workflow", "submit", '{"chain": [{"task": "add", "args": {"x": 1}}]}')
    assert wrong.exit_code == 1
    assert "workflow.chain[0]" in wrong.stderr
    for verb in ("show", "graph", "children", "cancel", "retry"):
        assert typed("workflow", verb, NOBODY).exit_code == 3

"""Results that are too many for a list, or too large: where they lie stands in their place, and a map takes that for its items."""

from typing import Any

import pytest

from chalicelib.domain.job import State
from chalicelib.pipeline.payloads import load
from chalicelib.pipeline.redrive import redrive
from chalicelib.pipeline.sealer import result_of
from chalicelib.pipeline.workflows import gather
from chalicelib.pipeline.workflows.flow import chain
from chalicelib.pipeline.workflows.gather import MOST_LISTED
from tests.support.drive import drain


class Work:
    def __init__(self, stage):
        self.stage = stage
        self.broken: set[int] = set()
        self.got: list[Any] = []
        self.number = stage.task(self._number, "number", max_attempts=1)
        self.more = stage.task(self._more, "more")
        self.look = stage.task(self._look, "look")
        self.text = stage.task(self._text, "text")

    def _number(self, x: int) -> int:
        if x in self.broken:
            raise ValueError(x)
        return x

    def _more(self, x: int | None) -> int:
        return -1 if x is None else x + 1

    def _text(self, length: int) -> str:
        return "x" * (length - 2)

    def _look(self, found: Any) -> Any:
        self.got.append(found)
        return found

    def submit(self, flow):
        return self.stage.submit("jobline.workflow", {"workflow": flow.json()})


@pytest.fixture
def work(stage):
    return Work(stage)


def result(stage, job):
    row = stage.row(job)
    assert row.state is State.SUCCEEDED, row
    return load(row.result, whose=result_of(row), parts=stage.parts)


def manifest(children, failed, life=0):
    def is_one(found):
        said = dict(found["manifest"])
        return said.pop("workflow") and said == {"life": life, "children": children, "failed": failed}

    return is_one


@pytest.mark.parametrize("count", [MOST_LISTED - 1, MOST_LISTED])
def test_up_to_a_thousand_results_are_a_list(stage, work, count):
    job = work.submit(work.number.map(range(count)))
    drain(stage.parts)
    assert result(stage, job) == list(range(count))


def test_more_are_a_manifest_which_the_next_step_gets(stage, work):
    job = work.submit(work.number.map(range(MOST_LISTED + 1)) | work.look.s())
    drain(stage.parts)
    assert manifest(MOST_LISTED + 1, 0)(result(stage, job))
    assert work.got == [result(stage, job)]


def test_a_map_takes_a_manifest_for_its_items_and_null_for_those_that_failed(stage, work, monkeypatch):
    monkeypatch.setattr(gather, "MOST_LISTED", 150)
    work.broken = {3, 140}
    job = work.submit(chain(work.number.map(range(230), on_error="ignore"), work.more.map(), work.look.s()))
    drain(stage.parts)
    assert manifest(230, 0)(result(stage, job))
    assert more(stage) == [-1 if n in {3, 140} else n + 1 for n in range(230)]


def more(stage):
    """What the children of the second map came to, in their order."""
    rows = [row for row in stage.store.rows.values() if row.task == "more"]
    rows.sort(key=lambda row: int(row.cause.rpartition("-")[2]))
    return [load(row.result, whose=result_of(row), parts=stage.parts) for row in rows]


def test_results_that_are_few_and_large_are_a_manifest_too(stage, work, monkeypatch):
    monkeypatch.setattr(gather, "RESULT_BYTES", 10_000)
    fits = work.submit(work.text.map([999] * 9 + [998]))  # with commas and brackets: 10,000 bytes
    large = work.submit(work.text.map([999] * 9 + [1_010]))
    drain(stage.parts)
    assert len(result(stage, fits)) == 10
    assert manifest(10, 0)(result(stage, large))


def test_a_manifest_of_a_retried_workflow_names_all_its_children_whenever_they_succeeded(
    stage, work, monkeypatch
):
    monkeypatch.setattr(gather, "MOST_LISTED", 100)
    work.broken = {3, 140}
    flow = work.number.map(range(150), on_error="ignore", min_success=150) | work.more.map()
    job = work.submit(flow)
    drain(stage.parts)
    assert stage.row(job).state is State.DEAD
    work.broken = set()
    redrive(job.id, tenant="default", parts=stage.parts)
    drain(stage.parts)
    assert result(stage, job)["manifest"]["children"] == 150
    assert more(stage) == list(range(1, 151))


def test_another_tenants_manifest_is_none(stage, work, monkeypatch):
    monkeypatch.setattr(gather, "MOST_LISTED", 1)
    theirs = stage.submit("jobline.workflow", {"workflow": work.number.map([1, 2]).json()}, tenant="bob")
    drain(stage.parts)
    stolen = load(stage.row(theirs).result, whose=result_of(theirs), parts=stage.parts)
    tree = {"map": {"task": "more", "into": "x"}, "from": "before"}
    job = stage.submit("jobline.workflow", {"workflow": tree, "input": stolen})
    drain(stage.parts)
    assert stage.row(job).state is State.DEAD
    assert not [row for row in stage.store.rows.values() if row.task == "more"]

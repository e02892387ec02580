"""What was collected in the place of a child that did not succeed, as a task's author meets it."""

from dataclasses import asdict, dataclass
from typing import Any

import pytest

from chalicelib import Failed, group, is_failed
from chalicelib.domain.job import State
from chalicelib.pipeline.payloads import load
from chalicelib.pipeline.sealer import result_of
from tests.support.drive import drain


@dataclass(frozen=True)
class Size:
    width: int


@pytest.fixture
def result(stage):
    """Runs a workflow to its end; what it came to."""

    def run(flow) -> object:
        job = stage.submit("jobline.workflow", {"workflow": flow.json()})
        drain(stage.parts)
        row = stage.row(job)
        assert row.state is State.SUCCEEDED, row.error
        return load(row.result, whose=result_of(row), parts=stage.parts)

    return run


def test_an_annotation_may_say_that_some_have_failed(stage, result):
    def half(n: int) -> int:
        if n % 2:
            raise ValueError(f"{n} is odd")
        return n // 2

    def told(results: list[int | Failed]) -> list[str]:
        return [str(one["error"]) if is_failed(one) else str(one) for one in results]

    half, told = stage.task(half, "half", max_attempts=1), stage.task(told, "told")
    assert result(half.map([2, 3, 8], on_error="collect") | told.s()) == [
        "1",
        "{'type': 'ValueError', 'message': '3 is odd'}",
        "4",
    ]


def test_results_that_are_objects_are_told_apart_by_asking(stage, result):
    def measure(name: str) -> Size:
        if not name:
            raise FileNotFoundError("no name")
        return Size(width=len(name))

    def total(results: list[dict[str, Any]]) -> list[object]:
        return [one["state"] if is_failed(one) else Size(**one).width for one in results]

    measure, total = stage.task(measure, "measure", max_attempts=1), stage.task(total, "total")
    flow = group([measure.s("ab"), measure.s("") | measure.si("x")], on_error="collect") | total.s()
    assert result(flow) == [2, "DEAD"]


@pytest.mark.parametrize(
    "value", [None, 1, [], {}, "id", {"id": 1, "state": 2}, asdict(Size(3)), ["id", "state", "error"]]
)
def test_nothing_else_is_taken_for_a_failure(value):
    assert not is_failed(value)

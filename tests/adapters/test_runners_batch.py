"""A batch task on every runner: one call, an outcome and a line for each job."""

import json

import pytest

from chalicelib.pipeline.outcome import Raised, Returned, Several
from tests.adapters.calls import PATIENCE, start_together


@pytest.fixture
def begin(runner, kind):
    """Start the batch task in the kind under test, with a job for each pair."""
    return lambda *pairs: start_together(runner, f"{kind}_together", *({"x": x, "y": y} for x, y in pairs))


def ended(execution):
    assert execution.finished(PATIENCE), "the task did not end"
    return execution.outcome()


def test_each_job_has_its_own_outcome(begin):
    execution, lines = begin((1, 2), (3, 4), (2, 2))
    outcome = ended(execution)
    assert type(outcome) is Several
    first, second, third = outcome.outcomes
    assert [json.loads(one.json) for one in (first, third)] == [[3, 0], [4, 0]]
    assert (second.failure.type, second.failure.message, second.again) == ("ValueError", "not 4", True)
    assert [line.next() for line in lines] == [(0.5, f"J{number}") for number in range(3)]
    assert [line.steps for line in lines] == [{"a": "0"}, {}, {"a": "0"}]


def test_arguments_that_are_wrong_are_one_jobs_own(begin):
    execution, lines = begin((1, 2), ("x", 4), (2, 2))
    first, second, third = ended(execution).outcomes
    assert (type(first), second.rejected, type(third)) == (Returned, True, Returned)
    assert lines[2].next() == (0.5, "J2"), "each still speaks on its own line"


def test_a_job_of_a_batch_cannot_become_a_workflow(begin):
    execution, _ = begin((1, 2), (6, 1))
    first, second = ended(execution).outcomes
    assert (type(first), second.failure.type, second.again) == (Returned, "ResultNotJson", False)
    assert second.failure.message.endswith("a batch task's job cannot become a workflow")


def test_raising_is_all_of_them(begin):
    execution, _ = begin((1, 2), (5, 1))
    outcome = ended(execution)
    assert (type(outcome), outcome.failure.type) == (Raised, "KeyError")


def test_each_hears_whether_it_is_cancelled(begin):
    execution, lines = begin((1, 2), (4, 1))
    assert lines[1].next() == (0.5, "J1")
    lines[1].cancel.set()
    assert ended(execution).failure.type == "JobCancelled"

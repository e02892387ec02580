"""What a long job needs of every runner: that it is recorded when the task goes on, and that the answer comes back."""

import json

import pytest

from chalicelib.pipeline.outcome import Continues, Returned
from chalicelib.pipeline.ports import Saved
from tests.adapters.calls import HeardLine, start

STATE = {"next": 7, "wörter": ['"', "\\", "\n", "😀"], "deep": [[[[{"a": None}]]]]}


@pytest.fixture
def begin(runner, kind):
    """Start the case of that name in the kind under test."""
    return lambda case, **more: start(runner, f"{kind}_{case}", **more)


def test_a_checkpoint_reaches_the_attempt_and_the_one_before_it_the_task(begin):
    started = begin("noting", before=STATE, state=[STATE])
    assert json.loads(started.outcome().json) == STATE
    kind, text = started.line.next()
    assert (kind, json.loads(text)) == ("save", [STATE])


def test_the_first_attempt_has_no_state(begin):
    assert begin("noting", state=1).outcome() == Returned(json="null")


def test_a_state_as_large_as_may_be_passes(begin):
    state = '"\\' * 260_000  # each character takes two in JSON, and four in JSON within JSON
    started = begin("noting", before=state, state=state)
    assert json.loads(started.outcome().json) == state


def test_when_time_is_nearly_over_the_task_continues_elsewhere(begin):
    assert begin("noting", line=HeardLine(saved=Saved.CONTINUE), state=1).outcome() == Continues()


@pytest.mark.parametrize("saved", [Saved.CANCEL, Saved.LOST])
def test_a_wish_to_cancel_and_a_lost_right_are_raised_at_the_checkpoint(begin, saved):
    outcome = begin("noting", line=HeardLine(saved=saved), state=1).outcome()
    assert (outcome.failure.type, outcome.cancelled) == ("JobCancelled", True)


def test_what_cannot_be_recorded_is_raised_and_worth_another_attempt(begin):
    outcome = begin("noting", line=HeardLine(broken="throttled"), state=1).outcome()
    assert (outcome.failure.type, outcome.failure.message, outcome.again) == (
        "Unavailable",
        "throttled",
        True,
    )

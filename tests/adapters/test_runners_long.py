"""What a long job needs of every runner: that it is recorded when the task goes on, and that the answer comes back."""

import json
import threading

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


def test_a_step_is_called_once_and_its_result_recorded(begin):
    started = begin("stepping", name="charge", value={"a": 1})
    assert json.loads(started.outcome().json) == [[{"a": 1}, 1], ["called"]]
    assert started.line.steps == {"charge": '[{"a":1},1]'}


def test_a_recorded_step_is_not_called_again(begin):
    line = HeardLine(steps={"charge": '"as it was"'})
    assert json.loads(begin("stepping", line=line, name="charge", value=1).outcome().json) == [
        "as it was",
        [],
    ]


@pytest.mark.parametrize(
    ("name", "value", "argument"), [("", 1, "name"), ("refused", 1, "name"), ("a", "x" * 2**20, "result")]
)
def test_a_step_that_cannot_be_recorded_is_refused_by_name(begin, name, value, argument):
    outcome = begin("stepping", name=name, value=value).outcome()
    assert (outcome.failure.type, outcome.again) in {("InvalidInput", False), ("TooLarge", False)}
    assert outcome.failure.message.startswith(argument)


def test_a_step_that_nobody_could_record_is_tried_again(begin):
    outcome = begin("stepping", line=HeardLine(broken="throttled"), name="a", value=1).outcome()
    assert (outcome.failure.type, outcome.again) == ("Unavailable", True)


def test_a_cancelled_job_begins_no_further_step(begin):
    line = HeardLine()
    line.cancel.set()
    assert begin("stepping", line=line, name="a", value=1).outcome().cancelled
    assert line.steps == {}


def test_each_yield_of_a_generator_is_a_checkpoint_and_its_return_the_result(begin, kind):
    started = begin("counting", total=3)
    result = json.loads(started.outcome().json)
    assert result == (3 if kind == "loop" else "counted to 3"), (
        "an async generator's result is its last state"
    )
    assert [started.line.next() for _ in range(4)] == [
        ("save", "1"),
        ("save", "2"),
        ("save", "3"),
        (None, "tidied"),
    ]


def test_a_generator_goes_on_from_the_state(begin):
    started = begin("counting", before=2, total=3)
    started.outcome()
    assert started.line.next() == ("save", "3")


def test_a_generator_with_nothing_left_to_do_has_a_result_all_the_same(begin, kind):
    assert json.loads(begin("counting", before=3, total=3).outcome().json) == (
        3 if kind == "loop" else "counted to 3"
    )


def test_a_generator_is_told_to_continue_where_it_waits(begin):
    started = begin("counting", line=HeardLine(saved=Saved.CONTINUE), total=3)
    assert started.outcome() == Continues()
    assert [started.line.next() for _ in range(2)] == [("save", "1"), (None, "tidied")]


def test_and_so_is_a_cancelled_one(begin):
    started = begin("counting", line=HeardLine(saved=Saved.CANCEL), total=3)
    assert started.outcome().cancelled


def test_the_soft_limit_waits_until_what_is_being_recorded_is_recorded(begin):
    line = HeardLine()
    landed = threading.Event()

    def slow(text):
        started.execution.soften()
        for _ in range(100):  # the limit would land here
            threading.Event().wait(0.001)
        landed.set()
        return Saved.GO_ON

    line.save = slow
    ready = threading.Event()
    saving, line.save = line.save, lambda text: (ready.wait(10), saving(text))[1]
    started = begin("noting", line=line, state=7)
    ready.set()
    outcome = started.outcome()
    assert landed.wait(10), "on a loop it is recorded beside the task, which has heard of the limit"
    assert outcome.timed_out or outcome == Returned(json="null")

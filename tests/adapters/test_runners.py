"""What every runner promises, whatever it runs tasks on."""

import json
import logging
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest

from chalicelib.adapters.runners import LoopRunner, ThreadRunner, runners
from chalicelib.adapters.runners.child import ChildRunner
from chalicelib.domain.errors import UnknownTask
from chalicelib.pipeline.outcome import Becomes, Raised, Returned
from chalicelib.pipeline.task import Kind
from tests.adapters.calls import start


@pytest.fixture
def begin(runner, kind):
    """Start the case of that name in the kind under test."""
    return lambda case, **args: start(runner, f"{kind}_{case}", **args)


def test_there_is_one_for_each_kind_of_task(registry):
    made = runners(registry, ("some.module",))
    assert {kind: type(runner.start.__self__) for kind, runner in made.items()} == {
        Kind.THREAD: ThreadRunner,
        Kind.LOOP: LoopRunner,
        Kind.PROCESS: ChildRunner,
    }


@pytest.mark.parametrize("value", [None, 1, -0.5, "ü€😀\n\x00", [], {"a": [1, {"b": None}]}, True])
def test_a_task_gets_its_arguments_and_returns_its_result(begin, value):
    assert json.loads(begin("echo", value=value).outcome().json) == value


def test_arguments_become_what_the_signature_says_and_results_become_json(begin):
    outcome = begin("describe", at="2026-03-01T10:00:00Z", point={"x": 2, "y": 3}).outcome()
    assert json.loads(outcome.json) == {
        "year": 2026,
        "kind": "datetime",
        "sum": 5,
        "later": "2026-03-02T10:00:00Z",
    }


def test_a_wrong_argument_is_named_and_not_tried_again(begin):
    outcome = begin("describe", at="soon", point={"x": 2, "y": 3}).outcome()
    assert (outcome.failure.type, outcome.again, outcome.rejected) == ("InvalidInput", False, True)
    assert "args.at" in outcome.failure.message


def test_what_a_task_raises_is_named_with_its_place(begin):
    outcome = begin("fail", message="broken").outcome()
    assert (outcome.failure.type, outcome.failure.message, outcome.again) == ("ValueError", "broken", True)
    assert "cases.py" in outcome.failure.traceback
    assert "in fail" in outcome.failure.traceback


def test_failures_of_one_cause_share_a_fingerprint(begin):
    first, second = begin("fail", message="one").outcome(), begin("fail", message="two").outcome()
    assert first.failure.fingerprint == second.failure.fingerprint != ""


def test_the_tasks_policy_says_whether_to_try_again(begin):
    assert begin("give_up").outcome().again is False


def test_a_task_may_become_a_workflow(begin):
    outcome = begin("plan", count=2).outcome()
    assert type(outcome) is Becomes
    steps = [{"task": "echo", "args": {"value": number}} for number in range(2)]
    last = {"task": "echo", "args": {}, "into": "value"}
    assert json.loads(outcome.json) == {"chain": [{"group": steps}, last]}


def test_so_may_a_generator_at_its_end(request, kind):
    if kind == "loop":
        pytest.skip("an asynchronous generator returns nothing")
    runner = request.getfixturevalue({"thread": "threads", "child": "children"}[kind])
    outcome = start(runner, f"{kind}_planning", count=1).outcome()
    assert type(outcome) is Becomes
    assert len(json.loads(outcome.json)["chain"][0]["group"]) == 2


def test_a_task_can_ask_for_another_attempt_and_when(begin):
    outcome = begin("later").outcome()
    assert (outcome.again, outcome.after) == (True, timedelta(seconds=90))


@pytest.mark.parametrize(("case", "name"), [("leave", "SystemExit"), ("interrupt", "KeyboardInterrupt")])
def test_a_task_cannot_end_the_worker(begin, case, name):
    outcome = begin(case).outcome()
    assert (type(outcome), outcome.failure.type) == (Raised, name)
    assert begin("echo", value=1).outcome() == Returned(json="1")


def test_a_result_that_is_not_json_is_a_failure(begin):
    assert begin("not_json").outcome().failure.type == "ResultNotJson"


def test_an_error_that_cannot_be_described_is_an_outcome_all_the_same(begin):
    outcome = begin("mute").outcome()
    assert (type(outcome), outcome.again) == (Raised, True)


def test_what_a_task_says_reaches_its_line_in_order(begin):
    started = begin("say", messages=["one", "two ü"])
    assert started.outcome() == Returned(json="2")
    assert [started.line.next() for _ in range(3)] == [(0.0, "one"), (0.5, "two ü"), "beat"]


def test_a_task_sees_that_it_is_cancelled(begin):
    started = begin("until_cancelled")
    assert started.line.next() == (None, "begun")
    assert not started.execution.finished(timedelta(0))
    started.line.cancel.set()
    assert started.outcome().cancelled


def test_the_outcome_of_a_running_task_is_a_mistake_to_ask_for(begin):
    started = begin("until_cancelled")
    with pytest.raises(RuntimeError, match="still running"):
        started.execution.outcome()
    started.line.cancel.set()
    started.outcome()


def test_the_soft_limit_is_raised_inside_the_task(begin):
    started = begin("stuck")
    started.line.next()
    started.execution.soften()
    outcome = started.outcome()
    assert (outcome.failure.type, outcome.timed_out, outcome.again) == ("SoftTimeLimitExceeded", True, True)
    assert outcome.failure.message == "the task's soft time limit has passed"


def test_a_task_may_tidy_up_after_the_soft_limit_and_return(begin):
    started = begin("tidy")
    started.line.next()
    started.execution.soften()
    assert started.outcome() == Returned(json='"tidied: the task\'s soft time limit has passed"')


def test_a_soft_limit_before_the_task_has_begun_is_not_lost(begin):
    started = begin("stuck")
    started.execution.soften()
    assert started.outcome().timed_out


def test_limits_that_come_too_late_change_nothing(begin):
    started = begin("echo", value=1)
    outcome = started.outcome()
    started.execution.soften()
    started.execution.stop()
    assert started.execution.outcome() == outcome == Returned(json="1")


def test_a_soft_limit_at_any_moment_leaves_one_clear_outcome(begin):
    for _ in range(60):
        started = begin("echo", value="x")
        started.execution.soften()
        outcome = started.outcome()
        assert outcome == Returned(json='"x"') or outcome.timed_out, outcome


def test_every_one_of_many_tasks_at_once_knows_its_own_job(begin, kind):
    with ThreadPoolExecutor(16) as attempts:
        outcomes = list(attempts.map(lambda number: begin("who", id=f"J{number}").outcome(), range(50)))
    assert [json.loads(outcome.json) for outcome in outcomes] == [
        [f"J{number}", f"{kind}_who", 2, 7, "acme"] for number in range(50)
    ]


def test_what_a_task_logs_is_tagged_and_goes_where_the_process_logs(begin, caplog):
    caplog.set_level(logging.INFO)
    assert begin("log", message="here").outcome() == Returned(json="null")
    said, caught = [record for record in caplog.records if record.name.startswith("jobline.task")]
    assert (said.levelname, said.getMessage(), said.job_id, said.attempt) == (
        "WARNING",
        "it is here",
        "01J0",
        2,
    )
    assert (said.colour, said.module, said.funcName) == ("red", "cases", "log")
    assert "ValueError: here" in logging.Formatter().format(caught)


def test_a_task_that_nobody_knows_is_refused(runner):
    with pytest.raises(UnknownTask):
        start(runner, "nobody")

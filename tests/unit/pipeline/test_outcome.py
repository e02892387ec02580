"""What happened to a task, named: in words that a row can hold, the same for failures of one cause."""

import asyncio
from datetime import timedelta

import pytest

from chalicelib.domain.errors import InvalidInput, JobCancelled, Retry, SoftTimeLimitExceeded
from chalicelib.pipeline.line import AttemptLine
from chalicelib.pipeline.outcome import (
    MESSAGE_CHARS,
    TRACEBACK_CHARS,
    Raised,
    Returned,
    failure,
    from_wire,
    raised,
    run,
    run_async,
    to_wire,
)
from chalicelib.pipeline.ports import Call, Facts
from tests.support.notes import NoNotebook
from tests.support.rows import ID, NOW


def caught(function, *args):
    try:
        function(*args)
    except BaseException as error:  # noqa: BLE001 - any will do
        return error
    raise AssertionError("nothing was raised")


def call(stage, **args):
    facts = Facts(id=ID, task="work", tenant="t", attempt=1, max_attempts=5, epoch=1, deadline=NOW)
    return Call(task="work", args=args, facts=facts, line=AttemptLine(stage.world, NoNotebook()))


def test_a_function_that_returns_has_a_result(stage):
    task = stage.task(lambda x: {"twice": x * 2}, "work")
    assert run(task, call(stage, x=2)) == Returned(json='{"twice":4}')


def test_so_has_a_coroutine(stage):
    async def work(x: int) -> int:
        await asyncio.get_running_loop().run_in_executor(None, int)
        return x + 1

    task = stage.task(work)
    assert asyncio.run(run_async(task, call(stage, x=2))) == Returned(json="3")


def test_a_coroutine_that_raises_or_is_cancelled_has_an_outcome_too(stage):
    async def work(x: int) -> int:
        raise asyncio.CancelledError if x else ValueError

    task = stage.task(work)
    assert asyncio.run(run_async(task, call(stage, x=0))).failure.type == "ValueError"
    assert asyncio.run(run_async(task, call(stage, x=1))).failure.type == "CancelledError"


def test_a_failure_is_told_in_the_words_of_the_exception_from_the_tasks_own_place_on(stage):
    def deeper():
        raise ValueError("no such file: é")

    task = stage.task(lambda x: deeper(), "work")
    found = run(task, call(stage, x=1)).failure
    assert (found.type, found.message) == ("ValueError", "no such file: é")
    assert found.traceback.rstrip().endswith("ValueError: no such file: é")
    assert "deeper" in found.traceback
    assert "chalicelib/pipeline" not in found.traceback
    assert "^" not in found.traceback, "a row has no bytes for carets"


@pytest.mark.parametrize("words", ["x" * 100_000, "é" * 100_000, "\ud800" * 100_000])
def test_a_failure_is_kept_short_and_printable(words):
    found = failure(caught(lambda: (_ for _ in ()).throw(ValueError(words))))
    assert len(found.message) <= MESSAGE_CHARS
    assert len(found.traceback) <= TRACEBACK_CHARS
    (found.message + found.traceback + found.type).encode()


def test_endless_recursion_is_kept_short_too():
    def again():
        again()

    found = failure(caught(again))
    assert found.type == "RecursionError"
    assert len(found.traceback) <= TRACEBACK_CHARS


def test_a_message_in_many_lines_stays_so():
    assert failure(ValueError("a\nb\x00")).message == "a\nb\x00"


def test_failures_of_one_cause_have_one_fingerprint_whatever_they_say():
    def fails(n):
        raise ValueError(f"row {n}")

    def fails_elsewhere(n):
        raise ValueError(f"row {n}")

    def fails_otherwise(n):
        raise OSError(f"row {n}")

    one, two = failure(caught(fails, 1)), failure(caught(fails, 2))
    assert one.fingerprint == two.fingerprint
    assert len(one.fingerprint) == 12
    others = {
        failure(caught(fails_elsewhere, 1)).fingerprint,
        failure(caught(fails_otherwise, 1)).fingerprint,
    }
    assert one.fingerprint not in others
    assert len(others) == 2


@pytest.mark.parametrize(
    ("error", "named"),
    [
        (ValueError(), {"again": True}),
        (KeyError(), {"again": False}),
        (SystemExit(), {"again": False}),
        (Retry(after=5), {"again": True, "after": timedelta(seconds=5)}),
        (Retry(), {"again": True}),
        (JobCancelled(), {"again": True, "cancelled": True}),
        (SoftTimeLimitExceeded(), {"again": True, "timed_out": True}),
        (InvalidInput("x", "no"), {"again": False, "rejected": True}),
    ],
    ids=repr,
)
def test_an_exception_means_something_for_the_job(stage, error, named):
    task = stage.works(give_up_on=(KeyError,))
    outcome = raised(task, error)
    plain = {"again": False, "after": None, "cancelled": False, "timed_out": False, "rejected": False}
    assert {name: getattr(outcome, name) for name in plain} == {**plain, **named}


@pytest.mark.parametrize(
    "outcome",
    [
        Returned(json="{}"),
        Raised(failure=failure(ValueError("no")), again=True),
        Raised(failure=failure(ValueError("no")), again=False, cancelled=True, timed_out=True, rejected=True),
        Raised(failure=failure(Retry(after=1.5)), again=True, after=timedelta(seconds=1.5)),
        Raised(failure=failure(Retry(after=0)), again=True, after=timedelta(0)),
    ],
)
def test_an_outcome_comes_through_a_pipe_as_it_is(outcome):
    assert from_wire(to_wire(outcome)) == outcome

"""What holds for tasks on the event loop alone."""

import asyncio
import contextvars
import threading
from datetime import timedelta

import pytest

from chalicelib.adapters.runners import LoopRunner
from chalicelib.domain.errors import SoftTimeLimitExceeded
from chalicelib.pipeline.outcome import Raised, Returned
from chalicelib.pipeline.task import Options, Registry
from tests.adapters.calls import PATIENCE, start

SECONDS = PATIENCE.total_seconds()


@pytest.fixture
def loop_with():
    """A runner of its own, with these coroutine functions as its tasks."""

    def make(*functions):
        registry = Registry()
        for function in functions:
            registry.add(function, function.__name__, Options())
        return LoopRunner(registry)

    return make


def test_tasks_run_side_by_side(loop_with):
    met = []
    everybody = asyncio.Event()

    async def meet() -> int:
        met.append(1)
        if len(met) == 20:
            everybody.set()
        await everybody.wait()
        return len(met)

    runner = loop_with(meet)
    started = [start(runner, "meet") for _ in range(20)]
    assert {one.outcome() for one in started} == {Returned(json="20")}


def test_a_task_sees_the_context_variables_of_its_attempt(loop_with):
    trace = contextvars.ContextVar("trace", default="none")

    async def look() -> str:
        return trace.get()

    trace.set("abc")
    assert start(loop_with(look), "look").outcome() == Returned(json='"abc"')


def test_stopping_cancels_the_coroutine_and_lets_it_tidy_up(loops):
    started = start(loops, "loop_stuck")
    assert started.line.next() == (None, "begun")
    started.execution.stop()
    assert started.outcome().failure.type == "CancelledError"
    assert started.line.next() == (None, "tidied")


def test_a_task_stopped_before_its_first_step_ends_too(loop_with):
    gate = threading.Event()

    async def block() -> bool:
        return gate.wait(SECONDS)

    async def quick() -> int:
        return 1

    runner = loop_with(block, quick)
    start(runner, "block")
    stopped, softened = start(runner, "quick"), start(runner, "quick")
    runner._loop.do(stopped.execution._cancel)
    runner._loop.do(softened.execution._cancel_softly)
    gate.set()
    assert stopped.outcome() == Returned(json="1") or stopped.outcome().failure.type == "CancelledError"
    assert softened.outcome() == Returned(json="1") or softened.outcome().timed_out


def test_a_task_that_swallows_its_cancellation_is_left_alone(loop_with):
    gate = asyncio.Event()
    swallowed = threading.Event()

    async def stubborn() -> str:
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            swallowed.set()
        await gate.wait()
        return "after all"

    runner = loop_with(stubborn)
    started = start(runner, "stubborn")
    while not started.execution._handle:
        assert not started.execution.finished(timedelta(milliseconds=1))
    started.execution.stop()
    assert swallowed.wait(SECONDS)
    assert not started.execution.finished(timedelta(0))
    runner._loop.do(gate.set)
    assert started.outcome() == Returned(json='"after all"')


def test_a_blocked_loop_holds_up_no_clock_and_no_later_task(loop_with, caplog):
    gate, blocking = threading.Event(), threading.Event()

    async def block() -> bool:
        blocking.set()
        return gate.wait(SECONDS)

    async def quick() -> int:
        return 1

    # Given a task that does not await
    runner = loop_with(block, quick)
    started = start(runner, "block")
    assert blocking.wait(SECONDS)
    # When its attempt is over
    assert not started.execution.finished(timedelta(milliseconds=1))
    started.execution.soften()
    started.execution.stop()
    # Then other tasks run, on a new loop, and the log says why
    assert start(runner, "quick").outcome() == Returned(json="1")
    assert [record.action for record in caplog.records] == ["loop_abandoned"]
    # And the old one ends when it will
    gate.set()
    assert started.outcome() == Returned(json="true")


def test_the_soft_limit_lets_nothing_run_on_in_a_task_group(loop_with):
    said = []

    async def worker(name: str):
        if name in "bd":
            begun.set()  # the other one has begun before
        try:
            await asyncio.Event().wait()
        finally:
            said.append(name)

    async def group() -> str:
        try:
            async with asyncio.TaskGroup() as tasks:
                tasks.create_task(worker("a"))
                tasks.create_task(worker("b"))
        except SoftTimeLimitExceeded:
            this = asyncio.current_task()
            return f"soft, {len(said)} workers ended, {this and this.cancelling()} cancellations left"
        return "never softened"

    async def gathered() -> str:
        try:
            await asyncio.gather(worker("c"), worker("d"))
        except SoftTimeLimitExceeded:
            async with asyncio.timeout(SECONDS):  # tidying up may use all of asyncio
                await asyncio.wait_for(asyncio.sleep(0), SECONDS)
            return f"soft, {len(said)} workers ended"
        return "never softened"

    runner = loop_with(group, gathered)
    for task, expected in (
        ("group", "soft, 2 workers ended, 0 cancellations left"),
        ("gathered", "soft, 4 workers ended"),
    ):
        begun = threading.Event()
        started = start(runner, task)
        assert begun.wait(SECONDS)
        started.execution.soften()
        assert started.outcome() == Returned(json=f'"{expected}"')


def test_the_soft_limit_is_no_timeout_of_the_tasks_own(loop_with):
    begun = threading.Event()

    async def timed() -> str:
        try:
            async with asyncio.timeout(SECONDS):
                begun.set()
                await asyncio.Event().wait()
        except TimeoutError:
            return "its own"
        return "none"

    started = start(loop_with(timed), "timed")
    assert begun.wait(SECONDS)
    started.execution.soften()
    assert started.outcome().timed_out


@pytest.mark.parametrize("way", ["stop", "exit"])
def test_a_task_cannot_end_the_loop(loop_with, way, caplog):
    async def leave():
        raise SystemExit(5)

    async def end(way: str) -> str:
        if way == "stop":
            asyncio.get_running_loop().stop()
        else:
            subtask = asyncio.get_running_loop().create_task(leave())
            await asyncio.wait([subtask])
            assert isinstance(subtask.exception(), SystemExit)
        return "done"

    runner = loop_with(end)
    assert start(runner, "end", way=way).outcome() == Returned(json='"done"')
    assert start(runner, "end", way="stop").outcome() == Returned(json='"done"')
    assert [record.exc_info[1].code for record in caplog.records] == ([5] if way == "exit" else [])


def test_a_coroutine_that_awaits_what_fails_raises_that(loop_with):
    async def fails() -> None:
        await asyncio.wait_for(asyncio.get_running_loop().create_future(), 0)

    outcome = start(loop_with(fails), "fails").outcome()
    assert (type(outcome), outcome.failure.type) == (Raised, "TimeoutError")

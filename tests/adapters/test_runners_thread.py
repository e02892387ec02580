"""What holds for tasks on threads alone."""

import contextvars
import logging
import threading
from datetime import timedelta

import pytest

from chalicelib.adapters.runners import ThreadRunner
from chalicelib.adapters.runners.spare import SpareThreads
from chalicelib.adapters.runners.window import ThreadWindow, _raise_in
from chalicelib.domain.errors import SoftTimeLimitExceeded
from chalicelib.pipeline.outcome import Returned
from chalicelib.pipeline.task import Options, Registry
from tests.adapters.calls import PATIENCE, start
from tests.support.waiting import until

SECONDS = PATIENCE.total_seconds()


def runner_of(function):
    registry = Registry()
    registry.add(function, "it", Options())
    return ThreadRunner(registry)


def test_a_task_sees_the_context_variables_of_its_attempt():
    trace = contextvars.ContextVar("trace", default="none")

    def it() -> str:
        return trace.get()

    trace.set("abc")
    assert start(runner_of(it), "it").outcome() == Returned(json='"abc"')


def test_a_thread_cannot_be_stopped_and_the_log_says_so(caplog):
    gate = threading.Event()

    def it() -> bool:
        return gate.wait(SECONDS)

    started = start(runner_of(it), "it", id="01J9")
    started.execution.stop()
    assert not started.execution.finished(timedelta(0))
    [warning] = caplog.records
    assert (warning.levelno, warning.job_id) == (logging.WARNING, "01J9")
    gate.set()
    started.outcome()


def test_abandoned_tasks_do_not_keep_others_waiting(threads):
    gate = threading.Event()

    def it() -> bool:
        return gate.wait(SECONDS)

    runner = runner_of(it)
    abandoned = [start(runner, "it") for _ in range(40)]
    assert start(threads, "thread_echo", value=1).outcome() == Returned(json="1")
    gate.set()
    assert {started.outcome() for started in abandoned} == {Returned(json="true")}


def test_a_thread_whose_task_has_ended_is_the_next_ones():
    def it() -> str:
        return threading.current_thread().name

    runner, seen = runner_of(it), set()
    for number in range(20):
        outcome = start(runner, "it", id=f"job{number}").outcome()
        assert outcome == Returned(json=f'"task-it-job{number}"')
        until(lambda: runner.threads.idle)
        seen.add(runner.threads.started)
    assert seen == {1}


def test_the_next_task_sees_no_context_variable_that_the_last_one_set():
    left = contextvars.ContextVar("left", default="nothing")

    def it() -> str:
        before = left.get()
        left.set("something")
        return before

    runner = runner_of(it)
    for _ in range(3):
        assert start(runner, "it").outcome() == Returned(json='"nothing"')


def last_work_of_its_thread(meanwhile):
    """Whether the thread of a task to which that happened ends with it."""
    began, gate, hands = threading.Event(), threading.Event(), []

    def it() -> bool:
        hands.append(threading.current_thread())
        began.set()
        return gate.wait(SECONDS)

    runner = runner_of(it)
    started = start(runner, "it")
    assert began.wait(SECONDS)
    meanwhile(started.execution)
    gate.set()
    started.outcome()
    [thread] = hands
    thread.join(SECONDS)
    return not thread.is_alive() and runner.threads.idle == 0


def test_a_thread_that_outlived_its_attempt_is_nobodys_again():
    assert last_work_of_its_thread(lambda execution: execution.stop())


def test_a_thread_in_which_a_soft_limit_was_to_be_raised_is_nobodys_again():
    assert last_work_of_its_thread(lambda execution: execution.soften())


def test_so_many_threads_are_kept_and_no_more():
    threads, gate, hands = SpareThreads(most=2), threading.Barrier(6), []

    def work() -> bool:
        hands.append(threading.current_thread())
        gate.wait(SECONDS)
        return True

    for _ in range(5):
        threads.begin(work, "kept")
    gate.wait(SECONDS)
    # Two that come back in the same moment may both find the last place.
    until(lambda: sum(hand.is_alive() for hand in hands) <= 4)
    assert len(hands) == 5


def test_a_soft_limit_that_comes_as_the_function_ends_leaves_its_result_alone():
    window = ThreadWindow()

    class Late:
        """The window's lock: the soft limit comes just when its end has taken that."""

        def __init__(self):
            self.lock, self.times = threading.Lock(), 0

        def __enter__(self):
            self.lock.acquire()

        def __exit__(self, *_):
            self.lock.release()
            self.times += 1
            if self.times == 1:
                _raise_in(threading.get_ident(), SoftTimeLimitExceeded)

    with window:
        window._raised, window._lock = True, Late()
    for _ in range(1000):
        threading.get_ident()  # it would land here
    assert window._lock.times == 2
    assert window._thread is None


def test_a_soft_limit_is_raised_once_and_never_after_the_end():
    window = ThreadWindow()
    with window:
        with pytest.raises(SoftTimeLimitExceeded):
            window.soften()
        window.soften()
    window.soften()
    for _ in range(1000):
        threading.get_ident()


@pytest.mark.slow
def test_a_thousand_soft_limits_at_the_very_end_never_break_a_thread(threads):
    ends = []
    for _ in range(1000):
        started = start(threads, "thread_say", messages=[])
        started.line.next()  # its last word: the function is about to return
        started.execution.soften()
        ends.append(started.outcome())
    assert all(end == Returned(json="0") or end.timed_out for end in ends)

"""What holds for tasks on threads alone."""

import contextvars
import logging
import threading
from datetime import timedelta

import pytest

from chalicelib.adapters.runners import ThreadRunner
from chalicelib.adapters.runners.window import ThreadWindow, _raise_in
from chalicelib.domain.errors import SoftTimeLimitExceeded
from chalicelib.pipeline.outcome import Returned
from chalicelib.pipeline.task import Options, Registry
from tests.adapters.calls import PATIENCE, start

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


def test_a_soft_limit_that_has_not_landed_when_the_function_ends_is_taken_back():
    window, inside, softened = ThreadWindow(), threading.Event(), threading.Lock()
    landed = []

    def work():
        # The lock is waited for in C: what is raised meanwhile lands at the first step of Python afterwards. That step is the window's
        # own end, or comes after what is pending was taken back.
        try:
            with window:
                inside.set()
                softened.acquire()
        except SoftTimeLimitExceeded:
            landed.append("inside")
        for _ in range(1000):
            landed.extend(())

    softened.acquire()
    thread = threading.Thread(target=work)
    thread.start()
    assert inside.wait(SECONDS)
    window.soften()
    window.soften()  # once is enough
    softened.release()
    thread.join(SECONDS)
    assert landed in ([], ["inside"])


def test_what_was_raised_in_a_thread_can_be_taken_back():
    inside, go_on = threading.Event(), threading.Lock()
    ends = []

    def work():
        inside.set()
        try:
            go_on.acquire()
            ends.append("in peace")
        except SoftTimeLimitExceeded:
            ends.append("softened")

    go_on.acquire()
    thread = threading.Thread(target=work)
    thread.start()
    assert inside.wait(SECONDS)
    _raise_in(thread.ident, SoftTimeLimitExceeded)
    _raise_in(thread.ident, None)
    go_on.release()
    thread.join(SECONDS)
    assert ends == ["in peace"]


def test_a_soft_limit_that_lands_in_the_windows_own_end_leaves_the_result_alone():
    window = ThreadWindow()

    class Landing:
        """The window's lock, at whose release the exception lands, once."""

        def __init__(self):
            self.lock, self.pending = threading.Lock(), True

        def __enter__(self):
            self.lock.acquire()

        def __exit__(self, *_):
            self.lock.release()
            if window._wanted and self.pending:
                self.pending = False
                raise SoftTimeLimitExceeded

    with window:
        window._wanted, window._lock = True, Landing()
    assert window._thread is None


@pytest.mark.slow
def test_a_thousand_soft_limits_at_the_very_end_never_break_a_thread(threads):
    ends = []
    for _ in range(1000):
        started = start(threads, "thread_say", messages=[])
        started.line.next()  # its last word: the function is about to return
        started.execution.soften()
        ends.append(started.outcome())
    assert all(end == Returned(json="0") or end.timed_out for end in ends)

"""Time limits, cancelling and going on elsewhere, in each of the three kinds: the real runners, real time, and rows in memory."""

import threading
import time
from dataclasses import replace
from datetime import timedelta

import pytest

from chalicelib.adapters import memory
from chalicelib.adapters.memory import MemoryQueue
from chalicelib.adapters.runners import ThreadRunner
from chalicelib.adapters.world import RealWorld
from chalicelib.domain.job import State
from chalicelib.pipeline.cancel import cancel
from chalicelib.pipeline.enqueue import JobRequest, enqueue
from chalicelib.pipeline.execute import execute
from chalicelib.pipeline.limits import Limits
from chalicelib.pipeline.messages import decode
from chalicelib.pipeline.task import Kind, Options, Registry
from tests.adapters.cases import register

MS = timedelta(milliseconds=1)
SOON = 25.0
"""Seconds; a task that is left alone goes on for thirty, and a busy machine makes any limit late."""
QUICK = Limits(
    listen_every=10 * MS,
    look_every=20 * MS,
    reserve=100 * MS,
    least_time=10 * MS,
    cancel_grace=150 * MS,
    continue_margin=100 * MS,
)


class Worker:
    """A lane, and invocations of any length that take one message each."""

    def __init__(self, registry, runner):
        self.registry = registry
        world = RealWorld()
        self.parts = replace(
            memory.parts(registry=registry, limits=QUICK),
            world=world,
            queue=MemoryQueue(world),
            runners=dict.fromkeys(Kind, runner),
        )

    def submit(self, task, args=None, **options):
        known = self.registry[task]
        self.registry.tasks[task] = replace(known, options=replace(known.options, **options))
        [self.job] = enqueue([JobRequest(task=task, args=args or {})], parts=self.parts)
        return self

    def invoke(self, left=10_000 * MS):
        """One invocation; how long it took, in seconds."""
        (message,) = self.parts.queue.receive("default", 1)
        self.message = next(one for one in self.parts.queue.messages if one.id == message.id)
        began = time.monotonic()
        wakeup = decode(message.body, "default")
        assert execute(wakeup, ends=self.parts.world.now() + left, receipt=message.receipt, parts=self.parts)
        self.parts.queue.delete(message.receipt)
        return time.monotonic() - began

    def cancel_after(self, seconds):
        verb = threading.Timer(seconds, lambda: cancel(self.job.id, tenant="default", parts=self.parts))
        verb.start()
        return self

    @property
    def row(self):
        return self.parts.store.rows[self.job.id]


@pytest.fixture
def worker(runner, kind):
    """Submits the case of that name in the kind under test."""
    made = Worker(register(Registry()), runner)
    submit = made.submit
    made.submit = lambda case, args=None, **options: submit(f"{kind}_{case}", args, **options)
    return made


def test_the_time_limit_ends_the_attempt_whatever_the_task_does(worker):
    took = worker.submit("stuck", time_limit=300 * MS).invoke()
    assert (worker.row.state, worker.row.error.type) == (State.RETRYING, "TimeLimitExceeded")
    assert 0.3 <= took < SOON


def test_the_invocations_end_is_a_limit_too_and_there_is_time_to_settle(worker):
    took = worker.submit("stuck").invoke(left=600 * MS)
    assert (worker.row.state, worker.row.error.type) == (State.RETRYING, "TimeLimitExceeded")
    assert took < SOON, "a task that cannot be stopped does not hold the invocation"


def test_the_soft_limit_comes_first_and_may_be_heeded(worker):
    worker.submit("tidy", soft_time_limit=200 * MS, time_limit=8000 * MS).invoke()
    assert worker.row.state is State.SUCCEEDED
    assert "tidied" in worker.row.result.json


@pytest.mark.parametrize("case", ["until_cancelled", "saving", "walking"])
def test_a_wish_is_heard_where_the_task_asks_at_a_checkpoint_and_before_a_step(worker, case):
    worker.submit(case, {"total": 1000} if case == "saving" else {}).cancel_after(0.3)
    took = worker.invoke()
    assert (worker.row.state, worker.row.error.type) == (State.CANCELLED, "JobCancelled")
    assert took < SOON


def test_a_task_that_does_not_ask_is_cancelled_all_the_same_once_its_grace_is_over(worker, kind):
    # a thread cannot be stopped: its time limit ends the attempt, and the wish makes of that a cancellation
    limit = {"time_limit": 900 * MS} if kind == "thread" else {}
    took = worker.submit("stuck", **limit).cancel_after(0.2).invoke()
    error = "TimeLimitExceeded" if kind == "thread" else "JobCancelled"
    assert (worker.row.state, worker.row.error.type) == (State.CANCELLED, error)
    assert 0.3 < took < SOON


def test_a_wish_before_the_start_is_the_end(worker):
    worker.submit("stuck")
    cancel(worker.job.id, tenant="default", parts=worker.parts)
    assert worker.row.state is State.CANCELLED
    assert worker.invoke() < SOON


def test_a_heartbeat_hides_the_message_until_the_invocation_is_over(worker):
    worker.submit("beating")
    worker.parts.queue._visibility = 10_000 * MS
    began = worker.parts.world.now()
    worker.invoke(left=20_000 * MS)
    assert worker.row.state is State.SUCCEEDED
    assert worker.message.visible >= began + 20_000 * MS


def test_a_long_job_goes_on_in_one_short_invocation_after_the_other(worker):
    # Asked to go on in another one, it has 0.4 s to say so, which a busy machine needs.
    limits = replace(QUICK, continue_margin=400 * MS)
    worker.parts = replace(worker.parts, limits=limits)
    worker.submit("saving", {"total": 100})
    parts = 0
    while worker.row.state is not State.SUCCEEDED:
        worker.invoke(left=2100 * MS)
        parts += 1
    assert parts >= 2
    assert (worker.row.attempts, worker.row.epoch) == (1, parts)
    assert worker.row.result.json == '"saved 100"'


def test_a_thread_that_outlives_its_attempt_is_recorded_once():
    released, done = threading.Event(), threading.Event()

    def outlive():
        from chalicelib import JobCancelled, current_job

        job = current_job()
        released.wait(10)
        refused = []
        for verb in (lambda: job.checkpoint(1), lambda: job.step("late", int), job.check_cancelled):
            try:
                verb()
            except JobCancelled:
                refused.append(True)
        assert len(refused) == 3
        done.set()
        return "late"

    registry = Registry()
    registry.add(outlive, "outlive", Options(time_limit=200 * MS, max_attempts=1))
    worker = Worker(registry, ThreadRunner(registry)).submit("outlive")
    worker.invoke()
    before = worker.row
    assert before.state is State.DEAD
    released.set()
    assert done.wait(10), "nothing that it does now is recorded, and it is told so"
    assert worker.row == before
    assert worker.parts.items.shelves == {}

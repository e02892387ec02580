"""Waiting for an outcome, trying again what a service did not answer, and the handle that a submission gives."""

from datetime import timedelta

import pytest

from chalicelib.domain.errors import NotFound, Unavailable
from chalicelib.domain.job import State
from chalicelib.pipeline.handle import JobHandle, JobNotSucceeded
from chalicelib.pipeline.ids import time_of
from chalicelib.pipeline.patience import Patience, patience
from chalicelib.pipeline.wait import wait
from tests.support.drive import drain
from tests.support.rows import ID, SECOND


def handle(stage, job):
    return JobHandle(job.id, tenant=job.tenant, parts=stage.parts)


def after(stage, seconds, verb):
    """Let something happen after so much virtual time has been paused."""
    pause, begin = stage.world.pause, stage.world.now()

    def paused(span):
        pause(span)
        if stage.world.now() - begin >= seconds * SECOND:
            stage.world.__dict__.pop("pause", None)
            verb()

    stage.world.pause = paused


def test_a_call_that_is_answered_is_made_once(stage):
    calls = []
    assert patience(stage.parts)(lambda x: calls.append(x) or "yes", 1) == "yes"
    assert calls == [1]


def test_a_call_that_is_not_answered_is_made_again_after_growing_pauses_until_the_time_is_over(stage):
    began, times = stage.world.now(), []

    def down():
        times.append(stage.world.now())
        raise Unavailable("down")

    with pytest.raises(Unavailable):
        Patience(until=began + 10 * SECOND, world=stage.world)(down)
    assert times[0] == began
    assert began + 8 * SECOND < times[-1] < began + 10 * SECOND
    assert 10 < len(times) < 60


def test_a_call_is_made_at_least_once_even_when_it_is_too_late(stage):
    late = Patience(until=stage.world.now() - SECOND, world=stage.world)
    assert late(lambda: 1) == 1


def test_any_other_error_is_not_waited_for(stage):
    calls = []

    def broken():
        calls.append(1)
        raise NotFound("no")

    with pytest.raises(NotFound):
        patience(stage.parts)(broken)
    assert calls == [1]


def test_waiting_ends_with_the_job(stage):
    stage.works()
    job = stage.submit()
    after(stage, 2, lambda: drain(stage.parts))
    row = wait(job.id, tenant="default", limit=10 * SECOND, parts=stage.parts)
    assert row.state is State.SUCCEEDED
    assert stage.world.now() - time_of(job.id) < 4 * SECOND


@pytest.mark.parametrize("limit", [timedelta(0), -SECOND, 3 * SECOND])
def test_waiting_ends_when_its_time_is_over(stage, limit):
    stage.works()
    job, began = stage.submit(), stage.world.now()
    assert wait(job.id, tenant="default", limit=limit, parts=stage.parts).state is State.QUEUED
    assert stage.world.now() - began == max(limit, timedelta(0))


def test_a_long_wait_reads_about_once_a_second(stage):
    stage.works()
    job = stage.submit()
    read, reads = stage.store.read, []
    stage.store.read = lambda job_id: reads.append(1) or read(job_id)
    wait(job.id, tenant="default", limit=60 * SECOND, parts=stage.parts)
    assert 60 <= len(reads) <= 70


def test_waiting_for_what_is_not_there_is_not_waiting(stage):
    with pytest.raises(NotFound):
        wait(ID, tenant="default", limit=10 * SECOND, parts=stage.parts)


def test_a_handle_asks_the_table(stage):
    stage.works(result={"a": 1})
    job = handle(stage, stage.submit())
    assert (job.state, job.job.attempts) == (State.QUEUED, 0)
    assert repr(job) == f"JobHandle({job.id!r})"
    drain(stage.parts)
    assert (job.state, job.result(0)) == (State.SUCCEEDED, {"a": 1})


def test_a_handle_waits_for_the_result(stage):
    stage.works(result=None)
    job = handle(stage, stage.submit())
    after(stage, 1, lambda: drain(stage.parts))
    assert job.result(timedelta(seconds=5)) is None


def test_a_result_that_does_not_come_in_time_is_a_timeout(stage):
    stage.works()
    job = handle(stage, stage.submit())
    with pytest.raises(TimeoutError, match="is still QUEUED after 2 s"):
        job.result(timeout=2)


def test_a_job_that_did_not_succeed_has_no_result_and_says_why(stage):
    stage.fails(error=lambda: ValueError("no"), max_attempts=1)
    job = handle(stage, stage.submit())
    drain(stage.parts)
    with pytest.raises(JobNotSucceeded, match="is DEAD: ValueError: no") as error:
        job.result(0)
    assert error.value.job.state is State.DEAD


def test_a_handle_cancels(stage):
    stage.works()
    job = handle(stage, stage.submit())
    assert job.cancel().state is State.CANCELLED
    with pytest.raises(JobNotSucceeded, match=r"is CANCELLED$"):
        job.result(0)

"""A job that did not start in time is not started any more."""

import pytest

from chalicelib.domain.errors import NotPossible
from chalicelib.domain.job import State
from chalicelib.pipeline.redrive import redrive
from tests.support.drive import drain, run_until_quiet, tick
from tests.support.rows import DAY, HOUR, MINUTE


def test_a_message_that_comes_after_the_deadline_starts_nothing(stage):
    stage.works()
    job = stage.submit(expires=10 * MINUTE)
    stage.advance(minutes=10, milliseconds=1)
    drain(stage.parts)
    row = stage.row(job)
    assert (row.state, stage.runs()) == (State.EXPIRED, 0)
    assert [entry.event for entry in row.history] == ["claimed", "expired"]


def test_a_message_that_comes_at_the_deadline_starts_the_job(stage):
    stage.works()
    job = stage.submit(expires=10 * MINUTE)
    stage.advance(minutes=10)
    drain(stage.parts)
    assert stage.row(job).state is State.SUCCEEDED


def test_the_deadline_is_for_the_first_attempt_only(stage):
    stage.fails(times=1)
    job = stage.submit(expires=MINUTE)
    drain(stage.parts)
    stage.advance(minutes=10)
    drain(stage.parts)
    assert (stage.row(job).state, stage.runs()) == (State.SUCCEEDED, 2)


def test_a_retry_after_the_deadline_is_not_ended_by_the_tick_either(stage):
    stage.fails(times=1)
    job = stage.submit(expires=MINUTE)
    drain(stage.parts)
    stage.lose_messages()
    stage.advance(hours=1)
    tick(stage.parts)
    assert stage.row(job).state is State.RETRYING
    run_until_quiet(stage.parts)
    assert stage.row(job).state is State.SUCCEEDED


def test_a_job_whose_message_was_lost_expires_by_the_tick(stage):
    stage.works()
    job = stage.submit(expires=10 * MINUTE)
    stage.lose_messages()
    stage.advance(minutes=11)
    tick(stage.parts)
    assert (stage.row(job).state, stage.messages) == (State.EXPIRED, 0)
    assert stage.row(job).history[-1].event == "expired"


def test_a_scheduled_job_that_no_tick_released_in_time_expires(stage):
    stage.works()
    job = stage.submit(delay=HOUR, expires=2 * HOUR)
    stage.advance(hours=3)
    tick(stage.parts)
    assert stage.row(job).state is State.EXPIRED


def test_a_worker_lost_before_it_could_say_that_it_was_late_leaves_a_job_that_expires(stage):
    stage.works()
    job = stage.submit(expires=MINUTE)
    stage.advance(minutes=2)
    stage.claim(job)
    run_until_quiet(stage.parts)
    assert (stage.row(job).state, stage.runs()) == (State.EXPIRED, 0)


def test_an_expired_job_is_kept_as_long_as_any(stage):
    stage.works(keep=3 * DAY)
    job = stage.submit(expires=MINUTE)
    stage.advance(minutes=2)
    drain(stage.parts)
    assert stage.row(job).forget == stage.world.now() + 3 * DAY


def test_an_expired_job_cannot_be_redriven(stage):
    stage.works()
    job = stage.submit(expires=MINUTE)
    stage.advance(minutes=2)
    drain(stage.parts)
    with pytest.raises(NotPossible, match="EXPIRED"):
        redrive(job.id, tenant="default", parts=stage.parts)


def test_a_redrive_after_the_deadline_runs(stage):
    # given a job that started in time and died
    stage.fails(times=1, max_attempts=1)
    job = stage.submit(expires=MINUTE)
    drain(stage.parts)
    # when it is redriven long after its deadline
    stage.advance(hours=5)
    redrive(job.id, tenant="default", parts=stage.parts)
    drain(stage.parts)
    # then it runs: whoever redrives it wants that
    assert stage.row(job).state is State.SUCCEEDED

"""Jobs for later: exact to the second, however long, and never early."""

from datetime import timedelta

import pytest

from chalicelib.domain.job import State
from chalicelib.domain.lifecycle import change
from chalicelib.pipeline.appointments import look
from chalicelib.pipeline.cancel import cancel
from chalicelib.pipeline.verdict import another
from tests.support.drive import deliver, drain, run_until_quiet, tick
from tests.support.rows import DAY, FAILURE, HOUR, MINUTE, SECOND

MS = timedelta(milliseconds=1)


@pytest.mark.parametrize(
    "wait",
    [0 * SECOND, SECOND, MINUTE, 15 * MINUTE, 15 * MINUTE + MS, 16 * MINUTE + 7 * SECOND, 3 * DAY, 366 * DAY],
    ids=str,
)
def test_a_job_runs_when_it_is_due_and_not_before(stage, wait):
    stage.works()
    due = stage.world.now() + wait
    job = stage.submit(delay=wait)
    run_until_quiet(stage.parts, within=400 * DAY)
    assert stage.row(job).state is State.SUCCEEDED
    assert [ran[3] for ran in stage.ran] == [due]


@pytest.mark.parametrize("wait", [SECOND, 15 * MINUTE, 3 * DAY], ids=str)
def test_a_job_for_a_time_runs_at_that_time(stage, wait):
    stage.works()
    at = stage.world.now() + wait
    stage.submit(at=at)
    run_until_quiet(stage.parts)
    assert [ran[3] for ran in stage.ran] == [at]


def test_the_tick_sends_a_scheduled_job_ahead_with_the_exact_delay(stage):
    # given a job for in an hour and seven seconds
    stage.works()
    job = stage.submit(delay=HOUR + 7 * SECOND)
    stage.advance(minutes=58)
    tick(stage.parts)
    assert stage.row(job).state is State.SCHEDULED
    # when the tick comes less than two minutes before
    stage.advance(minutes=1)
    tick(stage.parts)
    # then the job may be claimed, and its message comes exactly then
    row = stage.row(job)
    assert (row.state, row.ready) == (State.QUEUED, 0)
    assert [message.visible for message in stage.queue.messages] == [row.due]
    # and the tick looks again a while after that
    assert row.next_check == row.due + stage.parts.limits.wake_grace


def test_a_scheduled_job_whose_ticks_were_missed_runs_as_soon_as_one_comes(stage):
    stage.works()
    job = stage.submit(delay=HOUR)
    stage.advance(hours=3)
    tick(stage.parts)
    drain(stage.parts)
    assert stage.row(job).state is State.SUCCEEDED


def test_a_scheduled_job_that_was_released_and_lost_is_woken_again(stage):
    stage.works()
    job = stage.submit(delay=HOUR)
    stage.advance(minutes=59)
    tick(stage.parts)
    stage.lose_messages()
    stage.advance(minutes=3)
    tick(stage.parts)
    drain(stage.parts)
    assert stage.row(job).state is State.SUCCEEDED


def test_a_release_that_another_tick_has_made_is_as_good_as_ones_own(stage):
    # given two ticks that both read a scheduled job
    stage.works()
    job = stage.submit(delay=HOUR)
    stage.advance(minutes=59)
    write = stage.store.write

    def after_the_other(job_id, made):
        stage.store.write = write
        look(job_id, until=stage.world.now() + MINUTE, parts=stage.parts)
        return write(job_id, made)

    stage.store.write = after_the_other
    # when the slower one writes
    plan = look(job.id, until=stage.world.now() + MINUTE, parts=stage.parts)
    # then it sends its message too, and the job runs once
    assert plan.wakeup.delay == MINUTE
    run_until_quiet(stage.parts)
    assert stage.runs() == 1


def test_a_release_after_the_job_was_cancelled_sends_nothing(stage):
    stage.works()
    job = stage.submit(delay=HOUR)
    stage.advance(minutes=59)
    write = stage.store.write

    def after_a_cancel(job_id, made):
        stage.store.write = write
        cancel(job_id, tenant="default", parts=stage.parts)
        return write(job_id, made)

    stage.store.write = after_a_cancel
    assert look(job.id, until=stage.world.now() + MINUTE, parts=stage.parts) is None
    assert stage.row(job).state is State.CANCELLED


def test_the_idempotent_second_request_sends_a_message_with_the_delay_that_is_left(stage):
    stage.works()
    stage.submit(delay=10 * MINUTE, key="k")
    due = stage.world.now() + 10 * MINUTE
    stage.advance(minutes=4)
    stage.submit(delay=10 * MINUTE, key="k")
    assert [message.visible for message in stage.queue.messages] == [due, due]


def test_a_wakeup_for_a_lost_worker_does_not_start_the_retry_of_a_late_one_early(stage):
    # given a worker that is late: its lease is over, and the tick has sent a message for whoever takes over
    stage.works()
    job = stage.submit()
    late = stage.claim(job)
    stage.lose_messages()
    stage.advance(minutes=4)
    tick(stage.parts)
    assert stage.messages == 1
    # when the late worker schedules a retry for tomorrow, before anybody takes over
    retry = another(late, FAILURE, DAY, None, stage.world.now())
    stage.store.write(job.id, change(retry))
    # then that message starts nothing
    deliver(stage.parts, "default")
    assert stage.runs() == 0
    assert stage.row(job).state is State.RETRYING
    # and tomorrow it runs
    run_until_quiet(stage.parts)
    assert stage.ran[0][3] == retry.due

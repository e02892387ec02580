"""After a failed attempt: another one when it is due, or the end; and never more than allowed."""

from datetime import timedelta

import pytest

from chalicelib.domain.errors import JobCancelled, Retry, SoftTimeLimitExceeded
from chalicelib.domain.job import Reason, State
from chalicelib.domain.retry import Backoff
from chalicelib.pipeline.settle import settle
from chalicelib.pipeline.verdict import success
from tests.support.drive import deliver, drain, run_until_quiet, tick
from tests.support.rows import DAY, MINUTE, SECOND

MS = timedelta(milliseconds=1)


class Hopeless(ValueError):
    pass


def test_a_failed_attempt_is_followed_by_another_and_a_success_ends_it(stage):
    stage.fails(times=2)
    job = stage.submit()
    run_until_quiet(stage.parts)
    row = stage.row(job)
    assert (row.state, row.attempts, row.epoch, row.error) == (State.SUCCEEDED, 3, 3, None)
    assert [ran[1:3] for ran in stage.ran] == [(1, 1), (2, 2), (3, 3)]


def test_a_job_that_keeps_failing_dies_after_its_attempts_and_says_why(stage):
    stage.fails(error=lambda: ValueError("no such file"), max_attempts=3)
    job = stage.submit()
    run_until_quiet(stage.parts)
    row = stage.row(job)
    assert stage.runs() == 3
    assert (row.state, row.reason) == (State.DEAD, Reason.FAILED)
    assert (row.error.type, row.error.message) == ("ValueError", "no such file")
    assert "raise error()" in row.error.traceback
    assert [entry.event for entry in row.history].count("retry_scheduled") == 2


def test_the_requests_own_number_of_attempts_counts(stage):
    stage.fails(max_attempts=3)
    job = stage.submit(max_attempts=1)
    run_until_quiet(stage.parts)
    assert (stage.runs(), stage.row(job).state) == (1, State.DEAD)


def test_a_retry_waits_for_its_backoff_and_its_message_comes_exactly_then(stage):
    stage.fails(backoff=Backoff(base=8 * SECOND, cap=MINUTE))
    job = stage.submit()
    for ceiling in (8, 16, 32, 60):
        drain(stage.parts)
        row = stage.row(job)
        wait = row.due - stage.world.now()
        assert timedelta(0) <= wait <= ceiling * SECOND
        assert [message.visible for message in stage.queue.messages] == [row.due]
        stage.world.advance(wait - MS)
        assert drain(stage.parts) == 0
        stage.world.advance(MS)


def test_an_error_that_is_given_up_on_is_the_end(stage):
    stage.fails(error=Hopeless, give_up_on=(Hopeless,))
    job = stage.submit()
    drain(stage.parts)
    assert (stage.row(job).state, stage.row(job).attempts) == (State.DEAD, 1)


def test_an_error_that_is_not_retried_on_is_the_end(stage):
    stage.fails(error=Hopeless, retry_on=(OSError,))
    job = stage.submit()
    drain(stage.parts)
    assert stage.row(job).state is State.DEAD


@pytest.mark.parametrize("error", [SystemExit, KeyboardInterrupt, GeneratorExit])
def test_what_is_no_exception_ends_the_job_and_not_the_consumer(stage, error):
    stage.fails(error=error)
    job = stage.submit()
    drain(stage.parts)
    assert (stage.row(job).state, stage.row(job).error.type) == (State.DEAD, error.__name__)


@pytest.mark.parametrize("wait", [0 * SECOND, 5 * SECOND, 15 * MINUTE, 15 * MINUTE + MS, 1 * DAY])
def test_a_task_says_when_it_wants_another_attempt(stage, wait):
    stage.fails(times=1, error=lambda: Retry(after=wait), give_up_on=(Exception,))
    job = stage.submit()
    drain(stage.parts)
    due = stage.world.now() + wait
    run_until_quiet(stage.parts, within=400 * DAY)
    # then it gets it not before that, and at once when it is due
    _, second = stage.ran
    assert second[3] == due
    assert stage.row(job).state is State.SUCCEEDED


def test_a_retry_without_a_time_takes_the_tasks_backoff(stage):
    stage.fails(times=1, error=Retry, backoff=Backoff(base=10 * SECOND))
    job = stage.submit()
    drain(stage.parts)
    assert timedelta(0) <= stage.row(job).due - stage.world.now() <= 10 * SECOND


def test_asking_for_another_attempt_uses_one_up(stage):
    stage.fails(error=lambda: Retry(after=0), max_attempts=2)
    job = stage.submit()
    run_until_quiet(stage.parts)
    assert (stage.runs(), stage.row(job).state, stage.row(job).error.type) == (2, State.DEAD, "Retry")


def test_a_soft_time_limit_is_a_failure_like_any_and_dies_as_timed_out(stage):
    stage.fails(error=SoftTimeLimitExceeded, max_attempts=2)
    job = stage.submit()
    run_until_quiet(stage.parts)
    assert (stage.runs(), stage.row(job).reason) == (2, Reason.TIMED_OUT)


def test_a_task_that_says_it_is_cancelled_is(stage):
    stage.fails(error=JobCancelled)
    job = stage.submit()
    drain(stage.parts)
    assert stage.row(job).state is State.CANCELLED


def test_an_unknown_task_waits_for_the_code_that_knows_it(stage):
    # given a job of a task that this code does not have (any more, or yet)
    stage.works()
    job = stage.submit()
    known = stage.registry.tasks.pop("work")
    drain(stage.parts)
    assert stage.row(job).state is State.RETRYING
    # when code comes that has it
    stage.registry.tasks["work"] = known
    run_until_quiet(stage.parts)
    assert stage.row(job).state is State.SUCCEEDED


def test_a_task_that_stays_unknown_is_rejected(stage):
    stage.works(max_attempts=2)
    job = stage.submit()
    stage.registry.tasks.pop("work")
    run_until_quiet(stage.parts)
    assert (stage.row(job).state, stage.row(job).reason) == (State.DEAD, Reason.REJECTED)


def test_arguments_that_a_changed_signature_refuses_are_rejected_at_once(stage):
    # given a job that was accepted by an older signature
    stage.works()
    job = stage.submit(args={"x": "one"})
    stage.registry.tasks.pop("work")

    def work(x: int) -> None: ...

    stage.task(work)
    # when it runs
    drain(stage.parts)
    # then no attempt is wasted on what cannot pass
    assert (stage.row(job).state, stage.row(job).reason) == (State.DEAD, Reason.REJECTED)
    assert stage.row(job).attempts == 1
    assert "args.x" in stage.row(job).error.message


def test_the_outcome_of_a_worker_that_lost_its_job_is_discarded(stage, caplog):
    # given a worker whose lease ran out, and another one that took over
    stage.works()
    job = stage.submit()
    zombie = stage.claim(job)
    stage.advance(minutes=2)
    other = stage.claim(job)
    # when the first one comes to its end after all
    late = success(zombie, job.args, None, stage.world.now())
    assert settle(zombie, late, until=stage.world.now() + MINUTE, parts=stage.parts) is None
    # then nothing is recorded
    assert stage.row(job) == other
    assert "fenced" in caplog.text


def test_a_retry_whose_due_time_passes_while_it_is_recorded_is_sent_at_once(stage):
    # given a table that takes its time, and an attempt that wants the next one soon
    stage.fails(times=1, error=lambda: Retry(after=1))
    job = stage.submit()
    write = stage.store.write

    def slowly(job_id, change):
        stage.advance(seconds=2)
        return write(job_id, change)

    stage.store.write = slowly
    # when it is recorded later than the next one is due
    deliver(stage.parts, "default")
    # then that may start now
    assert stage.queue.messages[-1].visible == stage.world.now()
    run_until_quiet(stage.parts)
    assert stage.row(job).state is State.SUCCEEDED


def test_a_retry_with_an_appointment_moves_it_behind_the_due_time(stage):
    # given a job that is in the tick's sight
    stage.fails(times=1, error=lambda: Retry(after=60))
    job = stage.submit()
    stage.lose_messages()
    stage.advance(minutes=4)
    tick(stage.parts)
    assert stage.row(job).next_check is not None
    # when its attempt fails
    drain(stage.parts)
    # then the tick looks after it once its own message has had its chance
    assert stage.row(job).next_check == stage.row(job).due + 2 * MINUTE


def test_an_exception_that_cannot_say_what_it_is_fails_the_attempt_and_nothing_else(stage):
    class Mute(Exception):
        def __str__(self):
            raise RuntimeError

    stage.fails(error=Mute, max_attempts=1)
    job = stage.submit()
    drain(stage.parts)
    assert (stage.row(job).state, stage.row(job).error.type) == (State.DEAD, "Mute")
    assert stage.row(job).error.message == "<its str() failed>"

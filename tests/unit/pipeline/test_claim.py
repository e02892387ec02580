"""Who may run a job: one conditional write, and what its refusal means."""

from dataclasses import replace

import pytest

from chalicelib.domain.job import Inline, Reason, State, Wakeup
from chalicelib.domain.lifecycle import change
from chalicelib.pipeline.cancel import cancel
from chalicelib.pipeline.claim import claim
from chalicelib.pipeline.execute import execute
from chalicelib.pipeline.verdict import success
from tests.support.drive import deliver, drain, replay, run_until_quiet, tick
from tests.support.faults import Crash, How, Trap, trapped
from tests.support.rows import MINUTE, SECOND


def wakeup(job, **facts):
    return replace(Wakeup(tenant=job.tenant, job_id=job.id, epoch=job.epoch), **facts)


def test_a_claim_gives_the_job_under_a_lease_of_its_own(stage):
    stage.works()
    job = stage.claim(stage.submit())
    assert (job.state, job.epoch, job.attempts) == (State.RUNNING, 1, 1)
    assert job.lease == stage.world.now() + MINUTE
    assert job.owner.startswith("1.")


def test_a_second_delivery_of_a_running_job_is_acknowledged_and_not_run(stage):
    stage.works()
    job = stage.submit()
    first = stage.claim(job)
    assert stage.claim(job) is None
    assert stage.row(job) == first


def test_a_second_delivery_of_a_finished_job_is_acknowledged_and_not_run(stage):
    stage.works()
    job = stage.submit()
    drain(stage.parts)
    done = stage.row(job)
    assert stage.claim(job) is None
    assert stage.row(job) == done
    assert stage.runs() == 1


def test_a_message_that_names_no_job_runs_nothing(stage, caplog):
    stage.works()
    nobody = Wakeup(tenant="default", job_id=stage.world.job_id(), epoch=0)
    assert claim(nobody, lease=stage.world.now() + MINUTE, parts=stage.parts) is None
    assert not stage.store.rows
    assert [record.action for record in caplog.records] == ["phantom_message"]


def test_a_message_of_another_tenant_takes_no_job(stage):
    # given a job of one tenant, and a message for it that names another
    stage.works()
    job = stage.submit(tenant="acme")
    # then nothing is claimed, run or counted (I10)
    assert stage.claim(job, tenant="evil") is None
    assert stage.row(job) == job
    drain(stage.parts)
    assert stage.row(job).state is State.SUCCEEDED


def test_a_message_of_another_tenant_ends_no_job_whose_worker_was_lost(stage):
    stage.works(max_attempts=1)
    job = stage.submit(tenant="acme")
    running = stage.claim(job)
    stage.advance(minutes=2)
    assert stage.claim(job, tenant="evil") is None
    assert stage.row(job) == running


def test_a_stale_message_claims_a_retry_that_is_due(stage):
    # given a job whose first attempt failed, and whose retry message got lost
    stage.fails(times=1)
    job = stage.submit()
    deliver(stage.parts, "default")
    stage.lose_messages()
    stage.advance(minutes=1)
    # when the first message comes again
    again = stage.claim(job, epoch=0)
    # then it wakes the retry
    assert (again.state, again.epoch, again.attempts) == (State.RUNNING, 2, 2)


def test_a_stale_message_does_not_wake_a_retry_before_it_is_due(stage):
    stage.fails(times=1)
    job = stage.submit()
    deliver(stage.parts, "default")
    waiting = stage.row(job)
    assert waiting.due > stage.world.now()
    assert stage.claim(job, epoch=0) is None
    assert stage.row(job) == waiting


@pytest.mark.parametrize("epoch", [1, 7, 10**9])
def test_an_invented_epoch_does_no_harm(stage, epoch):
    stage.works()
    job = stage.submit()
    assert stage.claim(job, epoch=epoch).epoch == 1


@pytest.mark.parametrize("seconds", [0, 60])
def test_a_lease_that_is_not_over_is_respected(stage, seconds):
    stage.works()
    job = stage.submit()
    stage.claim(job)
    stage.advance(seconds=seconds)
    assert stage.claim(job) is None


def test_a_job_whose_lease_is_over_is_taken_over_with_a_new_epoch_and_another_attempt(stage):
    stage.works()
    job = stage.submit()
    first = stage.claim(job)
    stage.advance(seconds=61)
    second = stage.claim(job)
    assert (second.state, second.epoch, second.attempts) == (State.RUNNING, 2, 2)
    assert second.owner != first.owner
    assert [entry.event for entry in second.history] == ["claimed", "reclaimed"]


def test_a_lost_worker_is_the_end_when_no_attempts_are_left(stage):
    stage.works(max_attempts=1, on_failure="mourn")
    stage.mourns("mourn")
    job = stage.submit()
    stage.claim(job)
    stage.advance(seconds=61)
    assert stage.claim(job) is None
    dead = stage.row(job)
    assert (dead.state, dead.reason, dead.error.type) == (State.DEAD, Reason.WORKER_LOST, "WorkerLost")
    # and what that owes is done at once
    assert dead.finished
    drain(stage.parts)
    assert stage.told[0]["reason"] == "worker_lost"


def test_a_lost_workers_job_that_somebody_wants_cancelled_is_cancelled(stage):
    stage.works()
    job = stage.submit()
    stage.claim(job)
    cancel(job.id, tenant="default", parts=stage.parts)
    stage.advance(seconds=61)
    assert stage.claim(job) is None
    assert stage.row(job).state is State.CANCELLED


def test_a_wish_that_comes_between_the_look_and_the_write_is_not_lost(stage):
    # given a worker that was lost in its last attempt, and somebody who finds that out
    stage.works(max_attempts=1)
    job = stage.submit()
    stage.claim(job)
    stage.advance(seconds=61)
    write, calls = stage.store.write, []

    def write_after_a_wish(job_id, change):
        calls.append(change)
        if len(calls) == 2:  # the first was the plain claim, which is refused
            stage.store.write = write
            cancel(job.id, tenant="default", parts=stage.parts)
        return write(job_id, change)

    stage.store.write = write_after_a_wish
    # when a wish to cancel comes just before the death is written
    assert stage.claim(job) is None
    # then the job is cancelled
    assert stage.row(job).state is State.CANCELLED


def test_a_claim_whose_reply_was_lost_is_found_again_and_costs_no_attempt(stage):
    stage.works()
    job = stage.submit()
    stage.parts = trapped(
        stage.parts, Trap(how=How.REPLY_LOST, at=1, only=lambda name: name == "store.write")
    )
    mine = stage.claim(job)
    assert (mine.epoch, mine.attempts) == (1, 1)
    assert mine == stage.row(job)


def test_a_takeover_whose_reply_was_lost_is_found_again(stage):
    stage.works()
    job = stage.submit()
    stage.claim(job)
    stage.advance(seconds=61)
    trap = Trap(how=How.REPLY_LOST, at=2, only=lambda name: name == "store.write")
    stage.parts = trapped(stage.parts, trap)
    mine = stage.claim(job)
    assert (mine.epoch, mine.attempts) == (2, 2)


def test_two_claims_of_one_invocation_are_not_taken_for_each_other(stage):
    # given the same message twice in one batch
    stage.works()
    job = stage.submit()
    stage.queue.put("default", stage.queue.ever[0][1])
    # when the batch is handled
    drain(stage.parts)
    # then the job ran once
    assert stage.runs() == 1
    assert stage.row(job).attempts == 1


def test_whoever_comes_after_the_end_does_what_it_still_owes(stage):
    # given a job that ended, by a worker that died before it did what follows
    stage.works(on_success="after")
    stage.mourns("after")
    job = stage.submit()
    running = stage.claim(job)
    stage.store.write(job.id, change(success(running, Inline(json="1"), None, stage.world.now())))
    # when its message comes again
    assert stage.claim(job) is None
    # then what follows was submitted
    assert stage.row(job).finished
    drain(stage.parts)
    assert stage.runs("after") == 1


def test_nothing_is_claimed_with_too_little_time_left(stage):
    stage.works()
    job = stage.submit()
    ends = stage.world.now() + stage.parts.limits.least_time
    assert not execute(wakeup(job), ends=ends - SECOND, receipt=None, parts=stage.parts)
    assert stage.row(job) == job
    assert execute(wakeup(job), ends=ends, receipt=None, parts=stage.parts)


def test_a_job_that_keeps_losing_its_workers_dies_after_its_attempts(stage):
    # given a task that takes every worker down with it
    def boom():
        stage.note("work")
        stage.store.write = lambda *_: (_ for _ in ()).throw(Crash())

    stage.task(boom, "work", max_attempts=3)
    job = stage.submit()
    for _ in range(20):
        drain(stage.parts)
        stage.store.__dict__.pop("write", None)
        stage.advance(minutes=7)
        tick(stage.parts)
    # then it ran as often as it may, and the rest of the lane was not held up
    assert stage.runs() == 3
    assert (stage.row(job).state, stage.row(job).reason) == (State.DEAD, Reason.WORKER_LOST)
    run_until_quiet(stage.parts)
    replay(stage.parts)


def test_every_message_that_ever_was_may_come_again(stage):
    stage.fails(times=2)
    job = stage.submit()
    run_until_quiet(stage.parts)
    replay(stage.parts)
    stage.advance(hours=1)
    replay(stage.parts)
    assert stage.runs() == 3
    assert stage.row(job).state is State.SUCCEEDED

"""Rare meetings: what each writer does when the row has moved on in the one moment that matters."""

import pytest

from chalicelib.domain.errors import Unavailable
from chalicelib.domain.job import Inline, State, Wakeup
from chalicelib.pipeline.accept import appoint
from chalicelib.pipeline.claim import ROUNDS
from chalicelib.pipeline.execute import execute
from chalicelib.pipeline.ports import Refused
from chalicelib.pipeline.redrive import redrive
from chalicelib.pipeline.settle import settle
from chalicelib.pipeline.verdict import owner_of, success
from tests.support.drive import deliver, drain, run_until_quiet
from tests.support.faults import How, Trap, trapped
from tests.support.rows import MINUTE, queued


def test_a_row_that_is_forgotten_while_it_is_appointed_needs_nothing_more(stage):
    stage.works()
    job = stage.submit()
    stage.store.rows.clear()
    assert appoint(job, stage.world.now(), until=stage.world.now() + MINUTE, parts=stage.parts) == job


def test_a_job_that_moves_on_under_every_claim_is_left_to_the_sweep(stage):
    # given a row that shows another epoch to each try
    stage.works()
    job = stage.submit()
    tries = []

    def ever_newer(job_id, change):
        tries.append(change)
        return Refused(job=queued(id=job.id, epoch=len(tries), ready=len(tries)))

    stage.store.write = ever_newer
    assert stage.claim(job) is None
    assert len(tries) == ROUNDS


def test_a_worker_that_is_fenced_acknowledges_its_message(stage):
    # given a task during which its job is taken over, and ended, by another worker
    def work():
        stage.advance(minutes=3)
        deliver(stage.parts, "default")

    stage.task(work)
    job = stage.submit()
    inner = stage.registry["work"]
    (message,) = stage.queue.receive("default")
    stage.queue.put("default", message.body)
    calls = []

    def once():
        if not calls:
            calls.append(1)
            inner.function()

    stage.registry.tasks.pop("work")
    stage.task(once, "work")
    # when the first one comes back
    wakeup = Wakeup(tenant=job.tenant, job_id=job.id, epoch=0)
    ends = stage.world.now() + MINUTE
    done = execute(wakeup, ends=ends, receipt=message.receipt, parts=stage.parts)
    # then the second one's outcome stands, and the first one's message is done with
    assert done
    row = stage.row(job)
    assert (row.state, row.attempts, row.epoch) == (State.SUCCEEDED, 2, 2)


def test_a_redrive_whose_reply_was_lost_and_that_was_claimed_meanwhile_sends_nothing_more(stage):
    # given a dead job whose redrive lands, and which the tick's message starts before the reply comes
    stage.fails(times=1, max_attempts=1)
    job = stage.submit()
    run_until_quiet(stage.parts)
    write = stage.store.write

    def claimed_at_once(job_id, change):
        stage.store.write = write
        answer = write(job_id, change)
        stage.claim(answer.job)
        return answer

    stage.store.write = claimed_at_once
    stage.parts = trapped(
        stage.parts, Trap(how=How.REPLY_LOST, at=1, only=lambda name: name == "store.write")
    )
    sent = len(stage.queue.ever)
    row = redrive(job.id, tenant="default", parts=stage.parts)
    assert row.state is State.RUNNING
    assert len(stage.queue.ever) == sent


@pytest.mark.parametrize("state", ["SUCCEEDED", "RETRYING", "RUNNING"])
def test_an_outcome_whose_reply_was_lost_is_found_again_whatever_came_after_it(stage, state):
    # given an attempt that fails, whose reply is lost, and whose job has moved on when it asks again
    stage.fails(times=1)
    job = stage.submit()
    write = stage.store.write

    def and_then(job_id, change):
        answer = write(job_id, change)
        if any(entry.event == "retry_scheduled" for entry in change.history):
            stage.store.write = write
            if state != "RETRYING":
                stage.advance(minutes=1)
                stage.queue.put("default", stage.queue.ever[0][1])
            if state == "SUCCEEDED":
                deliver(stage.parts, "default")
            if state == "RUNNING":
                stage.claim(job)
            raise Unavailable("lost")
        return answer

    stage.store.write = and_then
    deliver(stage.parts, "default")
    # then that is no fence: its own mark is in the history
    assert stage.row(job).state is State(state)
    run_until_quiet(stage.parts)
    assert stage.row(job).state is State.SUCCEEDED


def test_an_outcome_that_was_recorded_may_be_recorded_again(stage):
    stage.works(on_success="after")
    stage.mourns("after")
    job = stage.submit()
    running = stage.claim(job)
    event = success(running, Inline(json="1"), None, stage.world.now())
    until = stage.world.now() + MINUTE
    first = settle(running, event, until=until, parts=stage.parts)
    assert settle(running, event, until=until, parts=stage.parts).history == first.history
    drain(stage.parts)
    assert stage.runs("after") == 1


def test_only_a_job_that_runs_has_an_owner(stage):
    stage.works()
    with pytest.raises(ValueError, match="has no owner"):
        owner_of(stage.submit())

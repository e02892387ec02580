"""The receipt of a cancel: what had happened, and whether a success may still win."""

import pytest

from chalicelib import wiring
from chalicelib.domain.job import Inline, State
from chalicelib.pipeline.cancel import cancel, cancel_seen
from chalicelib.pipeline.receipt import Outcome, receipt
from chalicelib.pipeline.settle import settle
from chalicelib.pipeline.verdict import success
from tests.support.drive import drain
from tests.support.faults import How, Trap, trapped
from tests.support.rows import HOUR, MINUTE


def cancelled(stage, job):
    """The receipt of a cancel, and the row after it."""
    before, after = cancel_seen(job.id, tenant="default", parts=stage.parts)
    return receipt(before, after, parts=stage.parts), after


@pytest.mark.parametrize("delay", [None, HOUR])
def test_a_job_that_waits_has_done_nothing(stage, delay):
    stage.works()
    job = stage.submit(delay=delay)
    found, after = cancelled(stage, job)
    assert after.state is State.CANCELLED
    assert (found.outcome, found.before, found.attempts) == (Outcome.CANCELLED, job.state, 0)
    assert (found.running_since, found.progress, found.steps, found.checkpoint) == (None, None, (), False)
    assert not found.may_still_succeed


def test_a_job_that_runs_is_asked_and_may_still_succeed(stage):
    stage.works()
    job = stage.submit()
    running = stage.claim(job)
    since = stage.world.now()
    stage.advance(seconds=5)
    found, after = cancelled(stage, job)
    assert (found.outcome, found.before, found.attempts) == (Outcome.ASKED, State.RUNNING, 1)
    assert found.running_since == since
    assert found.may_still_succeed
    assert after.state is State.RUNNING
    # asking again is the same answer
    assert cancelled(stage, job)[0].outcome is Outcome.ASKED
    # and when it succeeds first, a cancel is too late
    won = success(running, Inline(json="1"), None, stage.world.now())
    settle(running, won, until=stage.world.now() + MINUTE, parts=stage.parts)
    found, _ = cancelled(stage, job)
    assert (found.outcome, found.before) == (Outcome.TOO_LATE, State.SUCCEEDED)
    assert not found.may_still_succeed


def test_a_job_between_attempts_shows_those_and_the_steps_that_it_had_recorded(stage):
    from chalicelib import current_job

    def work():
        current_job().progress(0.5, "half")
        current_job().step("charge", lambda: "ch_1")
        raise ValueError("after it was charged")

    stage.task(work)
    job = stage.submit()
    wiring.use(stage.parts)
    try:
        drain(stage.parts)
    finally:
        wiring.use(None)
    found, _ = cancelled(stage, job)
    assert (found.outcome, found.before, found.attempts) == (Outcome.CANCELLED, State.RETRYING, 1)
    assert found.steps == ("charge",)
    assert found.progress.message == "half"
    assert found.running_since is None


@pytest.mark.parametrize("runs", [False, True])
def test_a_cancel_whose_reply_was_lost_tells_of_the_job_as_it_was_before(stage, runs):
    stage.works()
    job = stage.submit()
    if runs:
        stage.claim(job)
    stage.parts = trapped(
        stage.parts, Trap(how=How.REPLY_LOST, at=1, only=lambda name: name == "store.write")
    )
    found, _ = cancelled(stage, job)
    assert found.before is (State.RUNNING if runs else State.QUEUED)
    assert found.outcome is (Outcome.ASKED if runs else Outcome.CANCELLED)


def test_a_job_that_another_one_cancelled_first_is_cancelled_and_was_so_before(stage):
    stage.works()
    job = stage.submit()
    write = stage.store.write

    def first(job_id, change):
        stage.store.write = write
        stage.advance(seconds=1)
        cancel(job_id, tenant="default", parts=stage.parts)
        return write(job_id, change)

    stage.store.write = first
    found, _ = cancelled(stage, job)
    assert (found.outcome, found.before) == (Outcome.CANCELLED, State.CANCELLED)

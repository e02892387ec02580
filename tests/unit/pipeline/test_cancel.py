"""Cancelling: at once if nobody runs it, by a wish if somebody does; and a success that lands first wins."""

import pytest

from chalicelib.domain.errors import NotFound, Unavailable
from chalicelib.domain.job import Inline, State
from chalicelib.pipeline.cancel import cancel
from chalicelib.pipeline.outcome import Raised, failure
from chalicelib.pipeline.ports import Refused
from chalicelib.pipeline.settle import settle
from chalicelib.pipeline.verdict import after_raise, success
from tests.support.drive import drain, run_until_quiet, tick
from tests.support.faults import How, Trap, trapped
from tests.support.invariants import COMPLETIONS
from tests.support.rows import HOUR, MINUTE


def wish(stage, job):
    return cancel(job.id, tenant=job.tenant, parts=stage.parts)


def finish(stage, running, event):
    return settle(running, event, until=stage.world.now() + MINUTE, parts=stage.parts)


def raising(stage, running, *, again=True):
    """The event of an attempt that failed, decided by what it knew when it began."""
    raised = Raised(failure=failure(ValueError("no")), again=again)
    options = stage.registry["work"].options
    return after_raise(running, raised, options.backoff, None, stage.world.now(), 0.5)


def test_a_queued_job_is_cancelled_at_once_and_never_runs(stage):
    stage.works()
    job = stage.submit()
    assert wish(stage, job).state is State.CANCELLED
    drain(stage.parts)
    assert stage.runs() == 0


def test_a_scheduled_job_is_cancelled_and_out_of_the_ticks_sight(stage):
    stage.works()
    job = stage.submit(delay=HOUR)
    assert wish(stage, job).state is State.CANCELLED
    assert stage.row(job).attention is None


def test_a_job_that_waits_for_its_next_attempt_is_cancelled(stage):
    stage.fails()
    job = stage.submit()
    drain(stage.parts)
    row = wish(stage, job)
    assert (row.state, row.error.type) == (State.CANCELLED, "ValueError")
    run_until_quiet(stage.parts)
    assert stage.runs() == 1


def test_a_running_job_is_told(stage):
    stage.works()
    job = stage.submit()
    stage.claim(job)
    row = wish(stage, job)
    assert (row.state, row.cancel_requested) == (State.RUNNING, stage.world.now())


@pytest.mark.parametrize("again", [True, False])
def test_a_wish_turns_the_attempts_failure_into_a_cancellation(stage, again):
    stage.works(on_failure="after")
    stage.mourns("after")
    job = stage.submit()
    running = stage.claim(job)
    wish(stage, job)
    row = finish(stage, running, raising(stage, running, again=again))
    assert (row.state, row.error.message, row.reason) == (State.CANCELLED, "no", None)
    assert not row.outbox


def test_a_success_that_lands_first_wins(stage):
    stage.works()
    job = stage.submit()
    running = stage.claim(job)
    wish(stage, job)
    row = finish(stage, running, success(running, Inline(json="1"), None, stage.world.now()))
    assert row.state is State.SUCCEEDED
    assert wish(stage, job).state is State.SUCCEEDED


def test_a_job_that_was_claimed_after_the_wish_is_not_run(stage):
    # given a running job that somebody wants cancelled, and whose worker is lost
    stage.works()
    job = stage.submit()
    stage.claim(job)
    wish(stage, job)
    stage.advance(minutes=2)
    # when its message comes again
    stage.queue.put("default", stage.queue.ever[0][1])
    drain(stage.parts)
    # then it is cancelled, not run
    assert (stage.row(job).state, stage.runs()) == (State.CANCELLED, 0)


def test_a_wish_that_lands_between_claim_and_run_stops_the_attempt(stage):
    # given a worker that has taken over, with a wish on the row
    stage.works()
    job = stage.submit()
    stage.claim(job)
    write = stage.store.write

    def wish_first(job_id, made):
        stage.store.write = write
        answer = write(job_id, made)  # the refused plain claim
        stage.store.write = wish_second
        return answer

    def wish_second(job_id, made):
        stage.store.write = write
        wish(stage, job)  # between the look at the lapsed lease and the takeover
        return write(job_id, made)

    stage.advance(minutes=2)
    stage.store.write = wish_first
    drain(stage.parts)
    # then the takeover is given up without running
    assert (stage.row(job).state, stage.runs()) == (State.CANCELLED, 0)
    assert stage.row(job).attempts == 2


@pytest.mark.parametrize("state", [State.SUCCEEDED, State.DEAD, State.CANCELLED, State.EXPIRED])
def test_what_is_over_stays_as_it_is(stage, state):
    if state is State.DEAD:
        stage.fails(max_attempts=1)
    else:
        stage.works()
    job = stage.submit(expires=MINUTE)
    if state is State.CANCELLED:
        wish(stage, job)
    if state is State.EXPIRED:
        stage.advance(minutes=2)
    drain(stage.parts)
    before = stage.row(job)
    assert before.state is state
    assert wish(stage, job) == before
    assert stage.row(job) == before


def test_asking_twice_is_asking_once(stage):
    stage.works()
    job = stage.submit()
    stage.claim(job)
    first = wish(stage, job)
    stage.advance(seconds=5)
    assert wish(stage, job) == first
    assert [entry.event for entry in first.history].count("cancel_requested") == 1


@pytest.mark.parametrize("claimed", [False, True])
def test_a_cancellation_whose_reply_was_lost_is_found_again(stage, claimed):
    stage.works()
    job = stage.submit()
    if claimed:
        stage.claim(job)
    stage.parts = trapped(
        stage.parts, Trap(how=How.REPLY_LOST, at=1, only=lambda name: name == "store.write")
    )
    row = wish(stage, job)
    assert row == stage.row(job)
    events = [entry.event for entry in row.history]
    assert events == (["claimed", "cancel_requested"] if claimed else ["cancelled"])


def test_a_job_that_is_claimed_while_it_is_being_cancelled_is_told(stage):
    stage.works()
    job = stage.submit()
    write = stage.store.write

    def after_a_claim(job_id, made):
        stage.store.write = write
        stage.claim(job)
        return write(job_id, made)

    stage.store.write = after_a_claim
    row = wish(stage, job)
    assert (row.state, row.cancel_requested is not None) == (State.RUNNING, True)


def test_a_job_that_never_holds_still_is_the_callers_to_ask_again(stage):
    stage.works()
    job = stage.submit()
    stage.store.write = lambda *_: Refused(job=job)
    with pytest.raises(Unavailable, match="changed 20 times"):
        wish(stage, job)


@pytest.mark.parametrize("tenant", ["evil", ""])
def test_a_job_of_another_tenant_is_not_there(stage, tenant):
    stage.works()
    job = stage.submit(tenant="acme")
    with pytest.raises(NotFound):
        cancel(job.id, tenant=tenant, parts=stage.parts)
    assert stage.row(job) == job


def test_a_job_that_was_forgotten_meanwhile_is_not_there(stage):
    stage.works()
    job = stage.submit()
    stage.store.write = lambda *_: Refused(job=None)
    with pytest.raises(NotFound):
        wish(stage, job)


@pytest.mark.parametrize("at", range(1, 30))
def test_a_cancel_at_any_step_leaves_exactly_one_end(stage, at):
    # given a job whose first attempt fails, and a cancel before its n-th write
    stage.fails(times=1, on_success="after", on_failure="after")
    stage.mourns("after")
    job = stage.submit()
    write, left = stage.store.write, [at]

    def then_cancel(job_id, made):
        left[0] -= 1
        if left[0] == 0:
            stage.store.write = write
            wish(stage, job)
        return write(job_id, made)

    stage.store.write = then_cancel
    run_until_quiet(stage.parts)
    # then it is over once, and what it owed was done
    row = stage.row(job)
    assert sum(entry.event in COMPLETIONS for entry in row.history) == 1
    followed = stage.runs("after")
    assert followed == (1 if row.state is State.SUCCEEDED else 0)
    assert row.state is (State.CANCELLED if at <= 3 else State.SUCCEEDED)


def test_the_tick_ends_a_cancelled_job_whose_worker_was_lost(stage):
    stage.works()
    job = stage.submit()
    stage.claim(job)
    wish(stage, job)
    stage.lose_messages()
    stage.advance(minutes=5)
    tick(stage.parts)
    assert stage.row(job).state is State.CANCELLED


def test_a_death_decided_by_a_tick_yields_to_a_wish(stage):
    # given a lost worker without attempts left, and a wish that comes when the tick has decided
    stage.works(max_attempts=1)
    job = stage.submit()
    stage.claim(job)
    stage.lose_messages()
    stage.advance(minutes=5)
    write = stage.store.write

    def wish_before_death(job_id, made):
        if any(entry.event == "died" for entry in made.history):
            stage.store.write = write
            wish(stage, job)
        return write(job_id, made)

    stage.store.write = wish_before_death
    tick(stage.parts)
    assert stage.row(job).state is State.RUNNING
    stage.advance(minutes=1)
    tick(stage.parts)
    assert stage.row(job).state is State.CANCELLED


def test_a_retry_refused_for_a_wish_is_recorded_as_a_cancellation_once(stage):
    stage.works()
    job = stage.submit()
    running = stage.claim(job)
    decided = raising(stage, running)
    wish(stage, job)
    trap = Trap(how=How.REPLY_LOST, at=2, only=lambda name: name == "store.write")
    stage.parts = trapped(stage.parts, trap)
    row = finish(stage, running, decided)
    assert trap.sprung
    assert row.state is State.CANCELLED
    assert [entry.event for entry in row.history].count("cancelled") == 1

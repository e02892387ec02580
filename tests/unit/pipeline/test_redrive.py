"""Another life for the dead: all attempts, a grown epoch, the history kept."""

import pytest

from chalicelib.adapters.memory.queue import Unkindness
from chalicelib.domain.errors import NotFound, NotPossible
from chalicelib.domain.job import Inline, Reason, State
from chalicelib.pipeline.cancel import cancel
from chalicelib.pipeline.ports import Refused
from chalicelib.pipeline.redrive import HISTORY_KEPT, DeadFilter, matching, redrive
from chalicelib.pipeline.settle import settle
from chalicelib.pipeline.verdict import success
from tests.support.drive import drain, run_until_quiet
from tests.support.faults import How, Trap, trapped
from tests.support.rows import DAY, MINUTE


def dead(stage, **how):
    """A job that died, of a task that then works."""
    stage.fails(times=2, max_attempts=2)
    job = stage.submit(**how)
    run_until_quiet(stage.parts)
    assert stage.row(job).state is State.DEAD
    return stage.row(job)


def revive(stage, job):
    return redrive(job.id, tenant=job.tenant, parts=stage.parts)


def test_a_dead_job_runs_again_with_all_its_attempts(stage):
    job = dead(stage)
    row = revive(stage, job)
    assert (row.state, row.epoch, row.attempts, row.error, row.reason) == (State.QUEUED, 3, 0, None, None)
    drain(stage.parts)
    row = stage.row(job)
    assert (row.state, row.attempts, row.epoch) == (State.SUCCEEDED, 1, 4)
    assert [entry.event for entry in row.history].count("redriven") == 1


def test_a_redriven_job_is_in_the_ticks_sight_until_it_ends(stage):
    job = dead(stage)
    assert revive(stage, job).next_check == stage.world.now() + MINUTE
    drain(stage.parts)
    assert stage.row(job).attention is None


def test_a_redriven_job_whose_message_is_lost_runs_all_the_same(stage):
    job = dead(stage)
    revive(stage, job)
    stage.lose_messages()
    run_until_quiet(stage.parts)
    assert stage.row(job).state is State.SUCCEEDED


def test_a_queue_that_refuses_does_not_fail_the_redrive(stage):
    job = dead(stage)
    stage.queue._unkindness = Unkindness(refuses=1.0)
    assert revive(stage, job).state is State.QUEUED
    stage.queue._unkindness = Unkindness()
    run_until_quiet(stage.parts)
    assert stage.row(job).state is State.SUCCEEDED


def test_a_worker_of_the_former_life_is_fenced(stage):
    # given a worker that was lost, and its job dead of that
    stage.works(max_attempts=1)
    job = stage.submit()
    zombie = stage.claim(job)
    run_until_quiet(stage.parts)
    assert stage.row(job).reason is Reason.WORKER_LOST
    # when the job has another life, and the worker comes back
    revive(stage, job)
    late = success(zombie, Inline(json='"old"'), None, stage.world.now())
    assert settle(zombie, late, until=stage.world.now() + MINUTE, parts=stage.parts) is None
    # then that life is its own
    drain(stage.parts)
    assert stage.row(job).result == Inline(json='"done"')


def test_a_redrive_whose_reply_was_lost_is_found_again(stage):
    job = dead(stage)
    stage.parts = trapped(
        stage.parts, Trap(how=How.REPLY_LOST, at=1, only=lambda name: name == "store.write")
    )
    row = revive(stage, job)
    assert row == stage.row(job)
    assert [entry.event for entry in row.history].count("redriven") == 1


def test_a_redrive_that_somebody_else_made_is_not_ones_own(stage):
    job = dead(stage)
    write = stage.store.write

    def after_the_other(job_id, made):
        stage.store.write = write
        revive(stage, job)
        return write(job_id, made)

    stage.store.write = after_the_other
    with pytest.raises(NotPossible, match="somebody else was faster"):
        revive(stage, job)
    assert [entry.event for entry in stage.row(job).history].count("redriven") == 1


@pytest.mark.parametrize("state", ["QUEUED", "SUCCEEDED", "CANCELLED"])
def test_only_the_dead_can_be_redriven(stage, state):
    stage.works()
    job = stage.submit()
    if state == "SUCCEEDED":
        drain(stage.parts)
    if state == "CANCELLED":
        cancel(job.id, tenant="default", parts=stage.parts)
    with pytest.raises(NotPossible, match=state):
        revive(stage, job)


def test_a_dead_job_that_still_owes_something_does_it_first(stage):
    # given a job that died while its follower could not be submitted
    stage.fails(times=1, max_attempts=1, on_failure="after")
    stage.mourns("after")
    job = stage.submit()
    known = stage.registry.tasks.pop("after")
    drain(stage.parts)
    assert stage.row(job).outbox
    # then it cannot be redriven
    with pytest.raises(NotPossible, match="still owes on_failure"):
        revive(stage, job)
    # but once that is possible, it is done and the job redriven
    stage.registry.tasks["after"] = known
    assert revive(stage, job).state is State.QUEUED
    run_until_quiet(stage.parts)
    assert stage.runs("after") == 1
    assert stage.row(job).state is State.SUCCEEDED


def test_each_death_is_followed_by_its_own(stage):
    stage.fails(times=2, max_attempts=1, on_failure="after")
    stage.mourns("after")
    job = stage.submit()
    for _ in range(2):
        run_until_quiet(stage.parts)
        revive(stage, job)
    run_until_quiet(stage.parts)
    assert stage.runs("after") == 2
    assert stage.row(job).state is State.SUCCEEDED


def test_a_job_of_another_tenant_is_not_there(stage):
    job = dead(stage, tenant="acme")
    with pytest.raises(NotFound):
        redrive(job.id, tenant="evil", parts=stage.parts)


def test_a_job_that_was_forgotten_meanwhile_is_not_there(stage):
    job = dead(stage)
    stage.store.write = lambda *_: Refused(job=None)
    with pytest.raises(NotFound):
        revive(stage, job)


def test_a_dead_job_is_kept_longer_than_a_success_but_not_for_ever(stage):
    job = dead(stage)
    assert stage.row(job).forget - stage.row(job).history[-1].at == 30 * DAY
    stage.advance(days=31)
    with pytest.raises(NotFound):
        revive(stage, job)


def test_a_history_that_is_redriven_daily_stays_small(stage):
    stage.fails(max_attempts=1)
    job = stage.submit()
    for _ in range(30):
        drain(stage.parts)
        revive(stage, job)
    history = stage.row(job).history
    assert len(history) <= HISTORY_KEPT + 3
    assert history[-1].event == "redriven"


def test_a_filter_takes_what_it_names(stage):
    stage.fails("a", max_attempts=1)
    stage.fails("b", error=OSError, max_attempts=1)
    jobs = [stage.submit("a"), stage.submit("b"), stage.submit("b", tenant="acme")]
    run_until_quiet(stage.parts)
    a, b, _ = (stage.row(job) for job in jobs)

    def found(**wanted):
        wanted = DeadFilter(**{"tenant": "default", **wanted})
        return {job.id for job in matching(wanted, limit=100, scan=100, parts=stage.parts).jobs}

    assert found() == {a.id, b.id}
    assert found(task="a") == {a.id}
    assert found(fingerprint=b.error.fingerprint) == {b.id}
    assert found(reason=Reason.FAILED) == {a.id, b.id}
    assert found(reason=Reason.TIMED_OUT) == set()
    assert found(tenant="acme") == {jobs[2].id}

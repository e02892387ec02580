"""What follows an end: exactly once, whoever dies in between."""

import pytest

from chalicelib.domain.errors import Unavailable
from chalicelib.domain.job import Reason, State
from chalicelib.pipeline import effects
from chalicelib.pipeline.cancel import cancel
from chalicelib.pipeline.ids import effect_id, time_of
from tests.support.drive import drain, run_until_quiet, tick
from tests.support.faults import Crash
from tests.support.rows import NOW, SECOND


def succeeds(stage, **options):
    stage.works(on_success="after", on_failure="mourn", **options)
    stage.mourns("after")
    stage.mourns("mourn")


def test_a_success_is_followed_by_the_task_that_it_names_which_is_told_all(stage):
    succeeds(stage, result=[1, 2])
    job = stage.submit(tenant="acme")
    drain(stage.parts)
    assert stage.told == [
        {
            "id": job.id,
            "task": "work",
            "state": "SUCCEEDED",
            "attempts": 1,
            "result": [1, 2],
            "error": None,
            "reason": None,
        }
    ]
    follower = next(row for row in stage.store.rows.values() if row.cause == job.id)
    assert (follower.task, follower.tenant, follower.state) == ("after", "acme", State.SUCCEEDED)
    assert stage.row(job).finished
    assert stage.row(job).attention is None


def test_a_death_is_followed_by_the_task_that_it_names(stage):
    stage.fails(error=lambda: ValueError("no"), max_attempts=1, on_success="after", on_failure="mourn")
    stage.mourns("after")
    stage.mourns("mourn")
    job = stage.submit()
    drain(stage.parts)
    assert (stage.runs("after"), stage.runs("mourn")) == (0, 1)
    assert stage.told[0]["error"] == {"type": "ValueError", "message": "no"}
    assert stage.told[0]["reason"] == Reason.FAILED
    assert stage.row(job).attention == "dead"


def test_a_retry_a_cancellation_and_an_expiry_are_followed_by_nothing(stage):
    stage.fails(on_success="after", on_failure="after")
    stage.mourns("after")
    retried = stage.submit()
    drain(stage.parts)
    cancel(retried.id, tenant="default", parts=stage.parts)
    late = stage.submit(expires=SECOND)
    stage.advance(seconds=2)
    run_until_quiet(stage.parts)
    assert stage.row(retried).state is State.CANCELLED
    assert stage.row(late).state is State.EXPIRED
    assert stage.runs("after") == 0


def test_the_same_effect_twice_is_one_job(stage):
    # given a worker that died after it submitted the follower, before it could say so
    succeeds(stage)
    job = stage.submit()
    write = stage.store.write

    def dies_at_the_clearing(job_id, change):
        if "outbox" in change.remove:
            stage.store.write = write
            raise Crash
        return write(job_id, change)

    stage.store.write = dies_at_the_clearing
    drain(stage.parts)
    assert stage.row(job).outbox
    # when others do it again, by the message and by the tick
    run_until_quiet(stage.parts)
    # then it happened once
    assert stage.runs("after") == 1
    assert len(stage.store.rows) == 2


def test_the_tick_does_what_a_dead_worker_left(stage):
    succeeds(stage)
    job = stage.submit()
    create = stage.store.create

    def dies_at_the_follower(new):
        stage.store.create = create
        raise Crash

    stage.store.create = dies_at_the_follower
    drain(stage.parts)
    stage.lose_messages()
    assert len(stage.store.rows) == 1
    stage.advance(minutes=4)
    tick(stage.parts)
    assert stage.row(job).finished
    drain(stage.parts)
    assert stage.runs("after") == 1


def test_two_who_do_it_side_by_side_make_one_job(stage):
    succeeds(stage)
    job = stage.submit()
    create = stage.store.create

    def while_another_does_it_too(new):
        stage.store.create = create
        effects.perform(stage.row(job), parts=stage.parts)
        return create(new)

    stage.store.create = while_another_does_it_too  # the next row is the follower's: the job has its own
    drain(stage.parts)
    assert stage.runs("after") == 1
    assert stage.row(job).finished


def test_a_follower_that_this_code_does_not_know_waits_for_code_that_does(stage, caplog):
    # given an older consumer that does not have the follower's task
    succeeds(stage)
    job = stage.submit()
    known = stage.registry.tasks.pop("after")
    drain(stage.parts)
    assert stage.row(job).state is State.SUCCEEDED
    assert stage.row(job).outbox
    assert "cannot be submitted yet" in caplog.text
    # and the tick looks again now and then
    stage.advance(minutes=4)
    tick(stage.parts)
    assert stage.row(job).next_check == stage.world.now() + stage.parts.limits.wake_cap
    # when newer code comes
    stage.registry.tasks["after"] = known
    run_until_quiet(stage.parts)
    assert stage.runs("after") == 1


def test_a_follower_is_told_that_the_result_is_gone_rather_than_nothing_at_all(stage, caplog):
    succeeds(stage, result="a" * 1000)
    stage.submit()
    get = stage.parts.payloads.get
    stage.parts.payloads.get = lambda job_id, stored: get(
        job_id, type(stored)(place=stored.place, sha256="0", size=1)
    )
    drain(stage.parts)
    assert stage.told[0]["result"] is None
    assert "gone or damaged" in caplog.text


def test_a_service_that_is_down_gives_the_message_back_and_the_effect_is_done_later(stage):
    succeeds(stage)
    job = stage.submit()
    create = stage.store.create
    stage.store.create = lambda new: (_ for _ in ()).throw(Unavailable("down"))
    drain(stage.parts)
    assert stage.row(job).state is State.SUCCEEDED
    assert stage.messages == 1
    stage.store.create = create
    run_until_quiet(stage.parts)
    assert stage.runs("after") == 1
    assert stage.runs() == 1


def test_an_effects_id_is_made_of_job_epoch_and_slot():
    ids = {effect_id(job, epoch, slot, NOW) for job in "ab" for epoch in (1, 2) for slot in ("x", "y")}
    assert len(ids) == 8
    assert effect_id("a", 1, "x", NOW) in ids
    assert all(time_of(one) == NOW for one in ids)


def test_a_chain_of_followers_ends(stage):
    stage.works("a", on_success="b")
    stage.mourns("b")
    stage.submit("a")
    run_until_quiet(stage.parts)
    assert [ran[0] for ran in stage.ran] == ["a", "b"]


@pytest.mark.parametrize("times", [2, 3])
def test_performing_again_what_is_done_changes_nothing(stage, times):
    succeeds(stage)
    job = stage.submit()
    seen = []
    write = stage.store.write

    def remember(job_id, change):
        answer = write(job_id, change)
        seen.append(answer.job)
        return answer

    stage.store.write = remember
    drain(stage.parts)
    owing = next(row for row in seen if row is not None and row.outbox)
    before = dict(stage.store.rows)
    for _ in range(times):
        assert effects.perform(owing, parts=stage.parts)
    drain(stage.parts)
    assert stage.store.rows == before
    assert stage.row(job).finished

"""What comes to the dead-letter queue is not dead: it goes back into the tick's sight."""

import pytest

from chalicelib.domain.errors import NewerRow, Unavailable
from chalicelib.domain.job import Reason, State, Wakeup
from chalicelib.pipeline.dead_letters import hand_back
from tests.support.drive import drain, run_until_quiet, tick
from tests.support.faults import Crash
from tests.support.rows import HOUR


def letter(stage, job, **facts):
    wakeup = Wakeup(**{"tenant": job.tenant, "job_id": job.id, "epoch": job.epoch, **facts})
    return hand_back(wakeup, parts=stage.parts)


def test_a_job_whose_message_came_here_is_looked_at_by_the_next_tick(stage, caplog):
    stage.works()
    job = stage.submit()
    assert letter(stage, job)
    assert stage.row(job).next_check == stage.world.now()
    assert stage.row(job).state is State.QUEUED
    assert [record.action for record in caplog.records] == ["dead_letter"]


def test_an_appointment_that_is_later_is_made_earlier(stage):
    stage.works()
    job = stage.submit(delay=HOUR)
    assert letter(stage, job)
    assert stage.row(job).next_check == stage.world.now()
    # and coming again changes nothing
    before = stage.row(job)
    assert letter(stage, job)
    assert stage.row(job) == before


def test_a_finished_job_stays_as_it_is(stage):
    stage.works()
    job = stage.submit()
    drain(stage.parts)
    done = stage.row(job)
    assert letter(stage, job)
    assert stage.row(job) == done


def test_what_an_ended_job_still_owes_is_done(stage):
    stage.works(on_success="after")
    stage.mourns("after")
    job = stage.submit()
    create = stage.store.create

    def dies(new):
        stage.store.create = create
        raise Crash

    stage.store.create = dies
    drain(stage.parts)
    assert stage.row(job).outbox
    assert letter(stage, job)
    assert stage.row(job).finished


@pytest.mark.parametrize("facts", [{"tenant": "evil"}, {"job_id": "01KDWVY2G00000000000000000"}])
def test_nobodys_message_is_done_with(stage, facts):
    stage.works()
    job = stage.submit(tenant="acme")
    assert letter(stage, job, **facts)
    assert stage.row(job) == job


@pytest.mark.parametrize("error", [Unavailable("down"), NewerRow("state NEW")])
def test_trouble_gives_the_message_back(stage, error):
    stage.works()
    job = stage.submit()
    stage.store.read = lambda _: (_ for _ in ()).throw(error)
    assert not letter(stage, job)


def test_a_service_that_throttles_everything_kills_no_job(stage):
    # given a table that refuses each write for so long that all messages come to the dead-letter queue
    stage.works()
    jobs = [stage.submit() for _ in range(5)]
    write = stage.store.write
    stage.store.write = lambda *_: (_ for _ in ()).throw(Unavailable("throttled"))
    for _ in range(15):
        drain(stage.parts)
        stage.advance(minutes=7)
    assert {message.lane for message in stage.queue.messages} == {"dead-letters"}
    # when it is back
    stage.store.write = write
    run_until_quiet(stage.parts)
    # then all succeed, without having lost an attempt
    assert [stage.row(job).state for job in jobs] == [State.SUCCEEDED] * 5
    assert [stage.row(job).attempts for job in jobs] == [1] * 5


def test_a_job_dies_by_its_attempts_and_never_for_having_come_this_way(stage):
    stage.works(max_attempts=1)
    job = stage.submit()
    stage.claim(job)
    assert letter(stage, job)
    tick(stage.parts)
    assert stage.row(job).state is State.RUNNING
    stage.advance(minutes=5)
    letter(stage, job)
    tick(stage.parts)
    assert (stage.row(job).state, stage.row(job).reason) == (State.DEAD, Reason.WORKER_LOST)

"""Taking a job back that was put ahead of its time: only as long as no attempt has had it, whoever is faster."""

from datetime import timedelta

import pytest

from chalicelib.domain.errors import Retry
from chalicelib.domain.job import State
from chalicelib.pipeline.cancel import cancel
from chalicelib.pipeline.ids import make_id
from chalicelib.pipeline.schedule_change import pause
from chalicelib.pipeline.schedule_jobs import withdraw
from tests.schedules.ground import MINUTE, START, Ground
from tests.schedules.traps import Meanwhile
from tests.support.faults import trapped

FIVE = timedelta(minutes=5)


def ahead(ground: Ground, **rule) -> str:
    """The job of 12:05, put at 12:03."""
    ground.make(**{"every": FIVE, **rule})
    ground.minutes(4)
    (job,) = ground.jobs()
    return job.id


def taken_back(ground: Ground, job_id: str) -> bool:
    return withdraw(job_id, until=ground.world.now() + MINUTE, parts=ground.parts)


def test_a_job_that_waits_is_cancelled_and_never_runs():
    ground = Ground()
    job_id = ahead(ground)
    assert taken_back(ground, job_id)
    assert taken_back(ground, job_id)
    ground.seconds(120)
    assert ground.runs == []


def test_a_job_that_somebody_cancelled_is_as_good_as_taken_back():
    ground = Ground()
    job_id = ahead(ground)
    cancel(job_id, tenant="default", parts=ground.parts)
    assert taken_back(ground, job_id)


def test_a_job_that_has_run_stays():
    ground = Ground()
    job_id = ahead(ground)
    ground.seconds(120)
    assert not taken_back(ground, job_id)
    assert [job.state for job in ground.jobs()] == [State.SUCCEEDED]


def test_a_job_that_failed_once_and_waits_for_its_next_attempt_stays():
    # given a job whose first attempt asked for another in an hour
    ground = Ground()
    ground.stage.registry.tasks.pop("work")
    tries = []

    def later(word: str = "") -> None:
        tries.append(ground.world.now())
        if len(tries) == 1:
            raise Retry(after=3600)

    ground.stage.task(later, "work")
    job_id = ahead(ground)
    ground.seconds(120)
    # when somebody whose clock is ten minutes behind pauses the schedule
    pause("s", tenant="default", parts=ground.other_clock(-10 * MINUTE))
    # then the fire of 12:05 goes on: it had begun before
    assert not taken_back(ground, job_id)
    assert [job.state for job in ground.jobs()] == [State.RETRYING]


def test_a_job_that_is_gone_has_run():
    ground = Ground()
    assert not taken_back(ground, make_id(START, bytes(10)))


@pytest.mark.parametrize("call", [1, 2])
def test_whoever_is_faster_has_the_job(call):
    # given a job that becomes due, and starts, right before a call of whoever takes it back
    ground = Ground()
    job_id = ahead(ground)
    trap = Meanwhile(at=call, other=lambda: ground.seconds(90))
    parts = trapped(ground.parts, trap)
    assert not withdraw(job_id, until=START + timedelta(hours=1), parts=parts)
    assert len(ground.runs) == 1

"""A Jobline in memory: tasks and what follows them, tested without AWS and without waiting."""

from datetime import timedelta
from itertools import pairwise

import pytest

from chalicelib import Backoff, Retry, current_job, wiring
from chalicelib.domain.job import State
from chalicelib.pipeline.handle import JobNotSucceeded
from chalicelib.pipeline.task import Options, Registry
from jobline.testing import Jobline, NotQuiet

HOUR = timedelta(hours=1)


@pytest.fixture
def tasks():
    return Registry()


@pytest.fixture
def running(tasks):
    with Jobline(registry=tasks) as running:
        yield running


def declared(tasks, function, **options):
    return tasks.add(function, None, Options(**options))


def test_a_submitted_job_runs_when_it_is_told_to(tasks, running):
    def double(number: int) -> int:
        return 2 * number

    handle = declared(tasks, double).delay(21)
    assert handle.state == "QUEUED"
    assert running.run() == 1
    assert handle.result(timeout=0) == 42
    assert running.run() == 0


def test_tasks_of_every_kind_run_in_this_process(tasks, running):
    ran = []

    def plain():
        ran.append(current_job().task)

    async def waits():
        ran.append(current_job().task)

    def counts():
        ran.append(current_job().task)

    for function, options in ((plain, {}), (waits, {}), (counts, {"cpu": True})):
        declared(tasks, function, **options).delay()
    running.run()
    assert ran == ["plain", "waits", "counts"]


def test_retries_take_virtual_time_only(tasks, running):
    began = running.now
    times = []

    def stubborn():
        times.append(running.now - began)
        if len(times) < 3:
            raise Retry(after=5 * HOUR)
        return "at last"

    handle = declared(tasks, stubborn).delay()
    running.run_until_quiet()
    assert handle.result(timeout=0) == "at last"
    assert times[0] == timedelta(0)
    assert [round((later - sooner) / HOUR) for sooner, later in pairwise(times)] == [5, 5]


def test_time_goes_as_far_as_it_is_told(tasks, running):
    def later():
        return running.now

    began = running.now
    handle = declared(tasks, later).submit((), delay=30 * HOUR)
    assert running.advance(29 * HOUR) == began + 29 * HOUR
    assert handle.state == "SCHEDULED"
    running.advance(2 * HOUR)
    assert handle.state == "SUCCEEDED"
    assert running.now == began + 31 * HOUR
    # and however long nothing happens, it costs nothing
    assert running.advance(timedelta(days=3000)) == began + 31 * HOUR + timedelta(days=3000)


def test_what_follows_a_job_is_there_to_be_looked_at(tasks, running):
    told = []

    def tell(job: dict):
        told.append(job["error"]["message"])

    def fail():
        raise ValueError("no paper")

    declared(tasks, tell)
    failing = declared(tasks, fail, max_attempts=2, backoff=Backoff(base=HOUR, cap=HOUR), on_failure="tell")
    handle = failing.delay()
    running.run_until_quiet()
    assert told == ["no paper"]
    assert [job.task for job in running.jobs()] == ["fail", "tell"]
    assert [job.id for job in running.jobs(failing)] == [handle.id]
    assert [job.task for job in running.jobs(state=State.SUCCEEDED)] == ["tell"]
    with pytest.raises(JobNotSucceeded, match="no paper"):
        running.handle(running.jobs("fail")[0]).result(timeout=0)


def test_a_task_with_a_long_limit_has_the_time(tasks, running):
    def deadline():
        return (current_job().deadline - running.now).total_seconds()

    handle = declared(tasks, deadline, time_limit=5 * HOUR).delay()
    running.run()
    assert handle.result(timeout=0) == 5 * 3600


def test_jobs_without_end_are_reported(tasks, running):
    def again():
        tasks["again"].submit((), delay=HOUR)

    declared(tasks, again).delay()
    with pytest.raises(NotQuiet, match=r"not over within 2 days.*again.* is "):
        running.run_until_quiet(within=timedelta(days=2))


def test_jobs_that_breed_at_once_are_reported(tasks, running):
    def again():
        tasks["again"].delay()

    declared(tasks, again).delay()
    with pytest.raises(NotQuiet, match="does a task submit itself"):
        running.run()


def test_the_same_seed_gives_the_same_ids(tasks):
    def work():
        return None

    declared(tasks, work)

    def ids(seed):
        with Jobline(registry=tasks, seed=seed):
            return [tasks["work"].delay().id for _ in range(3)]

    assert ids(1) == ids(1) != ids(2)


def test_one_inside_another_gives_way_to_it_again(tasks):
    def work():
        return None

    task = declared(tasks, work)
    outermost = wiring.use(None)
    with Jobline(registry=tasks) as outer:
        task.delay()
        with Jobline(registry=tasks) as inner:
            task.delay()
        task.delay()
        assert (len(outer.jobs()), len(inner.jobs())) == (2, 1)
    assert wiring.use(outermost) is None
    assert tasks.submitter is None


def test_the_fixture_takes_what_is_submitted(jobline):
    assert jobline.jobs() == []
    assert wiring.use(jobline.parts) is jobline.parts

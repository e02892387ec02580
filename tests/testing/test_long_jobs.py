"""Long jobs under `crash_every_point`: checkpoints and records of steps are effects, and what they promise holds at each."""

from collections import Counter
from datetime import timedelta

import pytest

from chalicelib import current_job
from chalicelib.pipeline.task import Options, Registry
from jobline.testing import Jobline, crash_every_point, effect


@pytest.fixture
def registry():
    return Registry()


class Bank:
    """The world outside: whoever was charged, by the key that was given."""

    def __init__(self):
        self.charged = Counter()

    def charge(self, key):
        self.charged[key] += 1
        return f"receipt {key}"


def test_steps_and_checkpoints_are_points_at_which_a_task_is_killed(registry):
    bank = [Bank()]

    @effect
    def charge(key):
        return bank[0].charge(key)

    def setup():
        bank[0] = Bank()
        return bank[0]

    def work():
        job = current_job()
        done = job.state or []
        for number in range(len(done), 2):
            done = [*done, job.step(f"charge {number}", charge, f"{job.id}-{number}")]
            job.checkpoint(done)
        return done

    task = registry.add(work, "work", Options(max_attempts=10))

    def invariant(run):
        assert run.state == "SUCCEEDED"
        assert [receipt.rpartition("-")[2] for receipt in run.result] == ["0", "1"]
        assert set(run.world.charged) == {f"{run.job.id}-{number}" for number in range(2)}

    report = crash_every_point(task, invariant=invariant, setup=setup, registry=registry, pairs=40)
    assert list(report.effects) == [
        *("charge", "record step charge 0", "checkpoint"),
        *("charge", "record step charge 1", "checkpoint"),
    ]


def test_a_generator_of_three_hours_in_the_fixture(registry):
    with Jobline(registry=registry) as jobline:
        states = []

        def crawl(pages: int):
            states.append(current_job().state)
            for page in range(current_job().state or 0, pages):
                jobline.takes(timedelta(seconds=18))
                yield page + 1
            return pages

        task = registry.add(crawl, "crawl", Options())
        began = jobline.now
        job = task.delay(pages=600)
        jobline.run_until_quiet()
        assert job.result(0) == 600
        assert jobline.now - began >= timedelta(hours=3)
        assert len(states) > 100
        jobline.deliver_again()
        assert job.job.attempts == 1

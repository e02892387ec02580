"""Many jobs in bad weather, by chance and by seed: messages lost, doubled, reordered, calls unanswered, processes dying everywhere.

Each seed is one history. When the weather clears, every job that was accepted has exactly one end.
"""

from collections import Counter
from contextlib import suppress
from datetime import timedelta
from random import Random

import pytest

from chalicelib import current_job
from chalicelib.adapters.memory.queue import Unkindness
from chalicelib.domain.errors import JobCancelled, JoblineError, Retry
from chalicelib.domain.job import Job
from chalicelib.pipeline.cancel import cancel
from chalicelib.pipeline.enqueue import JobRequest, enqueue
from chalicelib.pipeline.redrive import redrive
from chalicelib.pipeline.task import Submission
from tests.support.drive import deliver, replay, run_until_quiet, tick
from tests.support.faults import Crash, How, Weather, trapped
from tests.support.stage import Stage

SEEDS = range(60)
STEPS = 60


class Storm:
    """One history."""

    def __init__(self, seed: int) -> None:
        self.chance = Random(seed)
        unkind = Unkindness(doubles=0.1, shuffles=True, refuses=0.1, chance=self.chance)
        self.stage = Stage(seed=seed, page=3, unkindness=unkind)
        self.clear, self.weather = self.stage.parts, Weather(chance=self.chance, share=0.04)
        self.stage.parts = trapped(self.clear, self.weather)
        self.stage.task(self.wayward, "work", max_attempts=4, on_success="after", on_failure="after")
        self.stage.mourns("after")
        #: how often the task was started for each epoch of each job
        self.starts: Counter[tuple[str, int]] = Counter()
        #: every job that somebody was told of
        self.accepted: dict[str, Job] = {}

    def wayward(self, x: int) -> str:
        """A task that does what tasks do."""
        job = current_job()
        self.starts[job.id, job.epoch] += 1
        self.stage.world.advance(timedelta(seconds=self.chance.choice([0, 0, 1, 30, 90])))
        mood = self.chance.random()
        if mood < 0.2:
            raise ValueError(f"{x}")
        if mood < 0.25:
            raise Retry(after=self.chance.choice([0, 5, 1200, 4000]))
        if mood < 0.28:
            raise JobCancelled
        return "a" * self.chance.choice([1, 1000])

    def submit(self) -> None:
        how = Submission(
            delay=self.chance.choice(
                [None, None, timedelta(seconds=70), timedelta(minutes=15), timedelta(hours=1)]
            ),
            expires=self.chance.choice([None, None, None, timedelta(hours=2)]),
            key=self.chance.choice([None, f"k{self.chance.randrange(4)}"]),
            lane=self.chance.choice([None, "high", "low"]),
        )
        for answer in enqueue([JobRequest(task="work", args={"x": 1}, how=how)], parts=self.stage.parts):
            if isinstance(answer, Job):
                self.accepted[answer.id] = answer

    def touch(self) -> None:
        """Cancel or redrive any job."""
        if self.stage.store.rows:
            verb = self.chance.choice([cancel, redrive, redrive])
            verb(self.chance.choice(sorted(self.stage.store.rows)), tenant="default", parts=self.stage.parts)

    def lose(self) -> None:
        """Some messages are gone."""
        messages = self.stage.queue.messages
        self.stage.queue.messages = [message for message in messages if self.chance.random() < 0.7]

    def consume(self) -> None:
        for lane in ("high", "default", "low", "dead-letters"):
            deliver(self.stage.parts, lane)

    def wait(self) -> None:
        self.stage.world.advance(timedelta(seconds=self.chance.choice([1, 20, 60, 400])))
        tick(self.stage.parts)

    def step(self) -> None:
        verb = self.chance.choice(
            [self.submit, self.submit, self.consume, self.consume, self.consume, self.wait]
        )
        verb = self.chance.choices([verb, self.touch, self.lose], weights=[18, 2, 1])[0]
        with suppress(Crash, JoblineError):  # the process, or the request, is gone
            verb()

    def blow_over(self) -> None:
        """The weather clears, and all comes to rest."""
        self.weather.calm = True
        self.stage.queue._unkindness = Unkindness()
        self.stage.parts = self.clear
        run_until_quiet(self.clear)


@pytest.mark.parametrize("seed", SEEDS)
def test_in_any_weather_every_accepted_job_has_exactly_one_end(seed):
    # given a history of requests, deliveries and ticks in which everything goes wrong now and then
    storm = Storm(seed)
    for _ in range(STEPS):
        storm.step()
    # when it is over
    storm.blow_over()
    # then whatever was accepted is there and over (I1, I3, I9, I11; the others were checked at every write)
    rows = storm.stage.store.rows
    assert set(storm.accepted) <= set(rows)
    # and each end was followed exactly once by what it owed
    for row in rows.values():
        ends = [entry for entry in row.history if entry.event in {"succeeded", "died"}]
        followers = [other for other in rows.values() if other.cause == row.id]
        assert len(followers) == (len(ends) if row.task == "work" else 0)
    # and no epoch of any job was run twice, so that no job ran more often than it may (I5)
    assert set(storm.starts.values()) <= {1}
    # and no message that ever was changes anything any more (I14)
    replay(storm.clear)


def test_the_weather_is_bad_in_every_way():
    # given the first of those histories, as far as the weather is bad
    hits: Counter[How] = Counter()
    for seed in SEEDS[:10]:
        storm = Storm(seed)
        for _ in range(STEPS):
            storm.step()
        hits.update(storm.weather.hits)
    assert all(hits[how] >= 10 for how in How), hits


def test_a_seed_repeats_its_history():
    histories = []
    for _ in range(2):
        storm = Storm(seed=7)
        for _ in range(STEPS):
            storm.step()
        storm.blow_over()
        histories.append(storm.stage.store.rows)
    assert histories[0] == histories[1]

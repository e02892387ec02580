"""Random histories in bad weather: ticks that die, calls without answers, two clocks, people who change their minds. By seed."""

import logging
from collections import Counter
from datetime import datetime, timedelta
from random import Random

import pytest

from chalicelib.domain.errors import Unavailable
from chalicelib.domain.job import State
from chalicelib.pipeline.ids import time_of
from chalicelib.pipeline.schedule_change import Changes, pause, resume, update
from jobline.testing.crash import Killed
from tests.schedules.ground import MINUTE, START, Ground
from tests.support.faults import How, Weather, trapped

SEEDS = 30
T = {"tenant": "default"}
HITS: Counter[How] = Counter()


class History:
    """One schedule, and what everybody does to it for two hours."""

    def __init__(self, seed: int) -> None:
        self.chance = Random(seed)
        self.ground = Ground()
        self.weather = Weather(chance=self.chance, share=0.0)
        #: from when on what was answered is in force: (answered, what, word)
        self.answers: list[tuple[datetime, str, str]] = []
        self.edits = 0

    def play(self) -> None:
        self.ground.make(every=2 * MINUTE, args={"word": "0"}, catch_up="all")
        self.answers.append((START, "active", "0"))
        for _ in range(90):
            self.weather.share = self.chance.choice([0, 0, 0.02, 0.1, 0.3])
            for _ in range(self.chance.choice([0, 1, 1, 1, 2])):
                self.tick()
            if self.chance.random() < 0.15:
                self.ground.seconds(self.chance.randrange(50))
                self.somebody_changes_it()
            self.to_the_next_minute()
        # in the end the weather is good
        self.weather.share = 0.0
        for _ in range(8):
            self.ground.tick()
            self.to_the_next_minute()

    def parts(self):
        return trapped(self.ground.stage.parts, self.weather)

    def tick(self) -> None:
        off = timedelta(seconds=self.chance.choice([0, 0, -50, 50]))
        parts = trapped(self.ground.other_clock(off), self.weather)
        try:
            self.ground.tick(parts)
        except Unavailable:
            return

    def to_the_next_minute(self) -> None:
        self.ground.seconds(60 - self.ground.world.now().second)

    def somebody_changes_it(self) -> None:
        """Until they are answered."""
        state = self.answers[-1][1]
        what = self.chance.choice(["edit", "edit", "pause" if state == "active" else "resume"])
        self.edits += 1
        word = str(self.edits) if what == "edit" else self.answers[-1][2]
        for _ in range(40):
            try:
                if what == "edit":
                    update("s", Changes(args={"word": word}), **T, parts=self.parts())
                elif what == "pause":
                    pause("s", **T, parts=self.parts())
                else:
                    resume("s", **T, parts=self.parts())
                break
            except (Killed, Unavailable):
                if self.chance.random() < 0.3:
                    self.tick()
        else:
            pytest.skip("nobody was ever answered")
        after = {"edit": state, "pause": "paused", "resume": "active"}[what]
        self.answers.append((self.ground.world.now(), after, word))


@pytest.mark.parametrize("seed", range(SEEDS))
def test_whatever_the_weather_each_fire_time_has_one_job_of_the_rule_that_was_in_force(seed, caplog):
    caplog.set_level(logging.CRITICAL)
    history = History(seed)
    history.play()
    ground = history.ground
    # then no fire time has two jobs, and no job ran twice
    assert ground.doubled() == []
    kept = [row for row in ground.jobs() if row.state is not State.CANCELLED]
    assert {row.state for row in kept} <= {State.SUCCEEDED, State.QUEUED, State.SCHEDULED}
    by_fire = {time_of(row.id): row for row in kept}
    assert len(ground.runs) == sum(row.state is State.SUCCEEDED for row in kept)
    # and between two answers, the fire times have a job of the rule that was in force, each of them, or none when it was paused
    end = ground.world.now() - 2 * MINUTE
    for (since, state, word), until in zip(
        history.answers, [*(answer[0] for answer in history.answers[1:]), end], strict=True
    ):
        # what was asked for before its answer may be in force at once, so the minutes of asking are left out
        fires = [at for at in fire_times(since, until) if at not in asked(history, at)]
        for at in fires:
            if state == "active":
                assert at in by_fire, f"{at} has no job"
                assert f'"{word}"' in by_fire[at].args.json, f"{at} has another rule's job"
            else:
                assert at not in by_fire, f"{at} was fired while it was paused"
    # and nothing is owed
    assert ground.find().settled
    HITS.update(history.weather.hits)


def test_the_weather_was_bad_in_every_way():
    if sum(HITS.values()) < 500:
        pytest.skip("not all of the histories were played in this process")
    assert all(HITS[how] > 50 for how in How), HITS


def fire_times(since: datetime, until: datetime) -> list[datetime]:
    step = 2 * MINUTE
    first = since + step - (since - START) % step
    return [first + number * step for number in range(int((until - first) / step) + 1) if first <= until]


def asked(history: History, at: datetime) -> list[datetime]:
    """This one, if somebody was asking about then."""
    return [at for answered, _, _ in history.answers[1:] if abs(answered - at) < timedelta(seconds=70)]

"""A job of three hours, in invocations of one minute and of fifteen, whose workers die by chance: all that long jobs promise, at once."""

from collections import Counter
from datetime import timedelta
from random import Random

import pytest

from chalicelib import current_job
from chalicelib.domain.errors import Unavailable
from chalicelib.domain.job import State
from jobline.testing import drive
from tests.support.drive import check_end, replay
from tests.support.faults import Crash, How, Trap, Weather, trapped
from tests.support.stage import Stage

HOURS = 3


class Crawl:
    """Pages crawled one after the other; each page costs money once, and takes its time. A generator; steps and checkpoints together."""

    def __init__(self, stage, *, pages, seconds):
        self.stage, self.pages, self.seconds = stage, pages, seconds
        self.paid, self.states, self.live = Counter(), [], []
        stage.task(self.work, "work", max_attempts=50)

    def pay(self, page):
        self.paid[page] += 1
        return page * 10

    def work(self):
        job = current_job()
        self.live.append((job.epoch, self.stage.world.now()))
        state = job.state or {"page": 0, "sum": 0}
        self.states.append(state["page"])
        for page in range(state["page"], self.pages):
            price = job.step(f"pay {page}", self.pay, page)
            self.stage.advance(seconds=self.seconds)
            state = {"page": page + 1, "sum": state["sum"] + price}
            yield state
        return state["sum"]


def check(stage, crawl, job, *, crashes):
    row = stage.row(job)
    assert row.state is State.SUCCEEDED, row
    assert row.result.json == str(sum(page * 10 for page in range(crawl.pages))), "the result is right"
    steps = stage.parts.items.shelves
    assert len(steps) == crawl.pages, "each step is recorded once"
    assert sum(crawl.paid.values()) <= crawl.pages + crashes, "called again only if it died before the record"
    assert set(crawl.paid) == set(range(crawl.pages))
    assert crawl.states == sorted(crawl.states), "no attempt begins before where an earlier one was"
    epochs = [epoch for epoch, _ in crawl.live]
    assert epochs == sorted(set(epochs)), "one live epoch at a time, each run once"
    assert len(row.history) < 10 + 3 * row.attempts
    check_end(stage.parts)
    replay(stage.parts)


@pytest.mark.parametrize("how", How)
def test_a_fault_at_every_call_in_turn(how):
    for at in range(1, 200):
        stage = Stage(seed=at)
        crawl = Crawl(stage, pages=8, seconds=11)
        job = stage.submit()
        trap = Trap(how=how, at=at)
        whole, stage.parts = stage.parts, trapped(stage.parts, trap)
        for _ in range(8):
            drive.drain(stage.parts)
            drive.tick(stage.parts)
        stage.parts = whole
        drive.run_until_quiet(stage.parts, within=timedelta(days=1))
        check(stage, crawl, job, crashes=1)
        if trap.sprung is None:
            return
    pytest.fail("still sprung")


@pytest.mark.parametrize(("invocation", "seed"), [(60, 1), (900, 4)])
def test_three_hours_in_bad_weather(invocation, seed):
    stage = Stage(seed=seed)
    seconds = 12
    crawl = Crawl(stage, pages=HOURS * 3600 // seconds, seconds=seconds)
    began = stage.world.now()
    job = stage.submit()
    weather = Weather(chance=Random(seed), share=0.02)
    whole, stage.parts = stage.parts, trapped(stage.parts, weather)
    left = timedelta(seconds=invocation)
    while stage.row(job).state is not State.SUCCEEDED:
        try:
            drive.run_until_quiet(stage.parts, within=timedelta(days=1), left=left)
        except (Crash, Unavailable):
            continue  # the driver's own look failed
    stage.parts = whole
    assert stage.world.now() - began >= timedelta(hours=HOURS)
    hits = weather.hits
    assert min(hits[How.CRASH_BEFORE], hits[How.CRASH_AFTER]) > 3, hits
    check(stage, crawl, job, crashes=hits.total())
    assert stage.row(job).epoch > timedelta(hours=HOURS).total_seconds() / invocation

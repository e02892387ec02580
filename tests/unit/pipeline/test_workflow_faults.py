"""A workflow never hangs, its join fires once, and its children are exactly those that were asked for, whatever goes wrong at any call."""

from contextlib import suppress
from datetime import timedelta
from random import Random

import pytest

from chalicelib.domain.errors import Unavailable
from chalicelib.domain.job import TERMINAL, State
from chalicelib.pipeline.cancel import cancel
from chalicelib.pipeline.payloads import load
from chalicelib.pipeline.sealer import result_of
from chalicelib.pipeline.workflows import places
from chalicelib.pipeline.workflows.flow import chain, chord, group
from tests.support import drive
from tests.support.drive import check_end, replay, run_until_quiet
from tests.support.faults import Crash, How, Trap, Weather, trapped
from tests.support.stage import Stage


@pytest.fixture(autouse=True)
def small_pages(monkeypatch):
    """Pages of three children: every number of them is near a page's end."""
    from chalicelib.pipeline.workflows import gather, group, items_of, kin, look_after, pages

    for module in (gather, group, items_of, kin, look_after, pages, places):
        monkeypatch.setattr(module, "PAGE", 3)


class Work:
    """Tasks for workflows, all of which can run again."""

    def __init__(self, stage):
        self.stage = stage
        self.add = stage.task(lambda x, y=1: x + y, "add", max_attempts=20)
        self.total = stage.task(self._total, "total", max_attempts=20)
        self.broken = stage.task(self._broken, "broken", max_attempts=1)

    def _total(self, numbers: list[int]) -> int:
        return sum(numbers)

    def _broken(self, x: int) -> int:
        raise ValueError(x)

    def submit(self, flow):
        return self.stage.submit("jobline.workflow", {"workflow": flow.json()})


def both(stage, work):
    """A chain into a chord with a chain in it: 1, then [2, 3, 4, 5 + 1], then their sum."""
    a = work.add
    header = group(a.s(1), a.s(2), a.s(3), chain(a.s(4), a.s(1)))
    return work.submit(chain(a.s(0), header, work.total.s())), 2 + 3 + 4 + 6


def children(stage, job):
    """How many rows there are of each workflow, by the task of each."""
    rows = [one for one in stage.store.rows.values() if places.position(one) is not None]
    assert len({one.cause for one in rows}) == len(rows), "no place is taken twice"
    return len(rows)


def value(stage, job):
    row = stage.row(job)
    assert row.state is State.SUCCEEDED, row
    return load(row.result, whose=result_of(row), parts=stage.parts)


@pytest.mark.parametrize("how", How)
def test_a_fault_at_any_call_changes_nothing(how):
    names = set()
    for at in range(1, 400):
        stage = Stage(seed=at)
        work = Work(stage)
        job, wanted = both(stage, work)
        trap = Trap(how=how, at=at)
        whole, stage.parts = stage.parts, trapped(stage.parts, trap)
        for _ in range(6):
            with suppress(Crash, Unavailable):
                drive.drain(stage.parts)
            with suppress(Crash, Unavailable):
                drive.tick(stage.parts)
        stage.parts = whole
        run_until_quiet(stage.parts, within=timedelta(days=2))
        assert value(stage, job) == wanted, f"{how} at {trap.sprung}"
        assert children(stage, job) == 9, f"{how} at {trap.sprung}"
        if trap.sprung is None:
            break
        names.add(trap.sprung)
    else:
        pytest.fail("still sprung")
    assert {"items.write", "store.create", "store.write", "store.read", "queue.send"} <= names
    replay(stage.parts)
    check_end(stage.parts)


@pytest.mark.parametrize("seed", range(10))
def test_in_any_weather_it_ends_as_it_should(seed):
    stage = Stage(seed=seed)
    work = Work(stage)
    jobs = [both(stage, work) for _ in range(2)]
    bad = work.submit(chord([work.add.s(n, 1) for n in range(5)] + [work.broken.s(1)], work.total.s()))
    weather = Weather(chance=Random(seed), share=0.1)
    whole, stage.parts = stage.parts, trapped(stage.parts, weather)
    for _ in range(30):
        with suppress(Crash, Unavailable):
            drive.drain(stage.parts)
        with suppress(Crash, Unavailable):
            drive.tick(stage.parts)
        stage.advance(seconds=61)
    stage.parts = whole
    run_until_quiet(stage.parts, within=timedelta(days=3))
    for job, wanted in jobs:
        row = stage.row(job)
        assert row.state in TERMINAL
        if row.state is State.SUCCEEDED:
            assert value(stage, job) == wanted
        else:
            assert "WorkerLost" in row.error.message or row.reason == "worker_lost", row.error
    assert stage.row(bad).state is State.DEAD
    assert weather.hits.total() > 10
    replay(stage.parts)


@pytest.mark.parametrize("step", range(0, 60, 2))
def test_cancelled_at_any_time_nothing_starts_after_its_next_claim(step):
    stage = Stage(seed=step)
    work = Work(stage)
    job, _ = both(stage, work)
    # given that it is cancelled at the n-th call
    calls = [0]

    def called(name, call, *args, **kwargs):
        calls[0] += 1
        if calls[0] == step:
            cancel(job.id, tenant="default", parts=whole)
        return call(*args, **kwargs)

    whole = stage.parts
    stage.parts = trapped(whole, type("Watch", (), {"around": staticmethod(called)}))
    drive.drain(stage.parts)
    stage.parts = whole
    run_until_quiet(stage.parts, within=timedelta(days=2))
    row = stage.row(job)
    assert row.state in TERMINAL
    if calls[0] >= step > 0 and row.state is State.CANCELLED:
        ended = row.history[-1].at
        later = [
            entry
            for one in stage.store.rows.values()
            if places.position(one) is not None and one.state is State.SUCCEEDED
            for entry in one.history
            if entry.event == "claimed" and entry.at > ended
        ]
        assert later == []

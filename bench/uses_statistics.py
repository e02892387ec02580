"""Statistics, as their page in docs/ tells of them."""

from dataclasses import replace
from datetime import timedelta

from bench.ground import Ground, feature
from bench.uses import MANY, Begin, numbers, work
from chalicelib.adapters.observed import ObservedStore
from chalicelib.adapters.statistics import Statistics
from chalicelib.lanes import MEMORY
from chalicelib.pipeline.nobody import NOBODY_TRACES
from chalicelib.pipeline.statistics.bind import LAG, bind
from chalicelib.pipeline.statistics.shelves import hour_of

MINUTE = timedelta(minutes=1)
SECONDS = 60


def _kept(ground: Ground) -> Statistics:
    """The ground's statistics, from here on. They are written without a thread: time is virtual."""
    made = Statistics(ground.parts.items, ground.world, memory=MEMORY, aside=lambda act: act())
    store = ObservedStore(ground.parts.store, NOBODY_TRACES, made)
    ground.parts = replace(ground.parts, metrics=made, store=store)
    return made


def _batch(ground: Ground, kept: Statistics, task: str, size: int = MANY) -> None:
    jobs = ground.submit(task, *numbers(size))
    with kept.invocation("default"):
        ground.drain()
    ground.check(jobs)


@feature("with statistics, ten in a batch after a pause")
def lonely(ground: Ground, begin: Begin) -> int:
    task, kept = ground.task(work), _kept(ground)
    begin()
    _batch(ground, kept, task)
    return MANY


@feature("with statistics, a job each second for a minute")
def busy(ground: Ground, begin: Begin) -> int:
    task, kept = ground.task(work), _kept(ground)
    begin()
    for _ in range(SECONDS):
        _batch(ground, kept, task, 1)
        ground.world.advance(timedelta(seconds=1))
    return SECONDS


@feature("a minute of statistics, bound by the tick")
def bound(ground: Ground, begin: Begin) -> int:
    task, kept = ground.task(work), _kept(ground)
    # In the middle of an hour, and when all that others left has been bound.
    ground.world.advance(hour_of(ground.world.now()) + 90 * MINUTE - ground.world.now())
    bind(until=ground.world.now() + MINUTE, parts=ground.parts)
    _batch(ground, kept, task)
    ground.world.advance(MINUTE + LAG)
    begin()
    bind(until=ground.world.now() + MINUTE, parts=ground.parts)
    return 1

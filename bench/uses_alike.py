"""Unique, debounced and throttled tasks, used. See docs/unique.md."""

from datetime import timedelta

from bench.ground import FEATURES, Ground, feature
from bench.uses import HOUR, MANY, Begin, numbers, work
from chalicelib.domain.errors import Throttled
from chalicelib.domain.flow import Debounce, Throttle, Unique

__all__ = ["FEATURES"]

WAIT = timedelta(seconds=10)


@feature("unique")
def unique(ground: Ground, begin: Begin) -> int:
    task = ground.task(work, unique=Unique(key=("number",)))
    begin()
    jobs = ground.submit(task, *numbers())
    ground.drain()
    ground.check(jobs)
    return MANY


@feature("answered with the unique job that is there")
def existing(ground: Ground, begin: Begin) -> int:
    task = ground.task(work, unique=Unique(key=("number",)))
    jobs = ground.submit(task, *numbers(), delay=WAIT)
    begin()
    assert ground.submit(task, *numbers()) == jobs, "others answered"
    return MANY


@feature("debounced")
def debounced(ground: Ground, begin: Begin) -> int:
    task = ground.task(work, debounce=Debounce(wait=WAIT, key=("number",)))
    begin()
    jobs = ground.submit(task, *numbers())
    ground.world.advance(WAIT)
    ground.drain()
    ground.check(jobs)
    return MANY


@feature("replacing a debounced job's arguments")
def replaced(ground: Ground, begin: Begin) -> int:
    def change(page: int, text: str) -> int:
        return page + len(text)

    task = ground.task(change, debounce=Debounce(wait=WAIT, key=("page",)))
    ground.submit(task, *[{"page": page, "text": "a"} for page in range(MANY)])
    begin()
    ground.world.advance(WAIT / 2)
    ground.submit(task, *[{"page": page, "text": "b"} for page in range(MANY)])
    ground.world.advance(WAIT / 2)
    ground.drain()  # what the first requests had sent is void by now
    return MANY


@feature("throttled")
def throttled(ground: Ground, begin: Begin) -> int:
    task = ground.task(work, throttle=Throttle(limit=MANY, per=HOUR))
    begin()
    jobs = ground.submit(task, *numbers())
    ground.drain()
    ground.check(jobs)
    return MANY


@feature("refused by a throttle")
def refused(ground: Ground, begin: Begin) -> int:
    task = ground.task(work, throttle=Throttle(limit=1, per=HOUR))
    ground.submit(task, {"number": 0})
    begin()
    for one in numbers():
        try:
            ground.submit(task, one)
        except Throttled:
            continue
        raise AssertionError("a throttle let too many through")
    return MANY

"""Long jobs and batch tasks, as their pages in docs/ tell of them."""

from datetime import timedelta
from typing import Any, TypedDict

from bench.ground import Ground, feature
from bench.uses import MANY, Begin, numbers
from chalicelib.pipeline.context import current_job


@feature("with ten checkpoints")
def checkpoints(ground: Ground, begin: Begin) -> int:
    def count(number: int) -> int:
        for done in range(10):
            current_job().checkpoint({"done": done})
        return number

    task = ground.task(count)
    begin()
    jobs = ground.submit(task, *numbers())
    ground.drain()
    ground.check(jobs)
    return MANY


@feature("with ten checkpoints, going on elsewhere after each")
def continued(ground: Ground, begin: Begin) -> int:
    def crawl(number: int) -> Any:
        for done in range(current_job().state or 0, 10):
            ground.world.advance(timedelta(seconds=50))
            yield done + 1
        return number

    task = ground.task(crawl)
    begin()
    jobs = ground.submit(task, *numbers(1))
    ground.drain()
    ground.check(jobs)
    return 1


@feature("with ten steps")
def steps(ground: Ground, begin: Begin) -> int:
    def walk(number: int) -> int:
        for done in range(10):
            current_job().step(f"step {done}", int)
        return number

    task = ground.task(walk)
    begin()
    jobs = ground.submit(task, *numbers())
    ground.drain()
    ground.check(jobs)
    return MANY


class One(TypedDict):
    """One job's arguments."""

    number: int


@feature("of a batch task")
def batched(ground: Ground, begin: Begin) -> int:
    def together(jobs: list[One]) -> list[int]:
        return [one["number"] for one in jobs]

    task = ground.task(together, batch=True)
    begin()
    jobs = ground.submit(task, *numbers())
    ground.drain()
    ground.check(jobs)
    return MANY

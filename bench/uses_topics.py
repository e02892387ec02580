"""Events, as their page in docs/ tells of them."""

from typing import Any

from bench.ground import Ground, feature
from bench.uses import MANY, Begin, numbers, work
from chalicelib.pipeline.publish import publish


def hear(event: dict[str, Any]) -> None:
    """A subscriber."""


@feature("an event with an id, for two subscribers")
def published(ground: Ground, begin: Begin) -> int:
    for _ in range(2):
        ground.task(hear, topics=("order.paid",))
    begin()
    for number in range(MANY):
        publish("order.paid", number, id=f"event {number}", tenant="default", parts=ground.parts)
    ground.drain()
    return MANY


@feature("an event that goes outside, without an id")
def outside(ground: Ground, begin: Begin) -> int:
    ground.registry.send_outside(("order.*",))
    begin()
    jobs = [
        job
        for number in range(MANY)
        for job in publish("order.paid", number, tenant="default", parts=ground.parts).jobs
    ]
    ground.drain()
    ground.check(jobs)
    return MANY


@feature("an end that is told to one subscriber")
def told(ground: Ground, begin: Begin) -> int:
    ground.task(hear, topics=("job.succeeded",))
    task = ground.task(work, events=("succeeded",))
    begin()
    jobs = ground.submit(task, *numbers())
    ground.drain()
    ground.check(jobs)
    return MANY

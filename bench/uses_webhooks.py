"""Webhooks, as their page in docs/ tells of them."""

from dataclasses import replace

from bench.ground import Ground, feature
from bench.uses import MANY, Begin, numbers, work
from chalicelib.adapters.memory import MemoryCourier
from chalicelib.pipeline.ports import Receipt
from chalicelib.pipeline.webhooks import create_endpoint


@feature("an end that an endpoint is told")
def told(ground: Ground, begin: Begin) -> int:
    courier = MemoryCourier()
    courier.answers["hooks.example.org"] = lambda _: Receipt(status=200)
    ground.parts = replace(ground.parts, courier=courier)
    endpoint = create_endpoint("https://hooks.example.org/", tenant="default", parts=ground.parts)
    task = ground.task(work, webhook=endpoint.id)
    begin()
    jobs = ground.submit(task, *numbers())
    ground.drain()
    ground.check(jobs)
    return MANY

"""The twins: the same ports as the real adapters, in a few plain lines, atomic, and as unkind as SQS may be."""

from chalicelib.adapters.memory.courier import MemoryCourier
from chalicelib.adapters.memory.feeds import MemoryFeeds
from chalicelib.adapters.memory.hands import Inline, InlineRunner
from chalicelib.adapters.memory.inputs import MemoryInputs
from chalicelib.adapters.memory.items import MemoryItems
from chalicelib.adapters.memory.outlet import MemoryOutlet
from chalicelib.adapters.memory.payloads import MemoryPayloads
from chalicelib.adapters.memory.queue import MemoryQueue
from chalicelib.adapters.memory.side_tables import MemoryApiKeys, MemoryKeys, MemoryQuarantine
from chalicelib.adapters.memory.store import MemoryStore
from chalicelib.adapters.memory.watching import MemoryMetrics, MemoryTracer
from chalicelib.adapters.memory.world import HeldWorld
from chalicelib.pipeline.limits import Limits
from chalicelib.pipeline.parts import Parts
from chalicelib.pipeline.task import REGISTRY, Kind, Registry

__all__ = [
    "HeldWorld",
    "Inline",
    "InlineRunner",
    "MemoryApiKeys",
    "MemoryCourier",
    "MemoryFeeds",
    "MemoryInputs",
    "MemoryItems",
    "MemoryKeys",
    "MemoryMetrics",
    "MemoryOutlet",
    "MemoryPayloads",
    "MemoryQuarantine",
    "MemoryQueue",
    "MemoryStore",
    "MemoryTracer",
    "parts",
]


def parts(
    *, world: HeldWorld | None = None, registry: Registry | None = None, limits: Limits | None = None
) -> Parts:
    """A whole pipeline on twins, with virtual time."""
    world = world or HeldWorld()
    registry = registry or REGISTRY
    runner = InlineRunner(registry)
    return Parts(
        store=MemoryStore(),
        keys=MemoryKeys(),
        items=MemoryItems(),
        payloads=MemoryPayloads(),
        inputs=MemoryInputs(),
        queue=MemoryQueue(world),
        api_keys=MemoryApiKeys(),
        quarantine=MemoryQuarantine(),
        outlet=MemoryOutlet(),
        courier=MemoryCourier(),
        world=world,
        crew=Inline(),
        runners=dict.fromkeys(Kind, runner),
        registry=registry,
        limits=limits or Limits(),
        feeds=MemoryFeeds(),
    )

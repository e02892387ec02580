"""What statistics cost on top of the jobs that they are of: a unit for a batch at most, and far less under load. On twins, counted by size."""

import math
from dataclasses import replace
from datetime import timedelta
from typing import cast

from bench.sizes import item_size
from chalicelib.adapters.memory import HeldWorld, MemoryItems, MemoryQueue, parts
from chalicelib.adapters.observed import ObservedStore
from chalicelib.adapters.statistics import Statistics
from chalicelib.lanes import MEMORY
from chalicelib.pipeline.consume import Record
from chalicelib.pipeline.enqueue import JobRequest, enqueue
from chalicelib.pipeline.items import Edit, Spot
from chalicelib.pipeline.nobody import NOBODY_TRACES
from chalicelib.pipeline.parts import Parts
from chalicelib.pipeline.task import Options, Registry, Submission
from jobline.testing.drive import invoke

SECOND = timedelta(seconds=1)
KIB = 1024


def work(number: int) -> int:
    return number


class Scale(MemoryItems):
    """The shelves, which weigh every write as DynamoDB charges it."""

    def __init__(self) -> None:
        super().__init__()
        self.units: list[int] = []

    def write(self, spot: Spot, edit: Edit):
        fields = {f"f_{name}": {"S": str(value)} for name, value in edit.set.items()}
        item = {
            "pk": {"S": f"item#{spot.shelf}"},
            "sk": {"S": spot.key},
            "ttl": {"N": "1700000000"},
            **fields,
        }
        self.units.append(math.ceil(item_size(item) / KIB))
        return super().write(spot, edit)


class Container:
    """A consumer with statistics, and a scale for what it writes of them."""

    def __init__(self, tasks: int = 1) -> None:
        self.scale, world, registry = Scale(), HeldWorld(), Registry()
        for number in range(tasks):
            registry.add(work, f"task_with_a_name_of_usual_length_{number}", Options())
        plain = parts(world=world, registry=registry)
        self.kept = Statistics(self.scale, world, memory=MEMORY, aside=lambda act: act())
        store = ObservedStore(plain.store, NOBODY_TRACES, self.kept)
        self.parts: Parts = replace(plain, store=store, metrics=self.kept)
        self.queue = cast("MemoryQueue", plain.queue)

    def batch(self, jobs: int = 10) -> None:
        names = sorted(task.name for task in self.parts.registry)
        for number in range(jobs):
            how = Submission(tenant=f"tenant-{number % len(names)}")
            enqueue(
                [JobRequest(task=names[number % len(names)], args={"number": number}, how=how)],
                parts=self.parts,
            )
        with self.kept.invocation("default"):
            messages = self.queue.receive("default")
            records = [Record(message_id=m.id, receipt=m.receipt, body=m.body) for m in messages]
            assert invoke(self.parts, "default", records) == []
        for record in records:
            self.queue.delete(record.receipt)


def test_a_batch_of_ten_after_a_pause_is_one_unit_dearer():
    container = Container()
    container.batch()

    assert container.scale.units == [1]


def test_so_it_is_with_ten_tasks_of_ten_tenants():
    container = Container(tasks=10)
    container.batch()

    assert container.scale.units == [1]


def test_a_busy_container_writes_once_for_many_batches():
    # given a batch each second, for ten minutes
    container = Container()
    for _ in range(600):
        container.batch(1)
        container.parts.world.pause(SECOND)

    # then it soon writes every ten seconds, a unit each
    assert 60 <= sum(container.scale.units) <= 80


def test_what_only_submits_costs_nothing():
    container = Container()
    with container.kept.invocation():
        enqueue(
            [JobRequest(task="task_with_a_name_of_usual_length_0", args={"number": 1})], parts=container.parts
        )

    assert container.scale.units == []

"""A consumer's memory over many jobs that do nothing: in this process, on twins that forget what has ended."""

import gc
import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path
from statistics import mean

from bench.measures.ground import TEXT, noop
from chalicelib.adapters import memory
from chalicelib.adapters.memory import HeldWorld, MemoryItems, MemoryQueue, MemoryStore
from chalicelib.adapters.observed import ObservedStore
from chalicelib.adapters.statistics import Statistics
from chalicelib.domain.job import Job
from chalicelib.lanes import MEMORY
from chalicelib.pipeline.consume import Record
from chalicelib.pipeline.enqueue import JobRequest, enqueue
from chalicelib.pipeline.nobody import NOBODY_TRACES
from chalicelib.pipeline.task import Options, Registry
from jobline.testing.drive import invoke

BATCH = 10
SAMPLES = 40


@dataclass(frozen=True, kw_only=True, slots=True)
class Grown:
    """The memory of the process, in KiB, over so many jobs."""

    jobs: int
    rss: Sequence[int]

    @property
    def early(self) -> float:
        """After a fifth: what is imported and remembered once is there."""
        return mean(self.rss[len(self.rss) // 5 :][: max(1, len(self.rss) // 5)])

    @property
    def late(self) -> float:
        """At the end."""
        return mean(self.rss[-max(1, len(self.rss) // 5) :])

    @property
    def ratio(self) -> float:
        """1: it is flat."""
        return self.late / self.early

    @property
    def bytes_a_job(self) -> float:
        """What each job left behind."""
        return (self.late - self.early) * 1024 / (self.jobs * 0.7)


def rss() -> int:
    """Of this process now, in KiB."""
    pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
    return pages * 4


class Working:
    """One consumer on twins, with statistics, and somebody who submits ten jobs at a time."""

    def __init__(self) -> None:
        registry = Registry()
        registry.add(noop, None, Options())
        self.world, self.store, self.items = HeldWorld(), MemoryStore(), MemoryItems()
        self.queue = MemoryQueue(self.world)
        self.kept = Statistics(self.items, self.world, memory=MEMORY, aside=lambda act: act())
        self.parts = replace(
            memory.parts(world=self.world, registry=registry),
            store=ObservedStore(self.store, NOBODY_TRACES, self.kept),
            queue=self.queue,
            items=self.items,
            metrics=self.kept,
        )
        self._requests = [JobRequest(task="noop", args={"text": TEXT})] * BATCH

    def batch(self) -> None:
        """Ten jobs, from their acceptance to their end. Raises AssertionError where one did not end."""
        ids = [job.id for job in enqueue(self._requests, parts=self.parts) if isinstance(job, Job)]
        with self.kept.invocation("default"):
            records = [
                Record(message_id=one.id, receipt=one.receipt, body=one.body)
                for one in self.queue.receive("default", BATCH)
            ]
            assert not invoke(self.parts, "default", records)
        assert len(ids) == len(records) == BATCH
        assert all(self.store.rows[job_id].finished for job_id in ids)
        self.world.advance(timedelta(milliseconds=100))
        self.store.rows.clear()  # what a table and a queue keep, not a consumer
        self.items.shelves.clear()
        self.queue.messages.clear()


def grown(*, jobs: int, samples: int = SAMPLES, look: Callable[[], int] = rss) -> Grown:
    """Run so many in full batches, and look at the memory now and then."""
    working, found = Working(), list[int]()
    every = max(1, jobs // BATCH // samples)
    quiet, level = logging.getLogger(), logging.getLogger().level
    quiet.setLevel(logging.ERROR)
    gc.freeze()  # what was there before is not looked through again and again
    try:
        for batch in range(jobs // BATCH):
            working.batch()
            if batch % every == every - 1:
                gc.collect()
                found.append(look())
    finally:
        gc.unfreeze()
        quiet.setLevel(level)
    return Grown(jobs=jobs, rss=found)

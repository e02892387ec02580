"""A consumer that fans out holds as much of a long input as of a short one."""

import tracemalloc
from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from chalicelib.adapters import memory
from chalicelib.domain.job import State, Wakeup
from chalicelib.pipeline.enqueue import JobRequest, enqueue
from chalicelib.pipeline.execute import execute
from chalicelib.pipeline.items import Kept
from chalicelib.pipeline.ports import Piece
from chalicelib.pipeline.task import Options, Registry
from chalicelib.pipeline.workflows import lines

LINE = b'{"number": 1, "text": "' + b"x" * 75 + b'"}\n'


class Rows(memory.MemoryStore):
    """A table elsewhere: what it holds of the children is not the consumer's."""

    def __init__(self):
        super().__init__()
        self.children = 0

    def create(self, job):
        if job.cause is None:
            return super().create(job)
        self.children += 1
        return None


class Shelves(memory.MemoryItems):
    """Shelves elsewhere."""

    def write(self, spot, edit):
        return Kept(fields=dict(edit.set)) if spot.kind == "page" else super().write(spot, edit)


class Lanes(memory.MemoryQueue):
    """Lanes elsewhere."""

    def send(self, wakeups):
        return ()


class Lot:
    """An object of so many lines, elsewhere."""

    def __init__(self, count):
        self.size = count * len(LINE)

    def read(self, key, start, most, version=None):
        begin, end = start // len(LINE), -(-(start + most) // len(LINE))
        body = (LINE * (end - begin))[start - begin * len(LINE) :][: min(most, self.size - start)]
        return Piece(body=body, size=self.size, version="1")


def peak(count):
    """The most memory that fanning out so many took, in bytes."""
    registry = Registry()
    registry.add(_work, "work", Options())
    parts = memory.parts(registry=registry)
    world = parts.world
    parts = replace(parts, store=Rows(), items=Shelves(), queue=Lanes(world), inputs=Lot(count))
    tree = {"map": {"task": "work", "into": "one"}, "object": "inputs/default/x"}
    (job,) = enqueue([JobRequest(task="jobline.workflow", args={"workflow": tree})], parts=parts)
    wakeup = Wakeup(tenant=job.tenant, job_id=job.id, epoch=0)
    tracemalloc.start()
    try:
        assert execute(wakeup, ends=world.now() + timedelta(minutes=1), receipt=None, parts=parts)
        found = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    row = parts.store.rows[job.id]
    assert (row.state, row.children, parts.store.children) == (State.WAITING, count, count)
    return found


def _work(one: Mapping[str, Any]) -> None:
    """A child's."""


@pytest.mark.timeout(300)
@pytest.mark.slow
@pytest.mark.long  # `make workflows` measures the same
def test_fanning_out_ten_times_as_many_takes_no_more_memory(monkeypatch):
    monkeypatch.setattr(lines, "PIECE", 64 * 1024)
    peak(300)  # what is imported and cached on first use
    few, many = peak(2_000), peak(20_000)
    assert many < few + 300_000
    assert many < 4_000_000

"""Statistics through the doors: what the app's own handlers leave in the table, and what they never do for it."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

import app
from chalicelib import wiring
from chalicelib.adapters.memory import MemoryItems
from chalicelib.adapters.metrics import EmfMetrics
from chalicelib.adapters.observed import ObservedStore
from chalicelib.adapters.statistics import Statistics
from chalicelib.domain.errors import Unavailable
from chalicelib.domain.job import State
from chalicelib.lanes import MEMORY
from chalicelib.pipeline.items import Edit, Spot
from chalicelib.pipeline.nobody import NOBODY_COUNTS, NOBODY_TRACES
from chalicelib.pipeline.statistics.bind import bound_until
from chalicelib.pipeline.statistics.read import Found, question, read
from chalicelib.settings import BadSetting, Settings
from jobline.local.context import Context
from jobline.local.tick import scheduled_event
from tests.observability.doors import Doors

MINUTE = timedelta(minutes=1)


class Told(MemoryItems):
    """The shelves, which note in what order they are written relative to the rows, and can refuse statistics."""

    def __init__(self, order: list[str]) -> None:
        super().__init__()
        self.order = order
        self.refuses = False

    def write(self, spot: Spot, edit: Edit) -> Any:
        if spot.kind == "stats":
            self.order.append("statistics")
            if self.refuses:
                raise Unavailable("throttled")
        return super().write(spot, edit)


class Counting(Doors):
    """Doors whose statistics are kept."""

    def __init__(self) -> None:
        super().__init__()
        self.order: list[str] = []
        self.shelves = Told(self.order)
        self.kept = Statistics(self.shelves, self.world, memory=MEMORY, aside=lambda act: act())
        write = self.store.write

        def noted(job_id: str, change: Any) -> Any:
            self.order.append("row")
            return write(job_id, change)

        self.store.write = noted  # type: ignore[method-assign]
        store = ObservedStore(self.store, NOBODY_TRACES, self.kept)
        self.parts = replace(self.parts, items=self.shelves, store=store, metrics=self.kept)

    def tick(self) -> None:
        """The minute's run."""
        app.tick(scheduled_event("tick", self.world.now(), region="us-east-1"), Context("tick", timeout=60))

    def figures(self) -> Found:
        """The last hour."""
        now = self.world.now()
        asked = question(since=None, until=None, step=None, task=None, tenant=None, now=now)
        return read(asked, parts=self.parts)


DOORS = Counting


def test_a_batch_leaves_one_part_written_after_its_last_row(doors: Counting):
    # given a batch of three
    doors.works()
    for _ in range(3):
        doors.submit()
    doors.advance(seconds=2)
    doors.deliver("default", "consume_default")

    # then six writes of rows are followed by one of statistics
    assert doors.order == ["row"] * 6 + ["statistics"]
    total = doors.figures().total
    assert (total.started, total.succeeded, total.wait.count, total.run.count) == (3, 3, 3, 3)
    assert total.wait.mean == pytest.approx(2000, abs=5)
    assert total.calls == 1000


def test_a_table_that_refuses_statistics_changes_nothing_for_jobs(doors: Counting):
    # given a table that takes rows and no statistics
    doors.shelves.refuses = True
    doors.works()
    job = doors.submit()

    # then the batch is done with, and the job has its outcome
    assert doors.deliver("default", "consume_default") == {"batchItemFailures": []}
    assert doors.row(job).state is State.SUCCEEDED

    # and it is counted with a later batch, once
    doors.shelves.refuses = False
    doors.advance(seconds=20)
    doors.submit()
    doors.deliver("default", "consume_default")
    assert doors.figures().total.succeeded == 2


def test_the_tick_binds_them(doors: Counting):
    doors.works()
    doors.submit()
    doors.deliver("default", "consume_default")
    doors.advance(minutes=3)
    doors.tick()

    assert bound_until(doors.parts) is not None
    assert doors.figures().total.succeeded == 1


def test_a_tick_that_cannot_bind_them_does_all_else(doors: Counting, caplog: pytest.LogCaptureFixture):
    doors.works()
    doors.submit()
    doors.deliver("default", "consume_default")
    lost = doors.submit()
    doors.lose_messages()
    doors.shelves.refuses = True
    for _ in range(2):
        doors.advance(minutes=5)
        doors.tick()

    assert "statistics were not bound" in caplog.text
    doors.deliver("default", "consume_default")
    assert doors.row(lost).state is State.SUCCEEDED


def test_they_are_kept_unless_they_are_switched_off():
    environment = {"JOBLINE_APP": "a", "JOBLINE_STAGE": "b", "JOBLINE_TASKS": "chalicelib.tasks"}
    kept = wiring.build(Settings.from_env({**environment, "JOBLINE_METRICS": "on"})).metrics
    assert isinstance(kept, Statistics)
    assert isinstance(kept._beside, EmfMetrics)

    assert kept._later is None
    local = wiring.build(Settings.from_env({"JOBLINE_TASKS": "chalicelib.tasks"})).metrics
    assert isinstance(local, Statistics)
    assert local._later is not None

    off = wiring.build(Settings.from_env({**environment, "JOBLINE_STATISTICS": "off"})).metrics
    assert off is NOBODY_COUNTS
    with pytest.raises(BadSetting, match="JOBLINE_STATISTICS='no'"):
        Settings.from_env({"JOBLINE_STATISTICS": "no"})

"""Parts, bound minutes and hours on every kind of shelf: put, listed, bound, read, and put again."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from chalicelib.adapters import memory
from chalicelib.adapters.memory import HeldWorld
from chalicelib.pipeline.measures import Measure
from chalicelib.pipeline.parts import Parts
from chalicelib.pipeline.statistics.bind import bind, bound_until
from chalicelib.pipeline.statistics.book import Book
from chalicelib.pipeline.statistics.read import question, read
from chalicelib.pipeline.statistics.shelves import hour_spot, minute_spot, part, part_spot
from chalicelib.pipeline.task import Registry

MINUTE = timedelta(minutes=1)
HOUR = timedelta(hours=1)
EVENING = datetime(2026, 11, 30, 22, 30, tzinfo=UTC)
"""Shelves are of days and months: an hour and a half later both are others."""


@pytest.fixture
def stage(items) -> Parts:
    return replace(memory.parts(world=HeldWorld(EVENING + 3 * HOUR), registry=Registry()), items=items)


def put(stage: Parts, at: datetime, key: str, number: int) -> None:
    book = Book()
    for _ in range(number):
        book.take(Measure.JOBS_SUCCEEDED, 1, ("größe ✓", "ann"))
        book.take(Measure.RUN_TIME, 250, ("größe ✓", "ann"))
    stage.items.write(part_spot(at, key), part(book, at))


def succeeded(stage: Parts, step: int) -> list[int]:
    now = stage.world.now()
    asked = question(since=EVENING, until=now, step=step, task=None, tenant="ann", now=now)
    return [figures.succeeded for _, figures in sorted(read(asked, parts=stage).steps.items())]


def test_parts_are_read_bound_and_read_again_across_a_month(stage):
    # given parts of four minutes in three hours, by several containers
    for minutes in (0, 1, 31, 90):
        for key in "abc":
            put(stage, EVENING + minutes * MINUTE, key, 2)
    before = succeeded(stage, 60), succeeded(stage, 3600)

    # when they are bound
    assert bind(until=stage.world.now() + HOUR, parts=stage) == 4

    # then the answer is the same, from minutes and from hours
    assert (succeeded(stage, 60), succeeded(stage, 3600)) == before == ([6, 6, 6, 6], [12, 6, 6])
    assert stage.items.read(hour_spot(EVENING))
    assert stage.items.read(minute_spot(EVENING + 90 * MINUTE))
    assert bound_until(stage) == stage.world.now() - MINUTE


def test_a_part_that_is_put_again_with_more_in_it_is_one_part(stage):
    put(stage, EVENING, "a", 2)
    put(stage, EVENING, "a", 5)

    assert succeeded(stage, 60) == [5]


def test_two_ticks_at_once_bind_once(stage):
    put(stage, EVENING, "a", 1)
    bind(until=stage.world.now() + HOUR, parts=stage)
    until = bound_until(stage)

    # nothing is there for the second, and it moves nothing
    assert bind(until=stage.world.now() + HOUR, parts=stage) == 0
    assert bound_until(stage) == until
    assert succeeded(stage, 60) == [1]

"""A stage of twins in which parts of statistics can be put."""

from datetime import UTC, datetime, timedelta

import pytest

from chalicelib.adapters.memory import HeldWorld, parts
from chalicelib.pipeline.measures import Measure
from chalicelib.pipeline.parts import Parts
from chalicelib.pipeline.statistics.bind import bind
from chalicelib.pipeline.statistics.book import Book
from chalicelib.pipeline.statistics.read import Found, question, read
from chalicelib.pipeline.statistics.shelves import part, part_spot
from chalicelib.pipeline.task import Registry

NOON = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
HOUR = timedelta(hours=1)


class Stage:
    """Statistics, and a clock that stands at noon."""

    def __init__(self) -> None:
        self.world = HeldWorld(NOON)
        self.parts: Parts = parts(world=self.world, registry=Registry())

    def put(
        self, at: datetime, *, key: str = "k", number: int = 1, task: str = "work", tenant: str = "default"
    ) -> None:
        """A part of that minute: so many jobs that succeeded, a second each."""
        book = Book()
        for _ in range(number):
            book.take(Measure.JOBS_SUCCEEDED, 1, (task, tenant))
            book.take(Measure.RUN_TIME, 1000, (task, tenant))
        self.parts.items.write(part_spot(at, key), part(book, at))

    def at(self, now: datetime) -> "Stage":
        """Let it be that time."""
        self.world.advance(now - self.world.now())
        return self

    def tick(self) -> int:
        """What the tick does of it."""
        return bind(until=self.world.now() + MINUTE, parts=self.parts)

    def ask(self, since: datetime, until: datetime, step: int | None = None, **only: str) -> Found:
        """The answer."""
        wanted = {"task": None, "tenant": None, **only}
        asked = question(since=since, until=until, step=step, now=self.world.now(), **wanted)
        return read(asked, parts=self.parts)

    def steps(self, since: datetime, until: datetime, step: int | None = None, **only: str) -> dict[str, int]:
        """How many succeeded in each step that has any."""
        found = self.ask(since, until, step, **only)
        return {f"{at:%d %H:%M}": figures.succeeded for at, figures in sorted(found.steps.items())}


@pytest.fixture
def stage() -> Stage:
    return Stage()

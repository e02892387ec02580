"""A stage with a schedule or many on it, ticked by one or several processes, and the fires that came of it."""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any

from chalicelib.adapters.memory import HeldWorld
from chalicelib.domain.job import State
from chalicelib.pipeline import tick as ticking
from chalicelib.pipeline.ids import time_of
from chalicelib.pipeline.parts import Parts
from chalicelib.pipeline.schedule_change import NewSchedule, create
from chalicelib.pipeline.schedule_item import Schedule
from chalicelib.pipeline.schedule_query import find
from chalicelib.pipeline.timetable import Rule
from jobline.testing.crash import Killed
from tests.support.drive import drain
from tests.support.stage import Stage

MINUTE = timedelta(minutes=1)
START = datetime(2026, 1, 1, 12, tzinfo=UTC)


class Ground:
    """`fired` says when each job of the schedule was due, and `ran` when it ran."""

    def __init__(self, parts: Parts | None = None, **options: Any) -> None:
        self.stage = Stage()
        self.world = self.stage.world
        self.parts = parts or self.stage.parts
        self.runs: list[tuple[datetime, str]] = []
        self.stage.task(self._work, "work", **options)

    def _work(self, word: str = "") -> None:
        self.runs.append((self.world.now(), word))

    def make(self, *, id: str = "s", args: dict[str, Any] | None = None, **rule: Any) -> Schedule:
        return create(
            NewSchedule(task="work", rule=Rule(**rule), args=args or {}, id=id),
            tenant="default",
            parts=self.stage.parts,
        )

    def find(self, id: str = "s") -> Schedule:
        return find(id, tenant="default", parts=self.stage.parts)

    def tick(self, parts: Parts | None = None) -> None:
        """The minute's run; a process that is killed in it leaves it at that."""
        parts = parts or self.parts
        try:
            ticking.tick(ends=parts.world.now() + MINUTE, parts=parts)
        except Killed:
            return

    def minutes(self, count: int, *, tick: Callable[[], None] | None = None) -> None:
        """So many minutes, each begun with a tick; messages are delivered every second that has any."""
        for _ in range(count):
            (tick or self.tick)()
            self.seconds(60)

    def until(self, minute: int) -> None:
        """Minutes with their ticks, until that one."""
        while self.world.now() < START + minute * MINUTE:
            self.tick()
            self.seconds(60 - self.world.now().second or 60)

    def seconds(self, count: int) -> None:
        """Let time pass, without ticks."""
        end = self.world.now() + timedelta(seconds=count)
        while True:
            drain(self.stage.parts)
            now = self.world.now()
            if now >= end:
                return
            later = [m.visible for m in self.stage.queue.messages if now < m.visible <= end]
            self.world.advance(min([*later, end]) - now)

    def jobs(self, state: State | None = None) -> list[Any]:
        rows = [row for row in self.stage.store.rows.values() if row.cause is not None]
        return sorted((row for row in rows if state in (None, row.state)), key=lambda row: row.id)

    def fired(self) -> list[datetime]:
        """The fire times of all jobs that were not withdrawn, in their order."""
        return [time_of(row.id) for row in self.jobs() if row.state is not State.CANCELLED]

    def doubled(self) -> list[datetime]:
        """Fire times with more than one job that was not withdrawn."""
        return [at for at, count in Counter(self.fired()).items() if count > 1]

    def other_clock(self, by: timedelta) -> Parts:
        """The same pipeline seen by a process whose clock is off by so much."""
        return replace(self.stage.parts, world=OtherClock(self.world, by))


@dataclass
class OtherClock:
    """A world whose clock is off."""

    world: HeldWorld
    by: timedelta

    def now(self) -> datetime:
        return self.world.now() + self.by

    def __getattr__(self, name: str) -> Any:
        return getattr(self.world, name)


def every(start: datetime, step: timedelta, count: int) -> list[datetime]:
    """So many times, a step apart, beginning after the start."""
    return [start + (number + 1) * step for number in range(count)]

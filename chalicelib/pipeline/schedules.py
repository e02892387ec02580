"""Schedules from Python: what the API's routes do, as methods."""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from chalicelib.domain.job import Job
from chalicelib.pipeline.parts import Parts
from chalicelib.pipeline.schedule_args import args_text
from chalicelib.pipeline.schedule_change import (
    Changes,
    NewSchedule,
    create,
    delete,
    fire_now,
    pause,
    resume,
    update,
)
from chalicelib.pipeline.schedule_item import Schedule
from chalicelib.pipeline.schedule_query import all_of, find, next_fires
from chalicelib.pipeline.task import Task
from chalicelib.pipeline.timetable import Rule


class Schedules:
    """One tenant's. Each method raises `InvalidInput` that names a wrong argument, `NotFound`, or `Unavailable`: then ask again."""

    def __init__(self, *, tenant: str, parts: Parts) -> None:
        self._tenant = tenant
        self._parts = parts

    def create(
        self,
        task: Task[..., Any] | str,
        args: Mapping[str, Any] | None = None,
        *,
        id: str | None = None,
        cron: str | None = None,
        every: timedelta | None = None,
        at: datetime | None = None,
        timezone: str = "UTC",
        catch_up: str = "one",
    ) -> Schedule:
        """Make one. With an id, making the same again is making it once. Give one of cron, every and at."""
        name = task.name if isinstance(task, Task) else task
        rule = Rule(cron=cron, every=every, at=at, timezone=timezone, catch_up=catch_up)
        new = NewSchedule(task=name, args=args or {}, id=id, rule=rule)
        return create(new, tenant=self._tenant, parts=self._parts)

    def get(self, id: str) -> Schedule:
        """The schedule."""
        found = find(id, tenant=self._tenant, parts=self._parts)
        return replace(found, args=args_text(found, self._parts))

    def __iter__(self) -> Iterator[Schedule]:
        """All of them, in no order."""
        return all_of(self._tenant, parts=self._parts)

    def update(self, id: str, **changes: Any) -> Schedule:
        """Give it other `args=`, or another `cron=, every=, at=, timezone=, catch_up=`; what is left out stays."""
        return update(id, Changes(**changes), tenant=self._tenant, parts=self._parts)

    def delete(self, id: str) -> None:
        """Fire never again."""
        delete(id, tenant=self._tenant, parts=self._parts)

    def pause(self, id: str) -> Schedule:
        """Fire no more until it is resumed."""
        return pause(id, tenant=self._tenant, parts=self._parts)

    def resume(self, id: str) -> Schedule:
        """Fire again, from now on."""
        return resume(id, tenant=self._tenant, parts=self._parts)

    def fire(self, id: str) -> Job:
        """A job of it now, whatever its rule says."""
        return fire_now(id, tenant=self._tenant, parts=self._parts)

    def next(self, id: str, count: int = 10) -> list[datetime]:
        """Its next fire times."""
        return next_fires(self.get(id), count, self._parts.world.now())

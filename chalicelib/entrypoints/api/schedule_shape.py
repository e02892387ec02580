"""A schedule as callers write it and as the API shows it."""

from datetime import datetime, timedelta
from typing import Annotated, Any, Literal, TypedDict

import msgspec
from msgspec import Meta

from chalicelib.domain.errors import KeyUnavailable, PayloadMissing
from chalicelib.entrypoints.api.document import rfc3339, shown_text
from chalicelib.entrypoints.api.job_shape import Time
from chalicelib.entrypoints.api.reading import Moment, moment
from chalicelib.pipeline.parts import Parts
from chalicelib.pipeline.schedule_args import args_text
from chalicelib.pipeline.schedule_change import Changes, NewSchedule
from chalicelib.pipeline.schedule_item import Schedule
from chalicelib.pipeline.schedule_query import MOST_FIRES, PAGE
from chalicelib.pipeline.timetable import LEAST_PERIOD, MOST_PERIOD, Rule

Seconds = Annotated[int, Meta(ge=int(LEAST_PERIOD.total_seconds()), le=int(MOST_PERIOD.total_seconds()))]
CatchUp = Annotated[
    str,
    Meta(
        description="which fires of an outage are made up for: skip, one (the newest), all (at most 50), all:N"
    ),
]
Cron = Annotated[str, Meta(description="five fields: minute, hour, day of month, month, day of week")]
Zone = Annotated[str, Meta(description="of the cron rule: a name of the IANA database")]


class NewScheduleBody(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """A schedule to be made. Give one of cron, every and at."""

    task: Annotated[str, Meta(description="the task's name; GET /tasks lists them")]
    args: Annotated[dict[str, Any], Meta(description="the task's arguments by name")] = {}
    id: Annotated[
        str | None, Meta(description="yours to choose: creating the same again is then creating it once")
    ] = None
    cron: Cron | None = None
    every: Annotated[Seconds | None, Meta(description="seconds, counted from now")] = None
    at: Annotated[Moment | None, Meta(description="once, at this time")] = None
    timezone: Zone = "UTC"
    catch_up: CatchUp = "one"


class ScheduleChanges(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """What is to be different; what is left out stays. One of cron, every and at takes the place of the rule that was there."""

    args: Annotated[dict[str, Any] | None, Meta(description="all of them, by name")] = None
    cron: Cron | None = None
    every: Annotated[Seconds | None, Meta(description="seconds, counted from now")] = None
    at: Annotated[Moment | None, Meta(description="once, at this time")] = None
    timezone: Zone | None = None
    catch_up: CatchUp | None = None


class SchedulesQuery(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """Which schedules."""

    limit: Annotated[int, Meta(ge=1, le=PAGE)] = 50
    cursor: Annotated[str | None, Meta(description="the cursor of the page before")] = None


class FiresQuery(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """How many fire times."""

    n: Annotated[int, Meta(ge=1, le=MOST_FIRES)] = 10


class ScheduleDocument(TypedDict):
    """A schedule: what it runs, when, and how far that has got. Its jobs are those of its task with the times shown here."""

    id: Annotated[str, Meta(description="one that code declares begins with @")]
    task: str
    args: Annotated[
        dict[str, Any] | None,
        Meta(description="null: they are sealed, and the stage's key cannot be used now"),
    ]
    cron: str | None
    every: Annotated[int | None, Meta(description="seconds")]
    at: Time | None
    timezone: str
    catch_up: str
    state: Annotated[
        Literal["active", "paused", "finished"], Meta(description="finished: no fire time is left")
    ]
    next_fire: Time | None
    last_fire: Annotated[Time | None, Meta(description="the last fire time for which there is a job")]
    declared: Annotated[bool, Meta(description="in code: it can be paused here, but changed only there")]
    created_at: Time


class SchedulePageDocument(TypedDict):
    """Schedules in the order of their ids. A page may be short and yet carry a cursor."""

    schedules: list[ScheduleDocument]
    cursor: Annotated[str | None, Meta(description="for the next page; null: this was the last")]


class Fires(TypedDict):
    """Fire times to come; none while it is paused."""

    fires: list[Time]


class Deleted(TypedDict):
    """It is gone, and fires never again."""

    id: str


def new_schedule(body: NewScheduleBody) -> NewSchedule:
    """The verb's request. Raises `InvalidInput`."""
    rule = Rule(
        cron=body.cron,
        every=_period(body.every),
        at=moment(body.at, "at"),
        timezone=body.timezone,
        catch_up=body.catch_up,
    )
    return NewSchedule(task=body.task, args=body.args, id=body.id, rule=rule)


def changes(body: ScheduleChanges) -> Changes:
    """The verb's request. Raises `InvalidInput`."""
    return Changes(
        args=body.args,
        cron=body.cron,
        every=_period(body.every),
        at=moment(body.at, "at"),
        timezone=body.timezone,
        catch_up=body.catch_up,
    )


def _period(seconds: int | None) -> timedelta | None:
    return None if seconds is None else timedelta(seconds=seconds)


def schedule_document(schedule: Schedule, parts: Parts) -> ScheduleDocument:
    """What the API shows of it."""
    rule = schedule.rule
    state: Literal["active", "paused", "finished"] = "active"
    if schedule.paused:
        state = "paused"
    elif schedule.next is None:
        state = "finished"
    return {
        "id": schedule.id,
        "task": schedule.task,
        "args": _args(schedule, parts),  # type: ignore[typeddict-item] # JSON text that is spliced in as it is
        "cron": rule.cron,
        "every": None if rule.every is None else rule.every // timedelta(seconds=1),
        "at": _maybe(rule.at),
        "timezone": rule.timezone,
        "catch_up": rule.catch_up,
        "state": state,
        "next_fire": _maybe(schedule.next),
        "last_fire": _maybe(schedule.last),
        "declared": schedule.declared,
        "created_at": rfc3339(schedule.created),
    }


def _args(schedule: Schedule, parts: Parts) -> msgspec.Raw | None:
    try:
        return shown_text(schedule.task, args_text(schedule, parts), parts.registry)
    except (KeyUnavailable, PayloadMissing):
        return None


def _maybe(at: datetime | None) -> str | None:
    return None if at is None else rfc3339(at)

"""Firing: the tick's duty to a schedule whose time has come.

Three writes, so that whoever dies in between leaves the rest to the next tick: decide, in the schedule's own item, which jobs it owes;
put them, under ids made from their fire times; strike them off. A schedule is changed under the same rule (`schedule_change`).
"""

import logging
from dataclasses import replace
from datetime import datetime, timedelta

from chalicelib.domain.change import Equals
from chalicelib.domain.errors import InvalidInput, Unavailable
from chalicelib.domain.schedule import take
from chalicelib.pipeline.ids import time_of
from chalicelib.pipeline.items import Edit, Spot
from chalicelib.pipeline.limits import SEND_AHEAD
from chalicelib.pipeline.parts import Parts
from chalicelib.pipeline.patience import patience
from chalicelib.pipeline.schedule_item import Schedule, edit, from_fields
from chalicelib.pipeline.schedule_jobs import put, withdraw

log = logging.getLogger(__name__)

ROUNDS = 20
"""How often others may write to the schedule while we look after it."""

REMEMBERED = timedelta(minutes=20)
"""How long the jobs of past fires are remembered: whoever withdraws those to come may have a clock that is behind."""

LATER = timedelta(minutes=10)
"""When to look again at a schedule whose task this code does not have."""


def fire(spot: Spot, until: datetime, parts: Parts) -> None:
    """The duty: whatever is due, and what will be before the tick after the next, so that each job starts to the second."""
    schedule = settle(spot, ahead=SEND_AHEAD, until=until, parts=parts)
    if schedule is not None and (schedule.owes or schedule.task not in parts.registry):
        _put_off(schedule, until, parts)


def settle(spot: Spot, *, ahead: timedelta, until: datetime, parts: Parts) -> Schedule | None:
    """Do all that the schedule owes, and fire what is due up to `ahead` from now; what then lies there, None: nothing.

    Safe to do twice, side by side, and to die in. Where this code does not have the task, nothing is fired; the catch-up policy decides
    once it is there again. What is owed and cannot be put, since the task's declaration has changed, stays owed. Raises `Unavailable`,
    `NewerRow`.
    """
    schedule = from_fields(spot, patience(parts, until)(parts.items.read, spot))
    for _ in range(ROUNDS):
        if schedule is None:
            return None
        now = parts.world.now()
        after = _step(schedule, now, now + ahead, until, parts)
        if after is None:
            return schedule
        answer = patience(parts, until)(parts.items.write, spot, edit(schedule, after, now))
        schedule = from_fields(spot, answer.fields)
    raise Unavailable(f"schedule {spot.key} changed {ROUNDS} times while it was being looked after")


def _step(
    schedule: Schedule, now: datetime, horizon: datetime, until: datetime, parts: Parts
) -> Schedule | None:
    """Do what comes first; how the item reads when it is done. None: there is nothing to do."""
    if schedule.voids:
        return _withdrawn(schedule, until, parts)
    if schedule.task not in parts.registry:
        return None
    if schedule.owes:
        try:
            put(schedule, schedule.owes, parts=parts)
        except InvalidInput as error:
            log.error("schedule %s: its job cannot be put: %s", schedule.id, error, extra=_fields(schedule))
            return None
        return _performed(schedule, now)
    if schedule.next is None or schedule.next > horizon:
        return None
    return _decided(schedule, schedule.next, now, horizon)


def _decided(schedule: Schedule, next_fire: datetime, now: datetime, horizon: datetime) -> Schedule:
    """The first write: these fires are owed, and this one comes after them."""
    rule = schedule.rule
    taken = take(schedule.timetable, next_fire, catch_up=rule.made_up_for, now=now, horizon=horizon)
    if taken.missed:
        log.warning(
            "schedule %s: fires since %s were missed; %s of them made up for, by catch_up=%s",
            schedule.id,
            next_fire,
            len(taken.fires),
            rule.catch_up,
            extra={"action": "fires_missed", **_fields(schedule)},
        )
    return replace(schedule, owes=tuple(schedule.job_id(one) for one in taken.fires), next=taken.next)


def _performed(schedule: Schedule, now: datetime) -> Schedule:
    """The last write: nothing is owed any more."""
    recent = [one for one in schedule.ahead if time_of(one) > now - REMEMBERED]
    ahead = tuple(dict.fromkeys([*recent, *schedule.owes]))
    return replace(schedule, owes=(), ahead=ahead, last=time_of(schedule.owes[-1]))


def _withdrawn(schedule: Schedule, until: datetime, parts: Parts) -> Schedule:
    """Cancel what was ahead when the schedule was changed. A fire that could not be, since it runs, is not fired again by the new rule."""
    ran = [one for one in schedule.voids if not withdraw(one, until=until, parts=parts)]
    kept = tuple(one for one in schedule.ahead if one not in schedule.voids or one in ran)
    next_fire = schedule.next
    if next_fire is not None and ran:
        latest = max(map(time_of, ran))
        next_fire = next_fire if next_fire > latest else schedule.timetable.after(latest)
    last = schedule.last
    if last in {time_of(one) for one in schedule.voids if one not in ran}:
        last = max(map(time_of, kept), default=None)
    return replace(schedule, voids=(), ahead=kept, next=next_fire, last=last)


def _put_off(schedule: Schedule, until: datetime, parts: Parts) -> None:
    """Nobody can run it now. Not looked at by every tick until somebody can."""
    log.warning(
        "schedule %s: the task %s is not here, or does not take its arguments; it is looked at again in %s",
        schedule.id,
        schedule.task,
        LATER,
        extra={"action": "schedule_put_off", **_fields(schedule)},
    )
    if schedule.next is not None or not schedule.settled:
        later = Edit(
            where=((Equals("turn", schedule.turn),),), add={"turn": 1}, due=parts.world.now() + LATER
        )
        patience(parts, until)(parts.items.write, schedule.spot, later)


def _fields(schedule: Schedule) -> dict[str, object]:
    return {"tenant": schedule.tenant, "task": schedule.task, "schedule": schedule.id}

"""Changing schedules while ticks fire them: each change is one conditional write between two fires, never in the middle of one.

What was due until now is performed first, by the rule of then. What was put ahead of its time is cancelled after the write and before
anybody is answered; the write itself says so, so that whoever dies leaves that to the tick. So each fire time gets the old rule or the
new one, and after a pause or a deletion was answered nothing starts any more.
"""

from collections.abc import Callable, Mapping
from dataclasses import field, replace
from datetime import datetime, timedelta
from typing import Any

from chalicelib.domain.change import Missing
from chalicelib.domain.errors import Conflict, InvalidInput, MachineryError, NotPossible, Unavailable
from chalicelib.domain.job import Job
from chalicelib.domain.late import regex
from chalicelib.domain.lean import dataclass
from chalicelib.pipeline import strict_json
from chalicelib.pipeline.fire import ROUNDS, settle
from chalicelib.pipeline.gates import gates_of
from chalicelib.pipeline.ids import is_tenant, time_of
from chalicelib.pipeline.items import Edit, Kept
from chalicelib.pipeline.limits import SEND_AHEAD
from chalicelib.pipeline.parts import Parts
from chalicelib.pipeline.patience import patience
from chalicelib.pipeline.schedule_args import args_text, kept_args
from chalicelib.pipeline.schedule_item import FOR_EVER, Schedule, edit, from_fields, spot_of, to_fields
from chalicelib.pipeline.schedule_jobs import put
from chalicelib.pipeline.schedule_query import find, no_such
from chalicelib.pipeline.schedule_quota import release, reserve
from chalicelib.pipeline.timetable import Rule

MAX_ARGS = 4096
"""Bytes of a schedule's arguments as JSON: they are written with each fire. What is larger belongs where the task can read it."""

_ID = regex(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")


@dataclass(frozen=True, kw_only=True, slots=True)
class NewSchedule:
    """What a caller asks for. The same id with the same rest is the same schedule; without one, it gets an id of its own."""

    task: str
    rule: Rule
    args: Mapping[str, Any] = field(default_factory=dict)
    id: str | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Changes:
    """What is to be different; None: as it is. One of cron, every and at takes the place of the rule that was there."""

    args: Mapping[str, Any] | None = None
    cron: str | None = None
    every: timedelta | None = None
    at: datetime | None = None
    timezone: str | None = None
    catch_up: str | None = None

    def rule(self, before: Rule, now: datetime) -> Rule:
        """The rule with the changes, checked. Raises `InvalidInput`."""
        kind: dict[str, Any] = {"cron": self.cron, "every": self.every, "at": self.at}
        rule = before
        if any(value is not None for value in kind.values()):
            rule = replace(before, **kind, anchor=whole_second(now))
            if self.cron is None and self.timezone is None:
                rule = replace(rule, timezone="UTC")
        given: dict[str, Any] = {"timezone": self.timezone, "catch_up": self.catch_up}
        rule = replace(rule, **{name: value for name, value in given.items() if value is not None})
        rule.check()
        return rule


def create(new: NewSchedule, *, tenant: str, parts: Parts) -> Schedule:
    """Make a schedule. Raises `InvalidInput` that names the argument, `Conflict` if the id is taken, `NotPossible` at the limit."""
    if not is_tenant(tenant):
        raise InvalidInput("tenant", "not 1 to 64 letters, digits, dots, dashes and underscores")
    if new.id is not None and not _ID.fullmatch(new.id):
        raise InvalidInput("id", "not 1 to 64 letters, digits, dots, dashes and underscores")
    now = parts.world.now()
    new.rule.check()
    schedule_id = new.id or parts.world.token()
    text = checked_args(new.task, new.args, parts)
    made = fresh(
        Schedule(
            tenant=tenant,
            id=schedule_id,
            task=new.task,
            args=kept_args(tenant, schedule_id, text, parts),
            rule=replace(new.rule, anchor=whole_second(now)) if new.rule.every is not None else new.rule,
            seed=parts.world.token(),
            created=now,
            by=parts.world.token(),
        ),
        now,
    )
    before = _same(made, text, parts)
    if before is not None:
        return before
    reserve(tenant, parts=parts)
    return _soon(make(made, parts=parts), parts)


def _same(made: Schedule, args: str, parts: Parts) -> Schedule | None:
    """The schedule that has this id already, if it is the same. Raises `Conflict` if it is another."""
    there = from_fields(made.spot, patience(parts)(parts.items.read, made.spot))
    if there is None or there.gone:
        return None
    if (there.task, args_text(there, parts), _said(there.rule)) != (made.task, args, _said(made.rule)):
        raise Conflict(f"there is another schedule {made.id!r} already")
    return there


def _said(rule: Rule) -> Rule:
    """The rule as it was asked for."""
    return replace(rule, anchor=rule.at or FOR_EVER)


def fresh(schedule: Schedule, now: datetime) -> Schedule:
    """With its first fire time. Raises `InvalidInput` when there is none."""
    return replace(schedule, next=check_to_come(schedule.rule, now))


def check_to_come(rule: Rule, now: datetime) -> datetime:
    """The first fire time after now. Raises `InvalidInput` when there is none."""
    first = rule.timetable().after(now)
    if first is None:
        raise InvalidInput("at" if rule.at is not None else "cron", "has passed: it would never fire")
    return first


def make(made: Schedule, *, parts: Parts) -> Schedule:
    """Put it where none is, or only what is left of a deleted one. Raises `Conflict`."""
    write = Edit(where=((Missing("turn"),),), set=to_fields(made), due=made.due)
    answer = patience(parts)(parts.items.write, made.spot, write)
    there = from_fields(made.spot, answer.fields)
    if isinstance(answer, Kept) or there is None or there.seed == made.seed:
        return there or made
    if there.gone:
        return make_over(there, made, parts=parts)
    raise Conflict(f"there is another schedule {made.id!r} already")


def make_over(gone: Schedule, made: Schedule, *, parts: Parts) -> Schedule:
    """Put it where only what is left of that deleted one lies. Raises `Conflict`."""
    answer = patience(parts)(parts.items.write, made.spot, edit(gone, made, parts.world.now()))
    there = from_fields(made.spot, answer.fields)
    if there is None or there.seed != made.seed:
        raise Conflict(f"there is another schedule {made.id!r} already")
    return there


def update(schedule_id: str, changes: Changes, *, tenant: str, parts: Parts) -> Schedule:
    """Give it another rule or other arguments. Its fires of the past keep theirs. Raises `NotFound`, `InvalidInput`, `NotPossible`."""
    found = find(schedule_id, tenant=tenant, parts=parts)
    _not_declared(found)
    args = None if changes.args is None else checked_args(found.task, changes.args, parts)
    if args == args_text(found, parts):
        args = None
    kept = None if args is None else kept_args(tenant, schedule_id, args, parts)
    changes.rule(found.rule, parts.world.now())

    def changed(seen: Schedule, now: datetime) -> Schedule:
        rule = changes.rule(seen.rule, now)
        if _said(rule) != _said(seen.rule):
            check_to_come(rule, now)
        return replace(seen, rule=rule, args=seen.args if kept is None else kept)

    return change(schedule_id, changed, tenant=tenant, parts=parts)


def pause(schedule_id: str, *, tenant: str, parts: Parts) -> Schedule:
    """Fire no more until it is resumed; what would have fired meanwhile is not made up for. Raises `NotFound`."""
    return change(schedule_id, lambda seen, _: replace(seen, paused=True), tenant=tenant, parts=parts)


def resume(schedule_id: str, *, tenant: str, parts: Parts) -> Schedule:
    """Fire again, from the first fire time after now on. Raises `NotFound`."""
    return change(schedule_id, lambda seen, _: replace(seen, paused=False), tenant=tenant, parts=parts)


def delete(schedule_id: str, *, tenant: str, parts: Parts) -> None:
    """Fire never again. Raises `NotFound`, `NotPossible`."""
    _not_declared(find(schedule_id, tenant=tenant, parts=parts))
    change(schedule_id, removed, tenant=tenant, parts=parts)
    release(tenant, parts=parts)


def removed(seen: Schedule, now: datetime) -> Schedule:  # noqa: ARG001 - as all changes are called
    """What is left of a deleted one. What it owed was performed; if this code does not have the task, nobody misses it."""
    return replace(seen, gone=True, owes=())


def fire_now(schedule_id: str, *, tenant: str, parts: Parts) -> Job:
    """A job of this schedule at once, whatever its rule says, and even if it is paused; its rule goes on as if nothing had been.

    Raises `NotFound`, `UnknownTask`.
    """
    schedule = find(schedule_id, tenant=tenant, parts=parts)
    return put(schedule, [parts.world.job_id()], parts=parts)[0]


def change(
    schedule_id: str,
    how: Callable[[Schedule, datetime], Schedule],
    *,
    tenant: str,
    parts: Parts,
) -> Schedule:
    """Write what `how` makes of it, between two fires; the schedule as it then is, with nothing owed. Raises `NotFound`, `Unavailable`."""
    spot, token = spot_of(tenant, schedule_id), parts.world.token()
    until = parts.world.now() + 2 * parts.limits.patience
    for _ in range(ROUNDS):
        seen = settle(spot, ahead=timedelta(0), until=until, parts=parts)
        if seen is not None and seen.by == token:
            return _soon(seen, parts)  # written before, and the reply was lost
        if seen is None or seen.gone:
            raise no_such(schedule_id)
        now = parts.world.now()
        after = how(seen, now)
        if after == seen:
            return seen
        if _fires_otherwise(seen, after):
            after = _from_now_on(seen, after, now)
        after = replace(after, by=token)
        answer = patience(parts, until)(parts.items.write, spot, edit(seen, after, now))
        if isinstance(answer, Kept):
            settled = settle(spot, ahead=timedelta(0), until=until, parts=parts)
            return _soon(settled or after, parts)
    raise Unavailable(f"schedule {schedule_id} changed {ROUNDS} times while it was being changed")


def _fires_otherwise(before: Schedule, after: Schedule) -> bool:
    """Whether fires that were put ahead by the one may not stand under the other."""
    return any(
        getattr(before, name) != getattr(after, name) for name in ("task", "args", "rule", "paused", "gone")
    )


def _from_now_on(seen: Schedule, after: Schedule, now: datetime) -> Schedule:
    """What fires under the new rule: all that is to come by this clock, what is ahead included, but nothing that fired already."""
    voids = seen.withdrawable(now)
    withdrawn = {time_of(job_id) for job_id in voids}
    fired = [*map(time_of, seen.ahead), *([seen.last] if seen.last is not None else [])]
    frontier = max([now, seen.created, *(at for at in fired if at not in withdrawn)])
    stopped = after.paused or after.gone
    return replace(
        after,
        revision=seen.revision + 1,
        voids=(*seen.voids, *voids),
        next=None if stopped else after.timetable.after(frontier),
    )


def _soon(schedule: Schedule, parts: Parts) -> Schedule:
    """Fire at once what comes before the next tick might. It is written down, so whatever goes wrong here is left to the tick."""
    now = parts.world.now()
    if schedule.next is None or schedule.next > now + SEND_AHEAD:
        return schedule
    try:
        until = now + parts.limits.patience
        return settle(schedule.spot, ahead=SEND_AHEAD, until=until, parts=parts) or schedule
    except MachineryError:
        return schedule


def checked_args(task: str, args: Mapping[str, Any], parts: Parts) -> str:
    """The arguments as JSON text. Raises `UnknownTask`, `InvalidInput` that names the argument."""
    if not isinstance(args, Mapping):
        raise InvalidInput("args", "not an object of named arguments")
    text = strict_json.write_readable(dict(args), name="args", limit=MAX_ARGS)
    parts.registry[task].signature.check(args)
    gates_of(
        parts.registry[task], args
    )  # a value that cannot be part of a key is refused now, not when it fires
    return text


def whole_second(at: datetime) -> datetime:
    """From where periods are counted."""
    return at.replace(microsecond=0)


def _not_declared(schedule: Schedule) -> None:
    if schedule.declared:
        raise NotPossible(f"schedule {schedule.id} is declared in code: change it there, or pause it")

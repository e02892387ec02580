"""Keeping appointments: what is due to be looked at is woken, ended, released or looked at again later."""

import logging
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from chalicelib.domain.errors import MachineryError, NewerRow
from chalicelib.domain.events import Cancelled, Died, Event, Expired, Postponed, Released
from chalicelib.domain.guards import Seen
from chalicelib.domain.job import TERMINAL, Job, State, Wakeup
from chalicelib.domain.lean import dataclass
from chalicelib.domain.lifecycle import change
from chalicelib.pipeline import effects, ended
from chalicelib.pipeline.ids import time_of
from chalicelib.pipeline.lane_control import paused_lanes
from chalicelib.pipeline.limits import MAX_QUEUE_DELAY, SEND_AHEAD
from chalicelib.pipeline.parts import Parts
from chalicelib.pipeline.patience import patience
from chalicelib.pipeline.ports import Refused, Written
from chalicelib.pipeline.vain import in_vain
from chalicelib.pipeline.verdict import called_off, loss, too_late

log = logging.getLogger(__name__)

PAGE = 200


@dataclass(frozen=True, kw_only=True, slots=True)
class Plan:
    """What to do about a row: wake it first, and only then write. `job` is the row as it was read or released."""

    job: Job
    wakeup: Wakeup | None = None
    event: Event | None = None
    again: bool = False  #: the wake-up is one more: as far as anybody knows, an earlier one is on its way


@dataclass(frozen=True, kw_only=True, slots=True)
class Kept:
    """What became of the appointments that were due."""

    visited: int = 0
    woken: int = 0
    ended: int = 0
    failed: int = 0


def keep_appointments(*, until: datetime, parts: Parts) -> Kept:
    """Look after all that is due, page by page, while time allows. One row's trouble does not stop the others."""
    total = Kept()
    due = patience(parts, until)(parts.store.due, parts.world.now(), parts.limits.visits_per_tick)
    for start in range(0, len(due), PAGE):
        if parts.world.now() >= until:
            break
        kept = _keep(due[start : start + PAGE], until, parts)
        total = Kept(
            visited=total.visited + kept.visited,
            woken=total.woken + kept.woken,
            ended=total.ended + kept.ended,
            failed=total.failed + kept.failed,
        )
    return total


def _keep(ids: Sequence[str], until: datetime, parts: Parts) -> Kept:
    """One page: decide each, send all messages at once, then write."""
    plans = parts.crew.each(lambda job_id: look(job_id, until=until, parts=parts), ids)
    failed = sum(1 for plan in plans if isinstance(plan, Exception))
    for plan in plans:
        if isinstance(plan, Exception):
            _note(plan)
    decided = _sparing([plan for plan in plans if isinstance(plan, Plan)], parts)
    wakeups = [plan.wakeup for plan in decided if plan.wakeup is not None]
    unsent = {wakeup.job_id for wakeup in parts.queue.send(wakeups)} if wakeups else set()
    for plan in decided:
        if plan.wakeup is not None and plan.job.id not in unsent:
            log.info(
                "%s: woken by the sweep", plan.job.label(), extra={**plan.job.log_fields(), "action": "swept"}
            )
    writes = [plan for plan in decided if plan.event is not None and plan.job.id not in unsent]
    answers = parts.crew.each(lambda plan: _write(plan, until, parts), writes)
    for answer in answers:
        if isinstance(answer, Exception):
            _note(answer)
            failed += 1
    over = sum(1 for answer in answers if answer is True)
    return Kept(visited=len(ids), woken=len(wakeups) - len(unsent), ended=over, failed=failed + len(unsent))


def _sparing(plans: list[Plan], parts: Parts) -> list[Plan]:
    """Without one more message to a job of a lane that is paused: nobody would receive it, and the next look would send another."""
    paused = paused_lanes(parts) if any(plan.again for plan in plans) else frozenset()
    return [replace(plan, wakeup=None) if plan.again and plan.job.lane in paused else plan for plan in plans]


def _note(error: Exception) -> None:
    """Trouble with one row is logged and left for the next tick. So is a bug of ours: one row that trips it must not stop all others."""
    if isinstance(error, NewerRow):
        log.warning("left alone: %s", error, extra={"action": "newer_row"})
    elif isinstance(error, MachineryError):
        log.warning(
            "an appointment was not kept, the next tick tries again: %s",
            error,
            extra={"action": "appointment_failed"},
        )
    else:
        log.error(
            "an appointment was not kept for an error of ours",
            exc_info=error,
            extra={"action": "appointment_bug"},
        )


def _write(plan: Plan, until: datetime, parts: Parts) -> bool:
    """Record the plan's event. True: it ended the job. A refusal means that the row moved on, which is as good."""
    event = plan.event
    if event is None:
        return False
    answer = patience(parts, until)(parts.store.write, plan.job.id, change(event))
    over = isinstance(event, Died | Cancelled | Expired)
    if over and answer.job is not None and answer.job.state in TERMINAL:
        # Refused too: that may be our own write, whose reply was lost, and doing this twice is doing it once.
        ended.after(answer.job, until=until, parts=parts)
    return over and isinstance(answer, Written)


def look(job_id: str, *, until: datetime, parts: Parts) -> Plan | None:
    """Read one row and decide. None: there is nothing to do, the index lagged. Raises `Unavailable`, `NewerRow`."""
    row = patience(parts, until)(parts.store.read, job_id)
    now = parts.world.now()
    if row is None or row.finished or row.next_check is None or row.next_check > now:
        return None
    if row.outbox:
        return None if effects.perform(row, parts=parts) else postponed(row, now + parts.limits.wake_cap, now)
    late = too_late(row, now)
    if late is not None and row.state in (State.QUEUED, State.SCHEDULED):
        return Plan(job=row, event=late)
    if row.state is State.RUNNING:
        return _running(row, now, parts)
    if row.state is State.WAITING:
        if in_vain(row, parts=parts):
            return Plan(job=row, event=called_off(row, now))
        from chalicelib.pipeline.workflows.look_after import look_after

        look_after(row, until=until, parts=parts)
        return postponed(row, next_look(row, now, parts), now)
    return _waiting(row, now, until, parts)


def postponed(
    row: Job, check: datetime, now: datetime, wakeup: Wakeup | None = None, *, again: bool = False
) -> Plan:
    """Look again at `check`, after the wake-up was sent."""
    guard = Seen(state=row.state, epoch=row.epoch)
    seen = row.next_check or now
    event = Postponed(at=now, guard=guard, seen=seen, check=check)
    return Plan(job=row, wakeup=wakeup, event=event, again=again)


def _running(row: Job, now: datetime, parts: Parts) -> Plan:
    """A live lease: look again when it is over. A dead one: end the job, or wake it so that a consumer takes it over."""
    if row.lease is not None and row.lease >= now:
        return postponed(row, row.lease + timedelta(seconds=1), now)
    event = loss(row, now)
    if event is not None:
        return Plan(job=row, event=event)
    # The epoch before this one: should the worker be alive after all and schedule a retry at its own epoch, then this message must
    # not match that, or it would start the retry before it is due.
    wakeup = replace(_wakeup(row, timedelta(0)), epoch=row.epoch - 1)
    return postponed(row, next_look(row, now, parts), now, wakeup, again=True)


def _waiting(row: Job, now: datetime, until: datetime, parts: Parts) -> Plan | None:
    """Not due for long: look again shortly before. Due soon, or since long: wake it, with the exact delay."""
    ahead = max(timedelta(0), row.due - now) if row.due is not None else timedelta(0)
    if ahead > SEND_AHEAD and row.due is not None:
        return postponed(row, row.due - SEND_AHEAD, now)
    if row.state is State.SCHEDULED:
        released = _release(row, now, until, parts)
        if released is None:
            return None
        return Plan(job=released, wakeup=_wakeup(released, ahead))
    wakeup = _wakeup(row, min(ahead, MAX_QUEUE_DELAY))
    # The look before a job is due sends its message; one after that repeats it.
    return postponed(row, next_look(row, now, parts), now, wakeup, again=not ahead)


def _release(row: Job, now: datetime, until: datetime, parts: Parts) -> Job | None:
    """Make a scheduled job claimable before its message is sent. If we die in between, its appointment wakes it."""
    check = max(now, row.due or now) + parts.limits.wake_grace
    event = Released(at=now, guard=Seen(state=row.state, epoch=row.epoch), check=check)
    answer = patience(parts, until)(parts.store.write, row.id, change(event))
    if isinstance(answer, Refused) and (answer.job is None or answer.job.state is not State.QUEUED):
        return None
    return answer.job


def next_look(row: Job, now: datetime, parts: Parts) -> datetime:
    """When to look again after a wake-up: the wait doubles with the time that the job has been due, within bounds.

    A backlog so costs a bounded number of extra messages a job, whatever its length.
    """
    limits = parts.limits
    due = max(filter(None, (time_of(row.id), row.due, row.history[-1].at if row.history else None)))
    waited = max(timedelta(0), now - due)
    return max(now, due) + min(limits.wake_cap, max(limits.wake_grace, waited))


def _wakeup(row: Job, delay: timedelta) -> Wakeup:
    wakeup = Wakeup(tenant=row.tenant, job_id=row.id, epoch=row.epoch, lane=row.lane)
    return replace(wakeup, delay=delay)

"""Unique: while one job of a key is there, another one is not made."""

from datetime import datetime, timedelta

from chalicelib.domain.errors import NotUnique, Unavailable
from chalicelib.domain.flow import Unique
from chalicelib.domain.job import TERMINAL, Job, State
from chalicelib.pipeline.accept import looked_after
from chalicelib.pipeline.asked import Asked, Made, Submitted
from chalicelib.pipeline.ids import time_of
from chalicelib.pipeline.items import Spot, to_ms
from chalicelib.pipeline.parts import Parts
from chalicelib.pipeline.pointer import ROUNDS, Pointer, point, row_of

UNSTARTED = frozenset({State.QUEUED, State.SCHEDULED})


def unique(asked: Asked, spot: Spot, policy: Unique, parts: Parts) -> str | Submitted:
    """The id under which the request's job is to be put, or the job that is there and answers.

    Raises `NotUnique` where the task refuses, `Unavailable`.
    """
    seen: Pointer | None = None
    for _ in range(ROUNDS):
        now = parts.world.now()
        until = None if isinstance(policy.until, str) else to_ms(now + policy.until)
        due = asked.how.at or now + (asked.how.delay or timedelta(0))
        there = point(spot, asked, due=due, until=until, seen=seen, parts=parts)
        if there is None:
            return asked.job_id
        row = row_of(there, parts)
        if row is None and there.young(now):
            return _adopted(there, asked, policy, now, parts)
        if row is not None and holds(policy, row, there, now):
            if policy.on_conflict == "refuse" and there.mark != asked.mark:
                raise NotUnique(row.id)
            return Submitted(job=looked_after(row, parts=parts), made=Made.EXISTING)
        seen = there
    raise Unavailable(f"{spot.key} changed {ROUNDS} times while a job of it was being submitted")


def holds(policy: Unique, row: Job, found: Pointer, now: datetime) -> bool:
    """Whether the job that is there still keeps another one from being made."""
    match policy.until:
        case "ended":
            return row.state not in TERMINAL
        case "started":
            return row.state in UNSTARTED and row.first_claimed is None
        case _:
            return found.until is not None and to_ms(now) < found.until


def _adopted(found: Pointer, asked: Asked, policy: Unique, now: datetime, parts: Parts) -> str:
    """The id of a job that somebody was about to put: whoever comes puts it, if that one does not.

    A task that refuses gives that one time first: the second of two that ask at once is to be refused.
    """
    fresh = now - time_of(found.job) < parts.limits.clock_limit
    if policy.on_conflict == "refuse" and found.mark != asked.mark and fresh:
        raise NotUnique(found.job)
    return found.job

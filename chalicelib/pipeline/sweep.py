"""The sweep: every row is visited once by time; what is then unfinished gets an appointment, and is looked after by that.

Invariant: a row behind the watermark is finished or has an appointment. The order below is the proof of it: list consistently up to
H, appoint everything unfinished, and only then move the watermark to H, if it is still where it was read.
"""

import logging
from collections.abc import Sequence
from contextlib import suppress
from datetime import datetime, timedelta

from chalicelib.domain.change import Change, Missing, Present
from chalicelib.domain.errors import NewerRow
from chalicelib.domain.job import Job, State
from chalicelib.domain.lean import dataclass
from chalicelib.pipeline.accept import appoint
from chalicelib.pipeline.limits import SEND_AHEAD
from chalicelib.pipeline.parts import Parts
from chalicelib.pipeline.patience import patience

log = logging.getLogger(__name__)

FIRST_LOOK = timedelta(days=31)
"""How far back the first sweep of a stage begins: rows can be there from before its first tick."""

SLOW_STRIDE = timedelta(minutes=10)
"""The slow pass lists that much at a time: it is in no hurry, and each listing costs a read of every partition."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Pass:
    """One of the two passes: its watermark's name, how far behind now it lists, and how much there must be to list."""

    name: str
    grace: timedelta
    stride: timedelta = timedelta(milliseconds=1)


@dataclass(frozen=True, kw_only=True, slots=True)
class Swept:
    """What a pass saw. `behind` is how far its watermark is from where it should be."""

    rows: int
    appointed: int
    behind: timedelta


def passes(parts: Parts) -> tuple[Pass, Pass]:
    """The fast pass, and the slow one that catches clocks that are worse than assumed."""
    return (
        Pass(name="fast", grace=parts.limits.grace),
        Pass(name="slow", grace=parts.limits.slow_grace, stride=SLOW_STRIDE),
    )


def sweep(one: Pass, *, until: datetime, parts: Parts) -> Swept:
    """Bring the pass's watermark as near to now - grace as the time until `until` allows.

    Raises `Unavailable` when a listing or an appointment fails: the watermark then stays, and the next tick does it again.
    """
    store, world = parts.store, parts.world
    rows = appointed = 0
    mark = seen = patience(parts, until)(store.watermark, one.name)
    goal = world.now() - one.grace
    low = mark or goal - FIRST_LOOK
    while goal - low >= one.stride and world.now() < until:
        listed = patience(parts, until)(store.unattended, low, goal)
        rows += listed.listed
        appointed += _appoint(listed.rows, until, parts)
        for job_id in listed.unread:
            _appoint_unread(job_id, until, parts)
        if not patience(parts, until)(store.move_watermark, one.name, seen, listed.reached):
            break
        low = seen = listed.reached
    if appointed and one.name == "slow":
        log.error(
            "the slow sweep found %s unfinished jobs that the fast one had missed: clocks differ by more than assumed",
            appointed,
            extra={"action": "slow_sweep_found", "found": appointed},
        )
    return Swept(rows=rows, appointed=appointed, behind=max(timedelta(0), world.now() - one.grace - low))


def _appoint(jobs: Sequence[Job], until: datetime, parts: Parts) -> int:
    now = parts.world.now()
    answers = parts.crew.each(lambda job: appoint(job, first_check(job, now), until=until, parts=parts), jobs)
    for answer in answers:
        if isinstance(answer, Exception):
            raise answer
    return len(jobs)


def _appoint_unread(job_id: str, until: datetime, parts: Parts) -> None:
    """A row that only newer code can read: if it is unfinished, by what all versions agree on, newer code finds it by this."""
    check = parts.world.now()
    for unfinished in (Missing("forget"), Present("outbox")):
        write = Change(
            where=(Missing("attention"), Present("state"), unfinished),
            set={"attention": "due", "attention_at": check},
        )
        with suppress(NewerRow):
            patience(parts, until)(parts.store.write, job_id, write)


def first_check(job: Job, now: datetime) -> datetime:
    """When somebody first has to look at an unfinished job: at once, but for a lease that still holds or a due time ahead."""
    if job.state is State.RUNNING and job.lease is not None:
        return max(now, job.lease)
    if job.state in (State.QUEUED, State.RETRYING) and job.due is not None:
        return max(now, job.due - SEND_AHEAD)
    return now

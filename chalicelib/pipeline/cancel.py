"""Cancelling a job: at once if nobody runs it, by a wish if somebody does."""

import logging
from datetime import datetime

from chalicelib.domain.errors import MachineryError, NotFound, Unavailable
from chalicelib.domain.events import CancelRequested, Event
from chalicelib.domain.guards import Seen
from chalicelib.domain.job import TERMINAL, Job, State
from chalicelib.domain.lifecycle import change
from chalicelib.pipeline import ended
from chalicelib.pipeline.parts import Parts
from chalicelib.pipeline.patience import patience
from chalicelib.pipeline.ports import Written
from chalicelib.pipeline.query import get
from chalicelib.pipeline.verdict import called_off

log = logging.getLogger(__name__)

ROUNDS = 20
"""How often the job may move on under our hands before we ask the caller to try again."""


def cancel(job_id: str, *, tenant: str, parts: Parts) -> Job:
    """The job as it then is: CANCELLED, RUNNING with the wish recorded, or ended already. Asking twice is asking once.

    A running attempt sees the wish within seconds; a success that lands first wins. Raises `NotFound`, `Unavailable`.
    """
    return cancel_seen(job_id, tenant=tenant, parts=parts)[1]


def cancel_seen(job_id: str, *, tenant: str, parts: Parts, who: str = "") -> tuple[Job, Job]:
    """The job as it was when this call cancelled it, or found that nothing was left to do, and as it then is. As `cancel`.

    `who`: the person, for the history.
    """
    before = row = get(job_id, tenant=tenant, parts=parts)
    until = parts.world.now() + parts.limits.patience
    event: Event | None = None
    for _ in range(ROUNDS):
        landed = event is not None and _landed(event, row)
        before = before if landed else row
        event = _next(row, who, parts)
        if event is None:
            if landed:
                _follow_up(row, until, parts)
            return before, row
        answer = patience(parts, until)(parts.store.write, job_id, change(event))
        if answer.job is None:
            raise NotFound(f"there is no job {job_id}")
        row = answer.job
        if isinstance(answer, Written):
            _follow_up(row, until, parts)
            return before, row
    raise Unavailable(f"job {job_id} changed {ROUNDS} times while it was being cancelled")


def _landed(event: Event, row: Job) -> bool:
    """Whether our own write is in the history of the row that refused it: its reply was lost."""
    return any((entry.event, entry.at) == (event.name, event.at) for entry in row.history)


def _next(row: Job, who: str, parts: Parts) -> Event | None:
    """The write that cancels this row; None: nothing is left to do."""
    now = parts.world.now()
    seen = Seen(state=row.state, epoch=row.epoch)
    if row.state in TERMINAL:
        return None
    if row.state is State.RUNNING:
        return None if row.cancel_requested is not None else CancelRequested(at=now, guard=seen, who=who)
    return called_off(row, now, who)


def _follow_up(row: Job, until: datetime, parts: Parts) -> None:
    """Do what our own write leads to. The job is cancelled whatever becomes of that: what fails here is left to the tick."""
    try:
        ended.after(row, until=until, parts=parts)
    except MachineryError as error:
        log.warning("%s: what follows is left to the tick: %s", row.label(), error, extra=row.log_fields())

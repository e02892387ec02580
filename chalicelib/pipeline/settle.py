"""Recording how an attempt ended: exactly one outcome, by the attempt that still has the right to it."""

import logging
from dataclasses import replace
from datetime import datetime, timedelta

from chalicelib.domain.events import Died, Event, Parked, Requeued, RetryScheduled, Waited
from chalicelib.domain.job import CLAIMABLE, Job, State, Wakeup
from chalicelib.domain.lifecycle import change, marked
from chalicelib.pipeline import ended
from chalicelib.pipeline.announce import announce
from chalicelib.pipeline.limits import MAX_QUEUE_DELAY
from chalicelib.pipeline.parts import Parts
from chalicelib.pipeline.patience import patience
from chalicelib.pipeline.ports import Written
from chalicelib.pipeline.sealed_text import sealed_event
from chalicelib.pipeline.verdict import cancellation, owner_of

log = logging.getLogger(__name__)


def settle(job: Job, event: Event, *, until: datetime, parts: Parts) -> Job | None:
    """The row after the event; None: this attempt was fenced, its outcome is discarded.

    Keeps trying until `until`, then raises `Unavailable` and leaves the job to its lease.
    """
    row = _record(job, sealed_event(event, job, parts), until=until, parts=parts)
    if row is None:
        parts.tracer.note(fault=True, outcome="fenced")
        log.warning(
            "%s: fenced, the outcome of epoch %s is discarded",
            job.label(),
            job.epoch,
            extra={**job.log_fields(), "action": "fenced"},
        )
        return None
    if row.state in CLAIMABLE and row.epoch == job.epoch:
        _send_next(row, parts)
    if row.state is State.RETRYING and row.epoch == job.epoch:
        announce(row, "retried", at=row.history[-1].at, parts=parts)
    if row.epoch == job.epoch:
        ended.after(row, until=until, parts=parts)
    return row


def _record(job: Job, event: Event, *, until: datetime, parts: Parts) -> Job | None:
    while True:
        written = change(event)
        answer = patience(parts, until)(parts.store.write, job.id, written)
        row = answer.job
        if isinstance(answer, Written):
            return row
        if row is not None and marked(row, owner_of(job)):
            return row
        wished = row is not None and row.owner == job.owner and row.cancel_requested is not None
        if not (wished and isinstance(event, RetryScheduled | Died | Requeued | Parked | Waited)):
            return None
        error, progress = getattr(event, "error", None), getattr(event, "progress", None)
        event = cancellation(job, error, progress, event.at)


def _send_next(row: Job, parts: Parts) -> None:
    """Send the message by which it goes on, with its delay. If that fails, or nothing can wait so long, the sweep wakes it."""
    wait = max(timedelta(0), (row.due or parts.world.now()) - parts.world.now())
    if wait <= MAX_QUEUE_DELAY:
        wakeup = Wakeup(tenant=row.tenant, job_id=row.id, epoch=row.epoch, lane=row.lane)
        parts.queue.send([replace(wakeup, delay=wait)])

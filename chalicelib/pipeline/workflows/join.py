"""A child's end, told to its workflow: marked, and if it was the one that was waited for, the workflow goes on. Doing it twice is doing it once.

Nothing is owed in the child's row for this. Should whoever ended it die before the mark, its message comes again and finds it ended; or the
workflow's own appointment looks after its children (`look_after`). So a child costs one write for its mark, and no more.
"""

import logging
from datetime import datetime

from chalicelib.domain.events import Joined
from chalicelib.domain.guards import Seen
from chalicelib.domain.job import TERMINAL, Job, State, Wakeup
from chalicelib.domain.lifecycle import change
from chalicelib.pipeline.parts import Parts
from chalicelib.pipeline.patience import patience
from chalicelib.pipeline.workflows.pages import mark
from chalicelib.pipeline.workflows.places import Position, position

log = logging.getLogger(__name__)


def tell(job: Job, *, parts: Parts) -> None:
    """Let the workflow know that its child has ended. Nothing, for a job that is none or has not. Raises `Unavailable`."""
    child = position(job)
    if child is not None and job.state in TERMINAL:
        told(child, job.state, parts=parts)


def told(child: Position, state: State, *, parts: Parts) -> None:
    """As `tell`, for a child whose row need not be there. Raises `Unavailable`."""
    if not child.step:
        urgent, book = mark(child, state, parts=parts)
        if not urgent and (book is None or not book.complete):
            return
    join(child.parent, child.awaited, parts=parts)


def join(parent: str, awaited: str, *, parts: Parts) -> None:
    """Let the workflow go on, if that is what it waits for. Whoever is second finds that it does not any more. Raises `Unavailable`."""
    row = patience(parts)(parts.store.read, parent)
    if row is None or row.awaits != awaited:
        return
    if row.state is State.WAITING:
        event = Joined(
            at=parts.world.now(),
            guard=Seen(state=row.state, epoch=row.epoch),
            awaits=awaited,
            check=_sooner(row, parts),
        )
        row = patience(parts)(parts.store.write, parent, change(event)).job
    # Whoever is refused may have been refused by itself, and sends the message that it then owes; one too many does no harm.
    if row is not None and row.state is State.QUEUED and row.awaits == awaited:
        log.info("%s: goes on", row.label(), extra={**row.log_fields(), "action": "joined"})
        parts.queue.send([Wakeup(tenant=row.tenant, job_id=row.id, epoch=row.epoch, lane=row.lane)])


def _sooner(row: Job, parts: Parts) -> datetime | None:
    """An appointment that is far ahead is moved: should the message get lost, the tick is to see it soon."""
    soon = parts.world.now() + parts.limits.wake_grace
    return soon if row.next_check is not None and row.next_check > soon else None

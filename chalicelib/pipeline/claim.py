"""Getting the right to run a job: one conditional write, and what its refusal means."""

import logging
from dataclasses import replace
from datetime import datetime

from chalicelib.domain.change import Change, Equals
from chalicelib.domain.events import Claimed, Event, Reclaimed
from chalicelib.domain.guards import Lapsed, Ready
from chalicelib.domain.job import CLAIMABLE, Job, State, Wakeup
from chalicelib.domain.lifecycle import change
from chalicelib.pipeline import ended
from chalicelib.pipeline.parts import Parts
from chalicelib.pipeline.patience import patience
from chalicelib.pipeline.ports import Written
from chalicelib.pipeline.verdict import loss

log = logging.getLogger(__name__)

ROUNDS = 5
"""How often a refusal may show a new right to try. Each needs somebody else's write in between; the message comes again after that."""


def claim(wakeup: Wakeup, *, lease: datetime, parts: Parts) -> Job | None:
    """The job under this caller's own lease, or None: there is nothing to run, and the message may be acknowledged.

    Whoever is refused reads the row that refused: its own mark there is an own write whose reply was lost. Raises `Unavailable`.
    """
    token = parts.world.token()
    attempt: Event = _claim(wakeup.epoch, token, lease, parts)
    for _ in range(ROUNDS):
        answer = patience(parts)(
            parts.store.write, wakeup.job_id, _for_tenant(change(attempt), wakeup.tenant)
        )
        row = answer.job
        if row is None or row.tenant != wakeup.tenant:
            log.warning(
                "a message names a job that is not there",
                extra={"job_id": wakeup.job_id, "action": "phantom_message"},
            )
            return None
        if row.owner is not None and row.owner.endswith(f".{token}"):
            return row
        if isinstance(answer, Written):
            # Our own write ended a job whose worker was lost.
            ended.after(row, until=parts.world.now() + parts.limits.patience, parts=parts)
            return None
        following = _after_refusal(row, token, lease, parts)
        if following is None:
            return None
        attempt = following
    return None


def _for_tenant(write: Change, tenant: str) -> Change:
    """The write, for the message's own tenant only: a message that names another one must not even claim."""
    return replace(write, where=(*write.where, Equals("tenant", tenant)))


def _claim(epoch: int, token: str, lease: datetime, parts: Parts) -> Claimed:
    return Claimed(at=parts.world.now(), guard=Ready(epoch=epoch), owner=f"{epoch + 1}.{token}", lease=lease)


def _after_refusal(row: Job, token: str, lease: datetime, parts: Parts) -> Event | None:
    """The next write to try, given the row that refused the last one; None: acknowledge, the sweep holds the rest."""
    now = parts.world.now()
    ended.tell(row, parts=parts)  # whoever ended it may have died before its workflow heard of it
    if row.outbox:
        ended.perform(row, parts=parts)
        return None
    if row.state in CLAIMABLE and row.ready is not None and (row.due is None or row.due <= now):
        return _claim(row.ready, token, lease, parts)
    if row.state is State.RUNNING and row.lease is not None and row.lease < now:
        return loss(row, now) or Reclaimed(
            at=now, guard=Lapsed(epoch=row.epoch, now=now), owner=f"{row.epoch + 1}.{token}", lease=lease
        )
    return None

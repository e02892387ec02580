"""What arrives in the dead-letter queue is not dead: throttling alone can bring a message there. The job goes back to the sweep."""

import logging

from chalicelib.domain.errors import MachineryError
from chalicelib.domain.events import Postponed
from chalicelib.domain.guards import Seen
from chalicelib.domain.job import TERMINAL, Job, Wakeup
from chalicelib.domain.lifecycle import change
from chalicelib.pipeline import ended
from chalicelib.pipeline.accept import appoint
from chalicelib.pipeline.parts import Parts
from chalicelib.pipeline.patience import patience

log = logging.getLogger(__name__)


def hand_back(wakeup: Wakeup, *, parts: Parts) -> bool:
    """Give the job an appointment now, so that the next tick decides from the row. True: done with the message.

    A job dies only when its attempts are exhausted, never for having come this way.
    """
    until = parts.world.now() + parts.limits.patience
    try:
        row = patience(parts, until)(parts.store.read, wakeup.job_id)
        if row is None or row.tenant != wakeup.tenant:
            return True
        log.warning(
            "%s: its message came to the dead-letter queue",
            row.label(),
            extra={**row.log_fields(), "action": "dead_letter"},
        )
        if row.state in TERMINAL:
            ended.tell(row, parts=parts)
            return not row.outbox or ended.perform(row, parts=parts)
        _check_now(row, parts)
    except MachineryError as error:
        log.warning(
            "job %s: given back: %s",
            wakeup.job_id,
            error,
            extra={"job_id": wakeup.job_id, "action": "given_back"},
        )
        return False
    return True


def _check_now(row: Job, parts: Parts) -> None:
    now = parts.world.now()
    until = now + parts.limits.patience
    if row.next_check is None:
        appoint(row, now, until=until, parts=parts)
    elif row.next_check > now:
        earlier = Postponed(
            at=now, guard=Seen(state=row.state, epoch=row.epoch), seen=row.next_check, check=now
        )
        patience(parts, until)(parts.store.write, row.id, change(earlier))

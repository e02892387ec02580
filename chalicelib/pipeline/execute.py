"""What one message leads to: claim, run, settle, effects. One record's trouble is its own."""

import logging
from datetime import datetime

from chalicelib.domain.errors import MachineryError
from chalicelib.domain.job import Wakeup
from chalicelib.pipeline.attempt import Invocation, attempt
from chalicelib.pipeline.claim import claim
from chalicelib.pipeline.parts import Parts
from chalicelib.pipeline.settle import settle

log = logging.getLogger(__name__)


def execute(wakeup: Wakeup, *, ends: datetime, receipt: str | None, parts: Parts) -> bool:
    """Do what the message asks for, before `ends`. True: the message is done with; False: it is to be delivered again.

    A task's own failure is recorded and so done with. Only trouble of our machinery gives the message back.
    """
    limits = parts.limits
    if ends - parts.world.now() < limits.least_time:
        return False
    try:
        job = claim(wakeup, lease=ends + limits.lease_skew, parts=parts)
        if job is None:
            return True
        log.info("%s: attempt %s of %s", job.label(), job.attempts, job.max_attempts, extra=job.log_fields())
        event = attempt(job, Invocation(ends=ends, receipt=receipt), parts=parts)
        if event is None:
            return True
        row = settle(job, event, until=ends, parts=parts)
    except MachineryError as error:
        log.warning(
            "job %s: given back: %s",
            wakeup.job_id,
            error,
            extra={"job_id": wakeup.job_id, "action": "given_back"},
        )
        return False
    if row is not None:
        log.info("%s: %s", row.label(), row.state, extra={**row.log_fields(), "state": row.state.value})
    return True

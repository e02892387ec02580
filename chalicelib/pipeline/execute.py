"""What one message leads to: claim, run, settle, effects. One record's trouble is its own."""

import logging
from datetime import datetime

from chalicelib.domain.errors import MachineryError
from chalicelib.domain.job import Job, Wakeup
from chalicelib.pipeline.admission import admit
from chalicelib.pipeline.announce import announce
from chalicelib.pipeline.attempt import Invocation, attempt
from chalicelib.pipeline.claim import claim
from chalicelib.pipeline.life import queue_wait
from chalicelib.pipeline.measures import Measure
from chalicelib.pipeline.parts import Parts
from chalicelib.pipeline.settle import settle

log = logging.getLogger(__name__)


def execute(wakeup: Wakeup, *, ends: datetime, receipt: str | None, parts: Parts) -> bool:
    """Do what the message asks for, before `ends`. True: the message is done with; False: it is to be delivered again.

    A task's own failure is recorded and so done with. Only trouble of our machinery gives the message back.
    """
    limits = parts.limits
    if ends - parts.world.now() < limits.least_time:
        log.info(
            "job %s: given back: too little time is left to start it",
            wakeup.job_id,
            extra={"job_id": wakeup.job_id, "action": "given_back"},
        )
        return False
    try:
        job = claim(wakeup, lease=ends + limits.lease_skew, parts=parts)
        if job is None:
            return True
        if job.gates and admit(job, until=ends, parts=parts) is None:
            return True
        _waited(job, wakeup, parts)
        announce(job, "started", at=job.history[-1].at, parts=parts)
        event = attempt(job, Invocation(ends=ends, receipt=receipt), parts=parts)
        if event is None:
            return True
        settle(job, event, until=ends, parts=parts)
    except MachineryError as error:
        log.warning(
            "job %s: given back: %s",
            wakeup.job_id,
            error,
            extra={"job_id": wakeup.job_id, "action": "given_back"},
        )
        return False
    return True


def _waited(job: Job, wakeup: Wakeup, parts: Parts) -> None:
    wait = queue_wait(job, wakeup)
    if wait is not None:
        parts.metrics.add(Measure.QUEUE_WAIT, wait, lane=job.lane, task=job.task)

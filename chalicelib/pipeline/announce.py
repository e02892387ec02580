"""A job's own moments as events of the topics `job.<moment>`, for jobs that were asked to tell.

An end is an effect of the row's, and so for certain. The other moments are told by whoever saw them, at once and once: if that
process dies or a service is down, nobody tells them later. The job itself never waits for it, and never fails by it.
"""

import logging
from datetime import datetime

from chalicelib.domain.errors import JoblineError
from chalicelib.domain.job import Effect, Job
from chalicelib.pipeline.ids import effect_id
from chalicelib.pipeline.parts import Parts
from chalicelib.pipeline.topics import OURS

log = logging.getLogger(__name__)


def announce_end(job: Job, effect: Effect, parts: Parts) -> None:
    """Tell how the job ended, for certain: the effect's id is the event's, whoever performs it. Raises `Unavailable`."""
    _tell(job, effect.id, effect.task, parts)


def announce(job: Job, moment: str, *, at: datetime, parts: Parts) -> None:
    """Tell of this moment if the job was asked to. Raises nothing that could be the job's trouble.

    The event's id is made of (job, epoch, moment, time), so whoever sees the same moment again tells the same event.
    """
    if moment not in job.events:
        return
    base = effect_id(job.id, job.epoch, f"{OURS}{moment}", at)
    try:
        _tell(job, base, f"{OURS}{moment}", parts)
    except JoblineError as error:
        log.warning(
            "%s: nobody was told that it is %s: %s", job.label(), moment, error, extra=job.log_fields()
        )


def _tell(job: Job, base: str, topic: str, parts: Parts) -> None:
    from chalicelib.pipeline.event_jobs import Happening, make_jobs  # few jobs were asked to tell
    from chalicelib.pipeline.finished import told

    happening = Happening(id=base, base=base, topic=topic, payload=told(job, parts), tenant=job.tenant)
    make_jobs(happening, parts=parts)

"""Waiting for a job's outcome: reads with growing pauses, until a time."""

from datetime import timedelta

from chalicelib.domain.job import TERMINAL, Job
from chalicelib.pipeline.parts import Parts
from chalicelib.pipeline.query import get

FIRST_PAUSE = timedelta(milliseconds=50)
LONGEST_PAUSE = timedelta(seconds=1)


def wait(job_id: str, *, tenant: str, limit: timedelta, parts: Parts) -> Job:
    """The job, ended or not, after at most `limit`. Raises `NotFound`."""
    until = parts.world.now() + limit
    pause = FIRST_PAUSE
    while True:
        job = get(job_id, tenant=tenant, parts=parts)
        left = until - parts.world.now()
        if job.state in TERMINAL or left <= timedelta(0):
            return job
        parts.world.pause(min(pause, left))
        pause = min(pause * 2, LONGEST_PAUSE)

"""When a job will be done, by what it says of itself."""

from datetime import datetime, timedelta

from chalicelib.domain.job import TERMINAL, Job

LONGEST = timedelta(days=366)
"""An estimate beyond this is none."""


def began(job: Job) -> datetime | None:
    """When this life of the job began to run. A retry by hand begins another life."""
    started = None
    for entry in job.history:
        if entry.event == "redriven":
            started = None
        elif entry.event in ("claimed", "reclaimed") and started is None:
            started = entry.at
    return started


def eta(job: Job) -> datetime | None:
    """When it will be done if it goes on as it has gone so far, waits between attempts included; None: nobody can tell.

    It goes by the fraction that the task last said, which so should be a share of the time that the whole takes.
    """
    started, told = began(job), job.progress
    if job.state in TERMINAL or started is None or told is None or not told.fraction:
        return None
    left = max(timedelta(0), told.at - started).total_seconds() * (1 - told.fraction) / told.fraction
    return told.at + timedelta(seconds=round(left, 3)) if left <= LONGEST.total_seconds() else None

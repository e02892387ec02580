"""What a job's end leads to, whoever wrote it: the next of its group passes, its workflow hears of it, and what the row owes is done."""

from datetime import datetime

from chalicelib.domain.job import Job
from chalicelib.pipeline import effects, turns
from chalicelib.pipeline.parts import Parts
from chalicelib.pipeline.workflows.join import tell


def after(row: Job, *, until: datetime, parts: Parts) -> None:
    """Do what follows from the write by which the row became as it is. For a job that has not ended, little does.

    All of it may be done again, by whoever finds the row so. Raises `Unavailable`.
    """
    turns.pass_on(row, until=until, parts=parts)
    tell(row, parts=parts)
    if row.outbox:
        effects.perform(row, parts=parts)

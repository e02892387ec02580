"""What a job's end leads to, whoever wrote it: the next of its group passes, its workflow hears of it, and what the row owes is done."""

from datetime import datetime

from chalicelib.domain.job import TERMINAL, Job
from chalicelib.pipeline.parts import Parts
from chalicelib.pipeline.workflows.places import position


def after(row: Job, *, until: datetime, parts: Parts) -> None:
    """Do what follows from the write by which the row became as it is. For a job that has not ended, little does.

    All of it may be done again, by whoever finds the row so. Raises `Unavailable`.
    """
    if row.ticket is not None:
        from chalicelib.pipeline import turns  # few jobs stand in a line

        turns.pass_on(row, until=until, parts=parts)
    tell(row, parts=parts)
    if row.outbox:
        perform(row, parts=parts)


def tell(row: Job, *, parts: Parts) -> None:
    """Let its workflow know that it has ended, if it has, and is part of one. Raises `Unavailable`."""
    if position(row) is not None and row.state in TERMINAL:
        from chalicelib.pipeline.workflows import join  # few jobs are children

        join.tell(row, parts=parts)


def perform(row: Job, *, parts: Parts) -> bool:
    """As `effects.perform`, for a row that owes something."""
    from chalicelib.pipeline import effects  # few jobs' ends submit, tell or publish anything

    return effects.perform(row, parts=parts)

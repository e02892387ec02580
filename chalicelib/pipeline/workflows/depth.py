"""How many jobs wait for a job, one for the other. A task that returns itself again and again comes to an end here."""

from chalicelib.domain.errors import InvalidInput
from chalicelib.domain.job import Job
from chalicelib.pipeline.parts import Parts
from chalicelib.pipeline.patience import patience
from chalicelib.pipeline.workflows.places import position

MOST_ABOVE = 32
"""As deep as a task may still return a workflow. Each child asks all above it, when it is claimed, whether it is in vain: a read a level."""


def check_depth(job: Job, *, parts: Parts) -> None:
    """Raise `InvalidInput` if that many wait for it. A read for each that does; none for a job that nobody waits for. Raises `Unavailable`."""
    above = 0
    row: Job | None = job
    while row is not None and (place := position(row)) is not None:
        above += 1
        if above >= MOST_ABOVE:
            raise InvalidInput(
                "workflow", f"{MOST_ABOVE} jobs wait for {job.label()}, which returned another workflow"
            )
        row = patience(parts)(parts.store.read, place.parent)

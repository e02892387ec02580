"""A workflow's children as whoever looks at it sees them: by their numbers, in whichever life they were made."""

from chalicelib.domain.job import Job, State
from chalicelib.pipeline.parts import Parts
from chalicelib.pipeline.workflows.children import read_child
from chalicelib.pipeline.workflows.kin import Kin
from chalicelib.pipeline.workflows.lineage import Lineage
from chalicelib.pipeline.workflows.places import Position


def step_member(line: Lineage, number: int, *, parts: Parts) -> Job | None:
    """A chain's step: as this life has it, or by which it succeeded in an earlier one. None: it has not been made. Raises `Unavailable`."""
    for life in line.all:
        spot = Position(parent=life.workflow, life=life.number, number=number, step=True)
        job = read_child(spot, life.began, parts=parts)
        if job is not None and (life is line.life or job.state is State.SUCCEEDED):
            return job
    return None


def group_member(line: Lineage, number: int, *, parts: Parts) -> Job | None:
    """A group's child. None: it has not been made, or is forgotten. Raises `Unavailable`."""
    return Kin(line.all, parts=parts).row(number)

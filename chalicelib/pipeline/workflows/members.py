"""A workflow's children as whoever looks at it sees them: by their numbers, in whichever life they were made."""

from chalicelib.domain.job import Job, State
from chalicelib.pipeline.parts import Parts
from chalicelib.pipeline.patience import patience
from chalicelib.pipeline.workflows.children import read_child
from chalicelib.pipeline.workflows.lineage import Lineage
from chalicelib.pipeline.workflows.pages import read_page
from chalicelib.pipeline.workflows.places import PAGE, Position


def step_member(line: Lineage, number: int, *, parts: Parts) -> Job | None:
    """A chain's step: as this life has it, or by which it succeeded in an earlier one. None: it has not been made. Raises `Unavailable`."""
    for life in line.all:
        spot = Position(parent=life.workflow, life=life.number, number=number, step=True)
        job = read_child(spot, life.began, parts=parts)
        if job is not None and (life is line.life or job.state is State.SUCCEEDED):
            return job
    return None


def member_id(line: Lineage, number: int, *, parts: Parts) -> str | None:
    """The id of a group's child. None: its page has not been put. Raises `Unavailable`."""
    for life in line.all:
        page = read_page(life.workflow, life.number, number // PAGE, parts=parts)
        if page is None or number % PAGE >= page.count:
            return None
        if number % PAGE not in page.kept:
            spot = Position(parent=life.workflow, life=life.number, number=number, step=False)
            return spot.job_id(page.at)
    return None


def group_member(line: Lineage, number: int, *, parts: Parts) -> Job | None:
    """A group's child. None: it has not been made, or is forgotten. Raises `Unavailable`."""
    job_id = member_id(line, number, parts=parts)
    return None if job_id is None else patience(parts)(parts.store.read, job_id)

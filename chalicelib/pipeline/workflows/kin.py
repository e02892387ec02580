"""A group's children by their numbers: where the row of each lies, in whichever of the workflow's lives it was made."""

from collections.abc import Sequence

from chalicelib.domain.job import Job
from chalicelib.pipeline.parts import Parts
from chalicelib.pipeline.patience import patience
from chalicelib.pipeline.workflows.pages import Page, read_page
from chalicelib.pipeline.workflows.places import PAGE, Life, Position


def child_id(found: Sequence[Life], number: int, *, parts: Parts) -> str | None:
    """The id of that child: one that succeeded in an earlier life stands for later ones. None: there is no such. Raises `Unavailable`."""
    for one in found:
        page = read_page(one.workflow, one.number, number // PAGE, parts=parts)
        if page is None:
            return None
        if number % PAGE not in page.kept:
            return made_in(one, page, number)
    return None


def child_row(found: Sequence[Life], number: int, *, parts: Parts) -> Job | None:
    """Its row. `found`: the life in question, and those before it. Raises `Unavailable`."""
    job_id = child_id(found, number, parts=parts)
    return None if job_id is None else patience(parts)(parts.store.read, job_id)


def made_in(life: Life, page: Page, number: int) -> str:
    """The id of the child that was made in that life."""
    return Position(parent=life.workflow, life=life.number, number=number, step=False).job_id(page.at)

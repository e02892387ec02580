"""A group's children by their numbers: where the row of each lies, in whichever of the workflow's lives it was made."""

from collections.abc import Sequence

from chalicelib.domain.job import Job
from chalicelib.pipeline.parts import Parts
from chalicelib.pipeline.patience import patience
from chalicelib.pipeline.workflows.pages import Page, read_page
from chalicelib.pipeline.workflows.places import PAGE, Life, Position


class Kin:
    """The children of a workflow's lives: the one in question, and those before it. Each page is read once, and one page at a time is held."""

    def __init__(self, lives: Sequence[Life], *, parts: Parts) -> None:
        self._lives = lives
        self._parts = parts
        self._number: int | None = None
        self._pages: list[Page | None] = []

    def ids(self, start: int, end: int) -> list[str | None]:
        """Those of the children with these numbers: one that succeeded in an earlier life stands for later ones. None: there is no such. Raises `Unavailable`."""
        return [self.id(number) for number in range(start, end)]

    def id(self, number: int) -> str | None:
        """One child's."""
        if self._number != number // PAGE:
            self._number, self._pages = number // PAGE, []
        for place, life in enumerate(self._lives):
            if place == len(self._pages):
                self._pages.append(read_page(life.workflow, life.number, number // PAGE, parts=self._parts))
            page = self._pages[place]
            if page is None:
                continue  # that life ended before it came to the page
            if number % PAGE not in page.kept:
                return made_in(life, page, number)
        return None

    def row(self, number: int) -> Job | None:
        """One child's row. Raises `Unavailable`."""
        return self.row_of(self.id(number))

    def row_of(self, job_id: str | None) -> Job | None:
        """The row of a child whose id is known. Raises `Unavailable`."""
        return None if job_id is None else patience(self._parts)(self._parts.store.read, job_id)


def made_in(life: Life, page: Page, number: int) -> str:
    """The id of the child that was made in that life."""
    return Position(parent=life.workflow, life=life.number, number=number, step=False).job_id(page.at)

"""A workflow's children page by page, all of them or those in one state: the marks say where to look for these."""

from collections.abc import Iterator
from itertools import islice

from chalicelib.domain.errors import NotPossible
from chalicelib.domain.job import TERMINAL, Job, State
from chalicelib.domain.lean import dataclass
from chalicelib.domain.workflow import Chain
from chalicelib.pipeline.built_in import WORKFLOW
from chalicelib.pipeline.workflows.count import planned_total
from chalicelib.pipeline.workflows.found import arguments_of
from chalicelib.pipeline.workflows.lineage import Lineage, lineage
from chalicelib.pipeline.workflows.members import group_member, step_member
from chalicelib.pipeline.workflows.pages import Book, Page, read_book, read_page
from chalicelib.pipeline.workflows.places import PAGE, lives
from chalicelib.pipeline.workflows.reading import read_node
from chalicelib.pipeline.workflows.reads import OutOfReads, Reads
from chalicelib.pipeline.workflows.seen import rooted

AT_ONCE = 25
"""Rows that are read side by side."""

FAILED = TERMINAL - {State.SUCCEEDED}


@dataclass(frozen=True, kw_only=True, slots=True)
class Child:
    """One of the children. `job` None: its row has not been put, or is forgotten."""

    number: int
    job: Job | None


@dataclass(frozen=True, kw_only=True, slots=True)
class ChildrenPage:
    """Some of them, in their order, and the number with which the next page begins; None: there are no more."""

    children: tuple[Child, ...]
    following: int | None


def children_page(row: Job, *, start: int, limit: int, state: State | None, reads: Reads) -> ChildrenPage:
    """The children from that number on. A page may be short, even empty, and yet not be the last: the reads were used up.

    Raises `PayloadMissing`, `Unavailable`, `NotPossible` when not even one could be looked at.
    """
    steps = True
    total: int | None = 1
    line = Lineage(life=lives(row)[0]) if lives(row) else None
    if row.task == WORKFLOW.name:
        args = arguments_of(row, parts=reads.parts)
        node = rooted(read_node(args.get("workflow")))
        steps = isinstance(node, Chain)
        total = row.children if row.children is not None else planned_total(node)
        line = lineage(row, args, parts=reads.parts) if line else None
    if line is None:
        return ChildrenPage(children=(), following=None)
    places = (
        _Places(iter(range(start, total or 0)), start) if steps else _Marked(line, start, total, state, reads)
    )
    member = step_member if steps else group_member
    found: list[Child] = []
    try:
        while len(found) < limit:
            lot = list(islice(places, min(AT_ONCE, limit - len(found))))
            if not lot:
                return ChildrenPage(children=tuple(found), following=None)
            jobs = reads.parts.crew.each(lambda one: member(line, one, parts=reads.parts), lot)
            for number, job in zip(lot, jobs, strict=True):
                places.reached = number
                if isinstance(job, Exception):
                    raise job
                if state is None or (job is not None and job.state is state):
                    found.append(Child(number=number, job=job))
                places.reached = number + 1
    except OutOfReads:
        if places.reached == start:
            raise NotPossible("the workflow has had too many lives for its children to be listed") from None
    return ChildrenPage(children=tuple(found), following=places.reached)


class _Places:
    """Numbers of children. All before `reached` have been looked at."""

    def __init__(self, numbers: Iterator[int], start: int) -> None:
        self._numbers, self.reached = numbers, start

    def __iter__(self) -> Iterator[int]:
        return self._numbers


class _Marked(_Places):
    """The numbers of a group's children that may be in that state. Raises `OutOfReads`, `Unavailable`."""

    def __init__(
        self, line: Lineage, start: int, total: int | None, state: State | None, reads: Reads
    ) -> None:
        super().__init__(self._found(line, start, total, state, reads), start)

    def _found(
        self, line: Lineage, start: int, total: int | None, state: State | None, reads: Reads
    ) -> Iterator[int]:
        life, pages = line.life, None if total is None else -(-total // PAGE)
        book = Book() if state is None else read_book(life.workflow, life.number, parts=reads.parts)
        last = max(book.full | book.spoilt, default=0)
        number = start // PAGE
        while (pages is None or number < pages) and not (state in FAILED and number > last):
            if not _hopeless(state, number, book):
                page = read_page(life.workflow, life.number, number, parts=reads.parts)
                if page is None:
                    return
                first = number * PAGE
                yield from (
                    first + place
                    for place in range(page.count)
                    if first + place >= start and _may_be(state, place, page)
                )
            number += 1
            self.reached = max(self.reached, number * PAGE)


def _hopeless(state: State | None, page: int, book: Book) -> bool:
    """Whether nothing on that page is in that state."""
    if state in FAILED:
        return page not in book.spoilt
    return state is not None and state not in TERMINAL and page in book.full


def _may_be(state: State | None, place: int, page: Page) -> bool:
    if state is None:
        return True
    if state not in TERMINAL:
        return place not in page.done
    return place in page.bad if state in FAILED else place in page.done and place not in page.bad

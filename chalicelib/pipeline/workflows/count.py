"""How many of a group's children have ended, and how many of those did not succeed: by the marks, a hundred children a read."""

from chalicelib.domain.job import Job
from chalicelib.domain.lean import dataclass
from chalicelib.domain.workflow import Chain, Group, Map, Node, Source, Step
from chalicelib.pipeline.workflows.lineage import Lineage
from chalicelib.pipeline.workflows.pages import read_book, read_page
from chalicelib.pipeline.workflows.places import PAGE
from chalicelib.pipeline.workflows.reads import Reads

MOST_PAGES = 60
"""How many pages of one group a look reads. Those that are full and hold none that failed need not be read."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Counts:
    """Of a node's children. What ended this very moment may not be marked yet."""

    total: int | None = None  #: None: nobody knows it yet
    ended: int = 0
    succeeded: int = 0
    failed: int = 0  #: ended without success
    exact: bool = True  #: False: there may be more of each, not all could be looked at


def count(row: Job, node: Group | Map, line: Lineage | None, *, reads: Reads) -> Counts:
    """The children of this workflow, which is such a node. Raises `OutOfReads`, `Unavailable`."""
    total = row.children if row.children is not None and row.awaits is not None else planned_total(node)
    if line is None:
        return Counts(total=total)
    life = line.life
    book = read_book(life.workflow, life.number, parts=reads.parts)
    pages = None if total is None else -(-total // PAGE)
    full = book.full - book.spoilt
    ended = sum(_size(number, total) for number in full)
    failed, looked = 0, 0
    number = 0
    while pages is None or number < pages:
        if number not in full:
            if looked == MOST_PAGES or reads.left <= 1:
                return _counts(total, ended, failed, exact=False)
            page = read_page(life.workflow, life.number, number, parts=reads.parts)
            looked += 1
            if page is None:  # it is put before those after it
                break
            ended, failed = ended + len(page.done), failed + len(page.bad)
        number += 1
    return _counts(total, ended, failed, exact=total is not None)  # a page that is short is full before


def _counts(total: int | None, ended: int, failed: int, *, exact: bool) -> Counts:
    return Counts(total=total, ended=ended, succeeded=ended - failed, failed=failed, exact=exact)


def _size(page: int, total: int | None) -> int:
    return PAGE if total is None else min(PAGE, total - page * PAGE)


def planned_total(node: Node) -> int | None:
    """How many children the node will have, as far as the tree says."""
    if isinstance(node, Chain | Group):
        return len(node.nodes)
    if isinstance(node, Step) or node.source is not Source.HERE:
        return None
    return len(node.items) if node.size is None else -(-len(node.items) // node.size)

"""A workflow's appointment while it waits: what was not told, or was told while nobody could hear it, is found here."""

from datetime import datetime

from chalicelib.domain.job import TERMINAL, Job, State
from chalicelib.pipeline.parts import Parts
from chalicelib.pipeline.patience import patience
from chalicelib.pipeline.workflows import chain
from chalicelib.pipeline.workflows.join import join, told
from chalicelib.pipeline.workflows.pages import Book, close_book, note_page, read_page
from chalicelib.pipeline.workflows.places import PAGE, Position, group_awaited, life_awaited

MOST_PAGES = 20
"""How many pages one look goes through: two thousand rows. The next look goes on with others, and looks come ever more rarely."""


def look_after(row: Job, *, until: datetime, parts: Parts) -> None:
    """Mark the children that have ended and are not marked, and let the workflow go on if it can. Raises `Unavailable`."""
    if row.awaits is not None and "." in row.awaits:
        chain.look(row, parts=parts)
        return
    life, pages = life_awaited(row), -(-(row.children or 0) // PAGE)
    book = close_book(row.id, life, pages, parts=parts)
    for number in _some(row, book, pages, parts):
        if parts.world.now() >= until:
            return
        book = _look_at(row, life, number, parts) or book
    if book.complete or _urgent(row, life, book, parts):
        join(row.id, group_awaited(life), parts=parts)


def _some(row: Job, book: Book, pages: int, parts: Parts) -> list[int]:
    """Pages that are not full: others at each look, so that all have their turn."""
    left = [number for number in range(pages) if number not in book.full]
    looks = int((parts.world.now() - row.history[-1].at).total_seconds() // 60)
    start = looks * MOST_PAGES % len(left) if left else 0
    return (left[start:] + left[:start])[:MOST_PAGES]


def _look_at(row: Job, life: int, number: int, parts: Parts) -> Book | None:
    """Mark a page's children that have ended. The book, if it was written."""
    page = read_page(row.id, life, number, parts=parts)
    if page is None:
        return None
    if page.full:
        return note_page(row.id, life, page, parts=parts)
    open_ = [one for one in page.positions(row.id, life) if one.number % PAGE not in page.done]
    states = parts.crew.each(lambda one: _state(one, page.at, parts), open_)
    for child, state in zip(open_, states, strict=True):
        if isinstance(state, Exception):
            raise state
        if state in TERMINAL:
            told(child, state, parts=parts)
    return None


def _state(child: Position, at: datetime, parts: Parts) -> State:
    """A child whose row is gone has ended, long ago: nobody will know how."""
    found = patience(parts)(parts.store.read, child.job_id(at))
    return State.EXPIRED if found is None else found.state


def _urgent(row: Job, life: int, book: Book, parts: Parts) -> bool:
    """Whether one bad child is enough, and there is one."""
    if not book.spoilt:
        return False
    page = read_page(row.id, life, min(book.spoilt), parts=parts)
    return page is not None and page.hasty

"""The marks of a group's children: numbered sets, which a mark that comes twice does not change. No counter, nothing hot.

Each page of children has an item, put before they are: when they were accepted, how many they are, which have ended (`done`) and which
of those did not succeed (`bad`). The workflow's own item has the pages that are `full`, those with a `bad` child (`spoilt`), and how many
pages there are (`total`), known once the last one is put. Complete is what is seen in the answer to one's own mark.
"""

from datetime import datetime

from chalicelib.domain.change import Missing, Present
from chalicelib.domain.errors import MAX_DELAY
from chalicelib.domain.job import State
from chalicelib.domain.lean import dataclass
from chalicelib.pipeline.items import Edit, Fields, Kept, Spot, from_ms, to_ms
from chalicelib.pipeline.limits import PAYLOAD_LIFE
from chalicelib.pipeline.parts import Parts
from chalicelib.pipeline.patience import patience
from chalicelib.pipeline.workflows.places import PAGE, Position

KEPT = MAX_DELAY + PAYLOAD_LIFE
"""How long the items stay after their last mark: a child may be due in a year, and then be retried for weeks."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Page:
    """A page of a group's children. `number` counts from 0; `start`: where its part of the input begins."""

    number: int
    at: datetime
    count: int
    start: int
    hasty: bool  #: one bad child is enough: the group need not wait for the others
    version: str | None = None  #: of the object that its items were read from
    done: frozenset[int] = frozenset()
    bad: frozenset[int] = frozenset()
    kept: frozenset[int] = frozenset()  #: those that an earlier life's child stands for

    @property
    def full(self) -> bool:
        """Whether all of them have ended."""
        return len(self.done) == self.count

    def positions(self, parent: str, life: int) -> list[Position]:
        """Its children, by their places in it."""
        first = self.number * PAGE
        return [
            Position(parent=parent, life=life, number=first + place, step=False)
            for place in range(self.count)
        ]


@dataclass(frozen=True, kw_only=True, slots=True)
class Book:
    """What a workflow's own item says of its pages. `made`: so many have all their children, and `following` is where the next one begins."""

    total: int | None = None
    made: int = 0
    following: int = 0
    full: frozenset[int] = frozenset()
    spoilt: frozenset[int] = frozenset()

    @property
    def complete(self) -> bool:
        """Whether every child has ended, and none is still to be made."""
        return self.total is not None and len(self.full) >= self.total


def page_spot(parent: str, life: int, number: int) -> Spot:
    """Each page lies on a shelf of its own: thousands of marks a second are spread over as many partitions as there are pages."""
    return Spot(f"page#{parent}.{life}.{number}", "-")


def book_spot(parent: str, life: int) -> Spot:
    """Where the workflow's own item lies."""
    return Spot(f"book#{parent}", str(life))


def read_page(parent: str, life: int, number: int, *, parts: Parts) -> Page | None:
    """The page; None: it has not been put. Raises `Unavailable`."""
    fields = patience(parts)(parts.items.read, page_spot(parent, life, number))
    return _page(number, fields)


def put_page(parent: str, life: int, page: Page, *, parts: Parts) -> Page:
    """Put the page if it is not there; the one that then is. Raises `Unavailable`."""
    wanted: Fields = {
        "at": to_ms(page.at),
        "count": page.count,
        "start": page.start,
        **({"hasty": 1} if page.hasty else {}),
        **({} if page.version is None else {"version": page.version}),
        **({"done": page.kept, "kept": page.kept} if page.kept else {}),
    }
    edit = Edit(where=((Missing("at"),),), set=wanted, until=page.at + KEPT)
    answer = patience(parts)(parts.items.write, page_spot(parent, life, page.number), edit)
    return _page(page.number, answer.fields) or page


def mark(child: Position, state: State, *, parts: Parts) -> tuple[bool, Book | None]:
    """Write down that the child has ended. Whether a group that is hasty must know of it, and its book, if that was written.

    A child of a page that is not there is nobody's. Raises `Unavailable`.
    """
    place = frozenset({child.number % PAGE})
    bad = state is not State.SUCCEEDED
    edit = Edit(
        where=((Present("at"),),),
        include={"done": place, **({"bad": place} if bad else {})},
        until=parts.world.now() + KEPT,
    )
    answer = patience(parts)(parts.items.write, page_spot(child.parent, child.life, child.page), edit)
    page = _page(child.page, answer.fields)
    if not isinstance(answer, Kept) or page is None or not (page.full or bad):
        return False, None
    return page.hasty and bad, note_page(child.parent, child.life, page, parts=parts)


def note_page(parent: str, life: int, page: Page, *, parts: Parts) -> Book:
    """Write into the workflow's book what the page has come to. Raises `Unavailable`."""
    number = frozenset({page.number})
    include = {**({"full": number} if page.full else {}), **({"spoilt": number} if page.bad else {})}
    return _write_book(parent, life, Edit(include=include, until=parts.world.now() + KEPT), parts)


def close_book(parent: str, life: int, total: int, *, parts: Parts) -> Book:
    """Write down how many pages there are, once the last one's children have their rows. Raises `Unavailable`."""
    return _write_book(parent, life, Edit(set={"total": total}, until=parts.world.now() + KEPT), parts)


def note_made(parent: str, life: int, made: int, following: int, *, parts: Parts) -> None:
    """Write down how far the fan-out is, before another attempt goes on. Raises `Unavailable`."""
    edit = Edit(set={"made": made, "following": following}, until=parts.world.now() + KEPT)
    _write_book(parent, life, edit, parts)


def read_book(parent: str, life: int, *, parts: Parts) -> Book:
    """What it says. Raises `Unavailable`."""
    return _book(patience(parts)(parts.items.read, book_spot(parent, life)))


def _write_book(parent: str, life: int, edit: Edit, parts: Parts) -> Book:
    return _book(patience(parts)(parts.items.write, book_spot(parent, life), edit).fields)


def _page(number: int, fields: Fields) -> Page | None:
    at, count = fields.get("at"), fields.get("count")
    if not isinstance(at, int) or not isinstance(count, int):
        return None
    version = fields.get("version")
    return Page(
        number=number,
        at=from_ms(at),
        count=count,
        start=_number(fields, "start"),
        hasty="hasty" in fields,
        version=version if isinstance(version, str) else None,
        done=_set(fields, "done"),
        bad=_set(fields, "bad"),
        kept=_set(fields, "kept"),
    )


def _book(fields: Fields) -> Book:
    total = fields.get("total")
    return Book(
        total=total if isinstance(total, int) else None,
        made=_number(fields, "made"),
        following=_number(fields, "following"),
        full=_set(fields, "full"),
        spoilt=_set(fields, "spoilt"),
    )


def _number(fields: Fields, name: str) -> int:
    found = fields.get(name, 0)
    return found if isinstance(found, int) else 0


def _set(fields: Fields, name: str) -> frozenset[int]:
    found = fields.get(name, frozenset())
    return found if isinstance(found, frozenset) else frozenset()

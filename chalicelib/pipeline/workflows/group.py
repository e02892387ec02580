"""What a group, or a map, does in an attempt of its own: make its children page by page, then wait; and gather when they have ended.

A page's item is put before its children, so whoever makes them again after a crash makes the same ones. The fan-out goes on in another
invocation when the time of this one is nearly over; where it was is seen from the pages that are there.
"""

from datetime import datetime, timedelta

from chalicelib.domain.errors import InvalidInput, JobCancelled
from chalicelib.domain.job import Job
from chalicelib.domain.lean import dataclass
from chalicelib.domain.workflow import Group, Map, Node, OnError, Source, Step
from chalicelib.pipeline import tenant_limits
from chalicelib.pipeline.parts import Parts
from chalicelib.pipeline.patience import patience
from chalicelib.pipeline.tenants import children_of
from chalicelib.pipeline.workflows.children import Given, child_job, put
from chalicelib.pipeline.workflows.items_of import Supply
from chalicelib.pipeline.workflows.join import join
from chalicelib.pipeline.workflows.kin import Kin
from chalicelib.pipeline.workflows.lineage import Lineage
from chalicelib.pipeline.workflows.pages import (
    Page,
    close_book,
    note_made,
    note_page,
    put_page,
    read_book,
    read_page,
)
from chalicelib.pipeline.workflows.places import PAGE, group_awaited, life_awaited

LOOK_EVERY = 10
"""After how many pages a fan-out looks whether somebody wants it cancelled."""


MOST_CHILDREN = tenant_limits.MOST_CHILDREN
"""The most children of a group; a tenant may have a smaller number. They are 10,000 pages, whose numbers in the workflow's book are 40 KB of the 400 KB that an item may have,
and each full page writes the book: beyond that the book, not the children, would be what a workflow costs and waits for."""


@dataclass(frozen=True, kw_only=True, slots=True)
class FannedOut:
    """Every child has its row."""

    children: int


def fan_out(
    job: Job, node: Group | Map, given: Given | None, line: Lineage, *, until: datetime, parts: Parts
) -> FannedOut | None:
    """Make the children; None: the time is nearly over, and another attempt goes on.

    Raises `JobCancelled`, `UnknownTask`, `InvalidInput`, `PayloadMissing`, `Unavailable`.
    """
    life = line.life
    number, following = _begun(job, life.number, parts)
    children = number * PAGE
    most = min(MOST_CHILDREN, children_of(job.tenant, parts))
    supply = Supply(job, node, given, _version(job, node, life.number, number, parts), parts=parts)
    elders = Kin(line.earlier, parts=parts)
    began = begun = parts.world.now()
    margin, longest = min(parts.limits.continue_margin, (until - began) / 5), timedelta(0)
    while True:
        # At least one page an attempt: else a function with a short timeout would go on for ever, and get nowhere.
        if longest and begun + max(margin, 2 * longest) >= until:
            note_made(job.id, life.number, number, following, parts=parts)
            return None
        if number % LOOK_EVERY == LOOK_EVERY - 1 and _fenced(job, parts):
            return None
        some = supply.lot(following)
        if some.nodes:
            if children + len(some.nodes) > most:
                raise InvalidInput("workflow", f"more than {most:,} children of one group")
            kept = _kept(line, elders, number, some.version, parts)
            wanted = Page(
                number=number,
                at=begun,
                count=len(some.nodes),
                start=following,
                hasty=node.policy.on_error is OnError.FAIL,
                done=kept,
                kept=kept,
                version=some.version,
            )
            page = put_page(job.id, life.number, wanted, parts=parts)
            if (page.count, page.start, page.version) != (len(some.nodes), following, some.version):
                raise InvalidInput("workflow", f"its items have changed since page {number} was made")
            positions = page.positions(job.id, life.number)
            put(
                [
                    child_job(
                        job,
                        one,
                        what,
                        positions[place],
                        page.at,
                        since=_in_whose_stead(one, elders, positions[place].number),
                        parts=parts,
                    )
                    for place, (one, what) in enumerate(some.nodes)
                    if place not in page.kept
                ],
                parts=parts,
            )
            if page.full:
                note_page(job.id, life.number, page, parts=parts)
            children += page.count
        if some.after is None:
            return FannedOut(children=children)
        number, following = number + 1, some.after
        before, begun = begun, parts.world.now()
        longest = max(longest, begun - before, timedelta(milliseconds=1))


def _begun(job: Job, life: int, parts: Parts) -> tuple[int, int]:
    """The page to go on with, and where it begins. The last page that is there may lack children: its maker may have died.

    The first attempt begins at the beginning. Later ones find the last page by halving, from where the last one said that it was.
    """
    if sum(1 for entry in job.history if entry.event in {"claimed", "reclaimed"}) == 1:
        return 0, 0
    book = read_book(job.id, life, parts=parts)
    found = read_page(job.id, life, book.made, parts=parts)
    if found is None:
        return book.made, book.following
    low, high = book.made, book.made + 1
    while (page := read_page(job.id, life, high, parts=parts)) is not None:
        found, low, high = page, high, high + 2 * (high - low)
    while high - low > 1:
        middle = (low + high) // 2
        page = read_page(job.id, life, middle, parts=parts)
        if page is None:
            high = middle
        else:
            found, low = page, middle
    return found.number, found.start


def _version(job: Job, node: Group | Map, life: int, number: int, parts: Parts) -> str | None:
    """Of the object that the first page was read from, if there are pages: all others are read from the same."""
    if number == 0 or not isinstance(node, Map) or node.source is not Source.OBJECT:
        return None
    first = read_page(job.id, life, 0, parts=parts)
    return None if first is None else first.version


def _kept(line: Lineage, elders: Kin, number: int, version: str | None, parts: Parts) -> frozenset[int]:
    """Those of a page that succeeded before this life: they need not be made again, if they were made of the same, and are still known.

    The life before this one may have ended before it came to the page.
    """
    for life in line.earlier:
        before = read_page(life.workflow, life.number, number, parts=parts)
        if before is not None:
            good = before.done - before.bad if before.version == version else frozenset()
            return frozenset(place for place in good if elders.id(number * PAGE + place) is not None)
    return frozenset()


def _in_whose_stead(node: Node, elders: Kin, number: int) -> str | None:
    """The workflow that was this child in the life before this one: what has succeeded in it need not be done again."""
    return None if isinstance(node, Step) else elders.id(number)


def _fenced(job: Job, parts: Parts) -> bool:
    """Whether the job is somebody else's by now. Raises `JobCancelled` when somebody wants it cancelled."""
    row = patience(parts)(parts.store.read, job.id)
    if row is None or row.owner != job.owner:
        return True
    if row.cancel_requested is not None:
        raise JobCancelled
    return False


def close(row: Job, *, hasty: bool, parts: Parts) -> None:
    """Write down that no more children come, once the row says that it waits; and go on at once if nothing is left to wait for."""
    life, pages = life_awaited(row), -(-(row.children or 0) // PAGE)
    book = close_book(row.id, life, pages, parts=parts)
    if book.complete or (hasty and book.spoilt):
        join(row.id, group_awaited(life), parts=parts)

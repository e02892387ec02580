"""What a group, or a map, does in an attempt of its own: make its children page by page, then wait; and gather when they have ended.

A page's item is put before its children, so whoever makes them again after a crash makes the same ones. The fan-out goes on in another
invocation when the time of this one is nearly over; where it was is seen from the pages that are there.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from chalicelib.domain.errors import InvalidInput, JobCancelled
from chalicelib.domain.job import Job
from chalicelib.domain.workflow import Group, Map, Node, OnError, Step
from chalicelib.pipeline.parts import Parts
from chalicelib.pipeline.patience import patience
from chalicelib.pipeline.workflows.children import Given, child_job, put
from chalicelib.pipeline.workflows.items_of import lot
from chalicelib.pipeline.workflows.join import join
from chalicelib.pipeline.workflows.kin import child_id
from chalicelib.pipeline.workflows.lineage import Lineage
from chalicelib.pipeline.workflows.pages import Page, close_book, note_page, put_page, read_page
from chalicelib.pipeline.workflows.places import PAGE, group_awaited, life_awaited

LOOK_EVERY = 10
"""After how many pages a fan-out looks whether somebody wants it cancelled."""


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
    last = _last_page(job, life.number, parts)
    number, start = (0, 0) if last is None else (last.number, last.start)
    children, following = number * PAGE, start
    longest = timedelta(0)
    while True:
        begun = parts.world.now()
        if begun + max(parts.limits.continue_margin, 2 * longest) >= until:
            return None
        if number % LOOK_EVERY == LOOK_EVERY - 1 and _fenced(job, parts):
            return None
        some = lot(job, node, given, following, parts=parts)
        if some.nodes:
            kept = _kept(line, number, parts)
            wanted = Page(
                number=number,
                at=begun,
                count=len(some.nodes),
                start=following,
                hasty=node.policy.on_error is OnError.FAIL,
                done=kept,
                kept=kept,
            )
            page = put_page(job.id, life.number, wanted, parts=parts)
            if page.count != len(some.nodes):
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
                        since=_in_whose_stead(one, line, positions[place].number, parts),
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
        longest = max(longest, parts.world.now() - begun)


def _last_page(job: Job, life: int, parts: Parts) -> Page | None:
    """The last page that an earlier attempt put, found in as many reads as its number has binary digits, twice. The first attempt: none."""
    if sum(1 for entry in job.history if entry.event in {"claimed", "reclaimed"}) == 1:
        return None
    found = read_page(job.id, life, 0, parts=parts)
    if found is None:
        return None
    low, high = 0, 1
    while (page := read_page(job.id, life, high, parts=parts)) is not None:
        found, low, high = page, high, high * 2
    while high - low > 1:
        middle = (low + high) // 2
        page = read_page(job.id, life, middle, parts=parts)
        if page is None:
            high = middle
        else:
            found, low = page, middle
    return found


def _kept(line: Lineage, number: int, parts: Parts) -> frozenset[int]:
    """Those of a page that succeeded in the life before this one: they need not be made again."""
    if not line.earlier:
        return frozenset()
    before = read_page(line.earlier[0].workflow, line.earlier[0].number, number, parts=parts)
    return frozenset() if before is None else before.done - before.bad


def _in_whose_stead(node: Node, line: Lineage, number: int, parts: Parts) -> str | None:
    """The workflow that was this child in the life before this one: what has succeeded in it need not be done again."""
    return None if isinstance(node, Step) or not line.earlier else child_id(line.earlier, number, parts=parts)


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

"""Metrics that are kept in the table, by task and tenant: added up in this process, and written down now and then at the end of an invocation.

A statistic must not be in a job's way. It is written after all of a batch's jobs are settled, by a thread of its own that the invocation
waits for a second at most; what goes wrong is logged, and nothing else. docs/decisions/0024-statistics.md
"""

import logging
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import datetime, timedelta

from chalicelib.domain.errors import MachineryError
from chalicelib.pipeline.items import Items
from chalicelib.pipeline.measures import Measure, milliseconds
from chalicelib.pipeline.nobody import NOBODY_COUNTS
from chalicelib.pipeline.ports import Metrics, World
from chalicelib.pipeline.statistics.book import Book, Pair, pair_of
from chalicelib.pipeline.statistics.figures import KEPT
from chalicelib.pipeline.statistics.shelves import part, part_spot
from chalicelib.pipeline.statistics.tally import LONGEST, Draft, Tally

log = logging.getLogger(__name__)

PATIENCE = timedelta(seconds=1)
"""How long an invocation waits for its statistics."""

SPARE = timedelta(seconds=1)
"""With less time left than this, and its patience, an invocation leaves them to the next one."""

Aside = Callable[[Callable[[], None]], None]
"""Does something beside, and returns when it is done or when it has waited for long enough."""


Later = Callable[[timedelta, Callable[[], None]], None]
"""Does something after a time."""


class _Page:
    """What one invocation came to so far, from whatever thread."""

    def __init__(self) -> None:
        self.book = Book()
        self.lock = threading.Lock()


_page: ContextVar[_Page | None] = ContextVar("jobline_statistics", default=None)
"""The page of the invocation that goes on here. On one machine several go on side by side in a process."""


def on_a_thread(act: Callable[[], None]) -> None:
    """The thread is left alone when it takes too long: a frozen sandbox stops it, and thaws it with the next invocation."""
    thread = threading.Thread(target=act, name="statistics", daemon=True)
    thread.start()
    thread.join(PATIENCE.total_seconds())


def on_a_timer(after: timedelta, act: Callable[[], None]) -> None:
    """For a process that is not frozen between invocations: on Lambda no timer goes on."""
    timer = threading.Timer(after.total_seconds(), act)
    timer.daemon = True
    timer.start()


class Statistics:
    """`Metrics` that are kept in the table, and handed on to those `beside`."""

    def __init__(
        self,
        items: Items,
        world: World,
        *,
        memory: Mapping[str, int],
        beside: Metrics = NOBODY_COUNTS,
        aside: Aside = on_a_thread,
        later: Later | None = None,
    ) -> None:
        self._items = items
        self._world = world
        self._memory = memory
        self._beside = beside
        self._aside = aside
        self._later = later  #: None: what is left over waits for the next invocation
        self._awaited = False
        self._tally = Tally()
        self._lock = threading.Lock()

    @contextmanager
    def invocation(self, lane: str | None = None, *, ends: datetime | None = None) -> Iterator[None]:
        """One invocation. What it came to is written down at its end, or with that of a later one."""
        began, page = self._world.now(), _Page()
        mark = _page.set(page)
        try:
            with self._beside.invocation(lane, ends=ends):
                yield
        finally:
            _page.reset(mark)
            try:
                self._close(page, lane, began, ends)
            except Exception:
                log.exception("statistics of an invocation are lost", extra={"action": "statistics_lost"})

    def add(
        self,
        measure: Measure,
        value: float = 1,
        *,
        lane: str | None = None,
        task: str | None = None,
        tenant: str | None = None,
    ) -> None:
        """Add one value to the invocation that goes on here. What is of no task is no statistic."""
        self._beside.add(measure, value, lane=lane, task=task, tenant=tenant)
        page = _page.get()
        if page is not None and task is not None and measure in KEPT:
            with page.lock:
                page.book.take(measure, value, pair_of(task, tenant))

    def _close(self, page: _Page, lane: str | None, began: datetime, ends: datetime | None) -> None:
        with page.lock:
            book, page.book = page.book, Book()
        if not book:
            return
        now = self._world.now()
        if lane is not None:
            bill(book, max(1.0, milliseconds(now - began)), self._memory.get(lane, 0))
        with self._lock:
            self._tally.add(book, began=began, ended=now)
            too_late = ends is not None and ends - now < PATIENCE + SPARE
            draft = None if too_late else self._tally.draft(now, self._world.token)
        if draft is not None:
            self._aside(lambda: self._write(draft, now))
        elif self._later is not None and not self._awaited:
            self._awaited = True
            self._later(LONGEST, self._write_the_rest)

    def _write_the_rest(self) -> None:
        """What is left over since the last batch; or, when it is too soon after that, once more later."""
        now = self._world.now()
        with self._lock:
            draft = self._tally.draft(now, self._world.token)
            self._awaited = draft is None and self._tally.left
            again = self._later if self._awaited else None
        if draft is not None:
            self._write(draft, now)
        elif again is not None:
            again(LONGEST, self._write_the_rest)

    def _write(self, draft: Draft, now: datetime) -> None:
        sure = False
        try:
            self._items.write(part_spot(draft.minute, draft.key), part(draft.book, now))
            sure = True
        except MachineryError as error:
            log.warning(
                "statistics were not written, a later batch tries again: %s",
                error,
                extra={"action": "statistics_unwritten"},
            )
        finally:
            with self._lock:
                self._tally.written(draft, sure=sure)


def bill(book: Book, billed: float, megabytes: int) -> None:
    """Share an invocation's time, and the invocation, out by how long each line's attempts took."""
    ran: dict[Pair, int] = {pair: max(1, figures.run.total) for pair, figures in book if figures.run.count}
    total = sum(ran.values())
    for pair, share in ran.items():
        figures = book.line(pair)
        own = billed * share / total
        figures.billed_ms += round(own)
        figures.megabyte_ms += round(own * megabytes)
        figures.calls += round(1000 * share / total)

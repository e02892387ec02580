"""When a container writes down what its batches came to. Pure but for its own memory: no clock, no call.

The first batch after a pause is written down at its end. While batches follow one another, less and less often: once a tenth of the time
that they have done so has passed, at the latest every ten seconds. So a container that is never called again, or is killed, leaves out at
most a tenth of what it did since its last pause, and never more than ten seconds' worth; and a busy one writes once for many batches.

A part has a key, chosen when it is first written. Until it is known to be there, the next try writes the same part again, and more into
it: whether or not the first one landed, nothing is counted twice. Only while its minute lasts, though: it may have been bound after that.
Then what is in it is left to what has landed.
"""

from collections.abc import Callable
from datetime import datetime, timedelta

from chalicelib.domain.lean import dataclass
from chalicelib.pipeline.statistics.book import IN_A_PART, Book
from chalicelib.pipeline.statistics.shelves import minute_of

PAUSE = timedelta(seconds=10)
"""Between two batches: after that, the next is the first of a new row of them."""

LONGEST = timedelta(seconds=10)
"""For how long at most a container keeps what it knows, while it is called."""

SHARE = 10
"""It keeps for itself at most the SHARE-th part of the time since the last pause."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Draft:
    """A part that is to be written. `key` says where: the same key is the same part, with more in it."""

    minute: datetime
    key: str
    book: Book


class Tally:
    """One container's memory. Not safe for threads: whoever has several holds a lock."""

    def __init__(self) -> None:
        self._book = Book()  #: in no draft yet
        self._unsure: Draft | None = None  #: tried, and nobody knows whether it is there
        self._writing = False
        self._row_began: datetime | None = None
        self._last: datetime | None = None
        self.tried: datetime | None = None  #: when it was last written down, in this row of batches

    def add(self, book: Book, *, began: datetime, ended: datetime) -> None:
        """What an invocation between these times came to."""
        self._book.merge(book)
        self._book.fold(IN_A_PART)
        if self._last is None or self._row_began is None or began - self._last > PAUSE:
            self._row_began = began
            self.tried = None if self._unsure is None else self.tried
        self._last = ended

    @property
    def left(self) -> bool:
        """Whether there is anything that is not written down for sure."""
        return bool(self._book) or self._unsure is not None

    def draft(self, now: datetime, token: Callable[[], str]) -> Draft | None:
        """What is to be written now, under a new key by `token`; None: nothing, or not yet. Say afterwards what became of it."""
        if self._writing or not self.left or not self._is_time(now):
            return None
        book, minute, unsure = self._book, minute_of(now), self._unsure
        self._book, self._unsure, self.tried = Book(), None, now
        if unsure is not None and unsure.minute == minute:
            unsure.book.merge(book)
            unsure.book.fold(IN_A_PART)
            self._writing = True
            return unsure
        if not book:
            return None
        self._writing = True
        return Draft(minute=minute, key=token(), book=book)

    def written(self, draft: Draft, *, sure: bool) -> None:
        """It is there; or (not `sure`) nobody knows."""
        self._writing = False
        self._unsure = None if sure else draft

    def _is_time(self, now: datetime) -> bool:
        if self.tried is None or self._row_began is None:
            return True
        wait = LONGEST if self._unsure is not None else min(LONGEST, (now - self._row_began) / SHARE)
        return now - self.tried >= wait

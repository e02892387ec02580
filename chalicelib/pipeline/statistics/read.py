"""Asking for figures: of a time, in steps, of one task or one tenant or all.

Hours are read where steps are whole hours, minutes elsewhere, and of what is not bound yet, the parts. All three are bounded, and so
is a question.
"""

from collections.abc import Iterator
from dataclasses import field
from datetime import datetime, timedelta
from enum import StrEnum

from chalicelib.domain.errors import InvalidInput
from chalicelib.domain.lean import dataclass
from chalicelib.pipeline.items import to_ms
from chalicelib.pipeline.parts import Parts
from chalicelib.pipeline.statistics.bind import bound_hours, bound_minutes, bound_until, parts_after
from chalicelib.pipeline.statistics.book import OTHER, Book
from chalicelib.pipeline.statistics.figures import Figures
from chalicelib.pipeline.statistics.shelves import HOUR, MINUTE, PARTS_KEPT, SHARDS, hour_of, minute_of

MOST_STEPS = 1500
BY_MINUTES = timedelta(days=2)
BY_HOURS = timedelta(days=92)
"""The longest time that is read by minutes, and by hours."""

STEPS = (MINUTE, 5 * MINUTE, 15 * MINUTE, HOUR, 6 * HOUR, 24 * HOUR)
"""What is taken where nobody says it: the shortest that gives at most `USUAL_STEPS`."""

USUAL_STEPS = 120
USUAL_TIME = HOUR

PARTS_READ = 2000
"""Of each shard, the newest not among them if there are more: then the figures are complete up to there only."""

AHEAD = 5 * MINUTE
"""Clocks may differ."""


class By(StrEnum):
    """What sums can be told apart by, at the same time."""

    STEP = "step"
    TASK = "task"
    TENANT = "tenant"


@dataclass(frozen=True, kw_only=True, slots=True)
class Group:
    """What one such sum is of; None: it is not told apart by that."""

    at: datetime | None = None
    task: str | None = None
    tenant: str | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Question:
    """What is asked. `tenant` None: all of them."""

    since: datetime
    until: datetime
    step: timedelta
    task: str | None = None
    tenant: str | None = None

    def takes(self, task: str, tenant: str) -> bool:
        """Whether a line belongs to it."""
        return (self.task is None or task == self.task) and (self.tenant is None or tenant == self.tenant)


@dataclass(kw_only=True, slots=True)
class Found:
    """The figures, in steps from `since` on; what is not in `steps` is nought."""

    question: Question
    bound: datetime | None  #: what lies before cannot change any more
    complete: datetime  #: up to where the figures are told
    folded: bool = False  #: whether somebody's figures are among those of others
    total: Figures = field(default_factory=Figures)
    steps: dict[datetime, Figures] = field(default_factory=dict)
    tasks: dict[str, Figures] = field(default_factory=dict)
    tenants: dict[str, Figures] = field(default_factory=dict)
    by: frozenset[By] = frozenset()  #: what `groups` are told apart by
    groups: dict[Group, Figures] = field(default_factory=dict)

    def add(self, at: datetime, book: Book) -> None:
        """A book of that time. What lies outside of the question's time is left out."""
        asked = self.question
        if not asked.since <= at < asked.until:
            return
        step = asked.since + (at - asked.since) // asked.step * asked.step
        for (task, tenant), figures in book:
            self.folded = self.folded or OTHER in (task, tenant)
            if asked.takes(task, tenant):
                self.total.merge(figures)
                for sums, key in ((self.tasks, task), (self.tenants, tenant)):
                    sums.setdefault(key, Figures()).merge(figures)
                self.steps.setdefault(step, Figures()).merge(figures)
                if self.by:
                    group = Group(
                        at=step if By.STEP in self.by else None,
                        task=task if By.TASK in self.by else None,
                        tenant=tenant if By.TENANT in self.by else None,
                    )
                    self.groups.setdefault(group, Figures()).merge(figures)


def question(
    *,
    since: datetime | None,
    until: datetime | None,
    last: timedelta | None = None,
    step: int | None,
    task: str | None,
    tenant: str | None,
    now: datetime,
) -> Question:
    """What is asked, checked: `last` is a time before `until`, where there is no `since`; by default an hour. Steps begin at whole ones.

    Raises `InvalidInput`.
    """
    if since is not None and last is not None:
        raise InvalidInput("last", "stands beside since")
    end = min(until or minute_of(now) + MINUTE, now + AHEAD)
    begin = since or end - (last or USUAL_TIME)
    if begin >= end:
        raise InvalidInput("since", "is not before until")
    width = _step(step, end - begin)
    begin = begin - timedelta(milliseconds=to_ms(begin)) % width
    end = minute_of(end - timedelta(milliseconds=1)) + MINUTE
    longest = BY_HOURS if width >= HOUR else BY_MINUTES
    if end - begin > longest + width:
        more = "" if width >= HOUR else "; with steps of 3600 or more, 92"
        raise InvalidInput("since", f"lies more than {longest.days} days before until{more}")
    if (end - begin) / width > MOST_STEPS:
        raise InvalidInput("step", f"makes more than {MOST_STEPS} steps")
    return Question(since=begin, until=end, step=width, task=task, tenant=tenant)


def _step(seconds: int | None, time: timedelta) -> timedelta:
    if seconds is None:
        return next((one for one in STEPS if time / one <= USUAL_STEPS), STEPS[-1])
    step = timedelta(seconds=max(0, min(seconds, BY_HOURS.days * 86400 + 1)))
    whole = HOUR if step >= HOUR else MINUTE
    if step < MINUTE or step % whole:
        raise InvalidInput("step", f"{seconds} is no whole number of minutes or, from 3600 on, of hours")
    return step


def read(asked: Question, *, by: frozenset[By] = frozenset(), parts: Parts) -> Found:
    """The answer, with sums of their own by each of these together. Raises `Unavailable`."""
    bound = bound_until(parts)
    found = Found(question=asked, bound=bound, complete=asked.until, by=by)
    known = asked.since if bound is None else bound
    begin = asked.since
    if asked.step >= HOUR and bound is not None:
        hours = min(hour_of(bound), hour_of(asked.until))
        for at, book in bound_hours(begin, hours, parts):
            found.add(at, book)
        begin = max(begin, hours)
    for at, book in bound_minutes(begin, min(known, asked.until), parts):
        found.add(at, book)
    if asked.until > known:
        since = max(known, asked.since, minute_of(parts.world.now() - PARTS_KEPT))
        _unbound(since, found, parts)
    return found


def _unbound(since: datetime, found: Found, parts: Parts) -> None:
    """What only stands in parts, as far as it is read."""
    for shard in range(SHARDS):
        for count, (at, book) in enumerate(_up_to(found.question.until, since, shard, parts), start=1):
            found.add(at, book)
            if count == PARTS_READ:
                found.complete = min(found.complete, at)


def _up_to(until: datetime, since: datetime, shard: int, parts: Parts) -> Iterator[tuple[datetime, Book]]:
    for at, book in parts_after(since, shard, PARTS_READ, parts):
        if at >= until:
            return
        yield at, book

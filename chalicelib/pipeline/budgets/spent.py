"""What each budget has spent, by the statistics: what it counted before, and what came since. Only reads."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta

from chalicelib.domain.errors import Unavailable
from chalicelib.domain.lean import dataclass
from chalicelib.pipeline.budgets.budget import NANO, Budget, Period, words
from chalicelib.pipeline.parts import Parts
from chalicelib.pipeline.statistics.bind import bound_hours, bound_minutes, bound_until, parts_after
from chalicelib.pipeline.statistics.book import Book
from chalicelib.pipeline.statistics.read import PARTS_READ
from chalicelib.pipeline.statistics.shelves import HOUR, PARTS_KEPT, SHARDS, hour_of, minute_of
from chalicelib.prices import run_prices

PERIODS: tuple[Period, ...] = ("day", "month")


@dataclass(frozen=True, kw_only=True, slots=True)
class Spent:
    """Of one budget, in billionths of a dollar."""

    budget: Budget
    closed: datetime  #: up to here it cannot change any more
    settled: Mapping[Period, int]  #: up to there, in the day and the month of `now`
    total: Mapping[Period, int]  #: with what is not settled yet

    def share(self, period: Period) -> float | None:
        """How much of the budget that is; None: there is none for such a time."""
        dollars = self.budget.dollars(period)
        return None if dollars is None else self.total[period] / NANO / dollars


def spent(budgets: Sequence[Budget], *, until: datetime, parts: Parts) -> list[Spent]:
    """What each has spent. Raises `Unavailable` where it cannot be read, or not in time.

    A budget that never counted begins with its month. Budgets that counted up to the same time, as all do after a while, share what is read.
    """
    now = parts.world.now()
    month = minute_of(now).replace(day=1, hour=0, minute=0)
    bound = bound_until(parts)
    since_bound = max(bound or month, minute_of(now) - PARTS_KEPT)
    starts = {budget.closed or month for budget in budgets}
    settled = {start: list(_bound(start, bound, until, parts)) if bound else [] for start in starts}
    fresh = [
        one
        for shard in range(SHARDS)
        for one in parts_after(since_bound, shard, PARTS_READ, parts)
        if one[0] <= now + HOUR
    ]
    found = []
    for budget in budgets:
        start = budget.closed or month
        closed = max(start, bound) if bound else start
        before = _carried(budget, now)
        kept = {period: before[period] + _sum(settled[start], budget, period, now) for period in PERIODS}
        total = {period: kept[period] + _sum(fresh, budget, period, now) for period in PERIODS}
        found.append(Spent(budget=budget, closed=closed, settled=kept, total=total))
    return found


def _bound(
    start: datetime, bound: datetime, until: datetime, parts: Parts
) -> Iterator[tuple[datetime, Book]]:
    """What is bound between these: minutes up to a whole hour, whole hours, and minutes."""
    first = min(bound, start if start == hour_of(start) else hour_of(start) + HOUR)
    last = max(first, hour_of(bound))
    for found in (
        bound_minutes(start, first, parts),
        bound_hours(first, last, parts),
        bound_minutes(last, bound, parts),
    ):
        for one in found:
            if parts.world.now() >= until:
                raise Unavailable("what budgets have spent takes too long to read; the next tick tries again")
            yield one


def _carried(budget: Budget, now: datetime) -> Mapping[Period, int]:
    """What it counted before that still counts: of the same day, and of the same month."""
    if budget.closed is None or budget.spent is None:
        return {"day": 0, "month": 0}
    at = budget.closed - timedelta(milliseconds=1)
    return {
        period: budget.spent[period] if words(period, at) == words(period, now) else 0 for period in PERIODS
    }


def _sum(books: Sequence[tuple[datetime, Book]], budget: Budget, period: Period, now: datetime) -> int:
    prices, name = run_prices(), words(period, now)
    return sum(
        round(prices.dollars(figures) * NANO)
        for at, book in books
        if words(period, at) == name
        for (task, tenant), figures in book
        if budget.takes(task, tenant)
    )

"""One budget: set, shown and taken away by an administrator. One item each, beside tenants' limits.

Whoever takes it away leaves the item, empty: a write that lands late must not bring back what was taken away since.
"""

import math
from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from typing import Literal

from chalicelib.domain.change import Equals, Missing
from chalicelib.domain.errors import InvalidInput, NotFound, Unavailable
from chalicelib.domain.lean import dataclass
from chalicelib.pipeline.budgets.hold import PREFIX, Hold, read_hold, whose
from chalicelib.pipeline.ids import is_tenant
from chalicelib.pipeline.items import Edit, Fields, Items, Kept, Spot, Test, Value, from_ms, to_ms
from chalicelib.pipeline.parts import Parts
from chalicelib.pipeline.patience import patience
from chalicelib.pipeline.tenant_limits import SHELF

Kind = Literal["stage", "task", "tenant"]
Period = Literal["day", "month"]

NANO = 1_000_000_000
"""Dollars are kept as whole billionths: a plain job costs some two thousand of them."""

LEAST, MOST = 0.000001, 10_000_000.0
WARN = 80
"""Percent, at which a budget warns before it is spent."""

WHOLE_STAGE = "all"
PAGE, ROUNDS = 500, 20

WATCH = Spot("budget#watch", "all")
"""The item whose appointment makes the tick look after all budgets."""

_SET = ("day_nano", "month_nano", "pause", "since", "by", "owner")
_STATE = ("closed", "spent_day", "spent_month", "crossed", "told", "held_until", "held_for", "held_nano")


@dataclass(frozen=True, kw_only=True, slots=True)
class Budget:
    """So many dollars. `pause`: when they are spent, submissions are refused until the period is over; else it is only told."""

    kind: Kind
    name: str
    day: float | None = None
    month: float | None = None
    pause: bool = False
    since: datetime | None = None
    by: str = ""
    owner: str = ""  #: the tenant of who set it; events about it are that tenant's
    closed: datetime | None = None  #: up to where `spent` counts
    spent: Mapping[Period, int] | None = (
        None  #: billionths, in the day and the month of what was last counted
    )
    crossed: tuple[str, ...] = ()  #: `2026-11-21 100 1763700000000`: period, percent, when it was seen
    told: tuple[str, ...] = ()  #: those of `crossed` that are told for certain
    hold: Hold | None = None
    mark: str = ""

    @property
    def key(self) -> str:
        """Of its item."""
        return f"{PREFIX}{self.kind}#{self.name}"

    @property
    def whose(self) -> str:
        """In words."""
        return whose(self.key)

    @property
    def any(self) -> bool:
        """Whether there is one."""
        return self.day is not None or self.month is not None

    def takes(self, task: str, tenant: str) -> bool:
        """Whether jobs of these count towards it."""
        return self.kind == "stage" or self.name == (task if self.kind == "task" else tenant)

    def dollars(self, period: Period) -> float | None:
        """Its amount for a day, or a month."""
        return self.day if period == "day" else self.month

    def check(self) -> None:
        """Raise `InvalidInput` that names what is out of range."""
        if self.kind == "tenant" and not is_tenant(self.name):
            raise InvalidInput("name", "not 1 to 64 letters, digits, dots, dashes and underscores")
        if not self.any:
            raise InvalidInput("day", "give day, month or both; DELETE takes the budget away")
        for period, dollars in (("day", self.day), ("month", self.month)):
            if dollars is not None and not (math.isfinite(dollars) and LEAST <= dollars <= MOST):
                raise InvalidInput(period, f"is between {LEAST:f} and {MOST:,.0f} dollars")


def set_budget(budget: Budget, *, by: str, parts: Parts) -> Budget:
    """Let this be the budget, instead of what it was; what is spent goes on being counted. Raises `InvalidInput`, `Unavailable`: then ask again.

    The tick is told to look first, and looks for ten minutes at least: whoever dies in between leaves no budget that nobody watches.
    """
    budget.check()
    now = parts.world.now()
    patience(parts)(parts.items.write, WATCH, Edit(add={"turn": 1}, set={"since": to_ms(now)}, due=now))
    fields: dict[str, Value] = {
        "since": to_ms(now),
        "by": by,
        "owner": budget.owner,
        "pause": int(budget.pause),
    }
    for name, dollars in (("day_nano", budget.day), ("month_nano", budget.month)):
        if dollars is not None:
            fields[name] = round(dollars * NANO)
    gone = ("crossed", "told", "held_until", "held_for", "held_nano")
    return _write(budget, fields, gone, parts)


def remove_budget(kind: Kind, name: str, *, parts: Parts) -> None:
    """Let there be none. Raises `NotFound` if there is none, `Unavailable`: then ask again."""
    _write(find_budget(kind, name, parts=parts), {}, _STATE, parts)


def find_budget(kind: Kind, name: str, *, parts: Parts) -> Budget:
    """The budget. Raises `NotFound`, `Unavailable`."""
    wanted = Budget(kind=kind, name=name)
    found = read_budget(wanted.key, patience(parts)(parts.items.read, Spot(SHELF, wanted.key)))
    if not found.any:
        raise NotFound(f"{wanted.whose} has no budget")
    return found


def listed_budgets(items: Items) -> Iterator[Budget]:
    """All that there are, by key. Raises `Unavailable`."""
    after = PREFIX
    while True:
        page = items.listed(SHELF, after=after, limit=PAGE)
        for key, fields in page:
            if not key.startswith(PREFIX):
                return
            budget = read_budget(key, fields)
            if budget.any:
                yield budget
        if len(page) < PAGE:
            return
        after = page[-1][0]


def _write(budget: Budget, fields: Fields, gone: tuple[str, ...], parts: Parts) -> Budget:
    """On what was read only, so that a write that lands late undoes nothing."""
    spot, call, mark = Spot(SHELF, budget.key), patience(parts), parts.world.token()
    before = call(parts.items.read, spot)
    wanted = {**fields, "mark": mark}
    removed = tuple(name for name in (*_SET, *gone) if name not in fields)
    for _ in range(ROUNDS):
        edit = Edit(where=((unchanged(before),),), set=wanted, remove=removed)
        answer = call(parts.items.write, spot, edit)
        if isinstance(answer, Kept) or answer.fields.get("mark") == mark:
            return read_budget(budget.key, answer.fields)
        before = answer.fields
    raise Unavailable(f"the budget of {budget.whose} changed {ROUNDS} times meanwhile")


def unchanged(seen: Fields) -> Test:
    """That nobody has written the item since it was seen like this."""
    mark = seen.get("mark")
    return Missing("mark") if mark is None or mark == "" else Equals("mark", mark)


def read_budget(key: str, fields: Fields) -> Budget:
    """The budget as its item holds it; without an amount: there is none."""
    _, kind, name = key.split("#", 2)

    def nano(field: str) -> int | None:
        found = fields.get(field)
        return found if isinstance(found, int) else None

    def lines(field: str) -> tuple[str, ...]:
        found = fields.get(field, ())
        return found if isinstance(found, tuple) else ()

    day, month, closed = nano("day_nano"), nano("month_nano"), nano("closed")
    kinds: Mapping[str, Kind] = {"task": "task", "tenant": "tenant"}
    return Budget(
        kind=kinds.get(kind, "stage"),
        name=name,
        day=None if day is None else day / NANO,
        month=None if month is None else month / NANO,
        pause=fields.get("pause") == 1,
        since=from_ms(nano("since") or 0) if "since" in fields else None,
        by=str(fields.get("by", "")),
        owner=str(fields.get("owner", "")),
        closed=None if closed is None else from_ms(closed),
        spent=None if closed is None else {"day": nano("spent_day") or 0, "month": nano("spent_month") or 0},
        crossed=lines("crossed"),
        told=lines("told"),
        hold=read_hold(key, fields),
        mark=str(fields.get("mark", "")),
    )


def words(period: Period, at: datetime) -> str:
    """The name of the day, or month, in which a time lies: those of UTC."""
    return f"{at:%Y-%m-%d}" if period == "day" else f"{at:%Y-%m}"


def ends(period: Period, at: datetime) -> datetime:
    """When that day, or month, is over."""
    start = at.replace(hour=0, minute=0, second=0, microsecond=0)
    if period == "day":
        return start + timedelta(days=1)
    return (start.replace(day=1) + timedelta(days=32)).replace(day=1)

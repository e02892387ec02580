"""What one tenant may use: set, shown and taken away by an operator, at run time. One item a tenant, `tenant#limits` / its name.

Whoever takes it away leaves the item, empty: a write that lands late must not bring back what was taken away since.
"""

from collections.abc import Iterator
from datetime import datetime, timedelta

from chalicelib.domain.change import Equals, Missing
from chalicelib.domain.errors import InvalidInput, NotFound, Unavailable
from chalicelib.domain.flow import Concurrency, Gate, GateKind, Rate, Throttle
from chalicelib.domain.lean import dataclass
from chalicelib.pipeline.gates import FASTEST, MOST_SLOTS, SLOWEST
from chalicelib.pipeline.ids import is_tenant
from chalicelib.pipeline.items import Edit, Fields, Items, Kept, Spot, Value, from_ms, to_ms
from chalicelib.pipeline.parts import Parts
from chalicelib.pipeline.patience import patience
from chalicelib.pipeline.tenant_gate import TENANT_KEY

SHELF = "tenant#limits"
PAGE = 500
ROUNDS = 20
"""How often others may set the same tenant's limits under our hands."""

MOST_ACCEPTED = 1_000_000_000
MOST_BYTES = 1_000_000_000_000
MOST_BURST = 10_000
MOST_UNFINISHED = 10_000
"""Beyond that, counting anew would take the tick too long."""

MOST_SCHEDULES = 10_000
"""Schedules of one tenant, whatever is set. All of them due in one minute are fired within a few ticks."""

MOST_CHILDREN = 1_000_000
"""Children of one group, whatever is set: pipeline/workflows/group.py says why."""

SHORTEST_PERIOD, LONGEST_PERIOD = timedelta(seconds=1), timedelta(days=31)
"""For how long a quota may be."""

_MS = timedelta(milliseconds=1)
_FIELDS = (
    "rate_limit",
    "rate_per_ms",
    "rate_burst",
    "concurrency",
    "accepted_limit",
    "accepted_per_ms",
    "bytes_limit",
    "bytes_per_ms",
    "unfinished",
    "schedules",
    "children",
)


@dataclass(frozen=True, kw_only=True, slots=True)
class TenantLimits:
    """For all of a tenant's jobs together, whatever their tasks; None: there is no such limit."""

    tenant: str
    rate: Rate | None = None
    concurrency: Concurrency | None = None
    accepted: Throttle | None = None  #: the quota of jobs
    bytes: Throttle | None = None  #: the quota of arguments, in bytes of JSON
    unfinished: int | None = None  #: how many of the jobs that it asked for may be there that have not ended
    schedules: int | None = None  #: how many schedules it may have
    children: int | None = None  #: how many children a group or a map of its workflows may have
    since: datetime | None = None
    by: str = ""

    @property
    def any(self) -> bool:
        """Whether there are any at all."""
        numbers = (self.unfinished, self.schedules, self.children)
        return any(
            one is not None for one in (self.rate, self.concurrency, self.accepted, self.bytes, *numbers)
        )

    @property
    def counted(self) -> bool:
        """Whether requests for jobs are counted."""
        return any(one is not None for one in (self.accepted, self.bytes, self.unfinished))

    @property
    def gates(self) -> tuple[Gate, ...]:
        """What each of its jobs has to pass, in this order."""
        kinds = ((GateKind.SLOTS, self.concurrency), (GateKind.RATE, self.rate))
        return tuple(Gate(kind=kind, key=TENANT_KEY) for kind, policy in kinds if policy is not None)

    def check(self) -> None:
        """Raise `InvalidInput` that names what is out of range."""
        if not is_tenant(self.tenant):
            raise InvalidInput("name", "not 1 to 64 letters, digits, dots, dashes and underscores")
        if not self.any:
            raise InvalidInput("limits", "give at least one of them; DELETE takes all away")
        if (rate := self.rate) is not None:
            _within("rate.limit", "is at least 1", fits=rate.limit >= 1)
            _within("rate.burst", f"is between 1 and {MOST_BURST:,}", fits=1 <= rate.burst <= MOST_BURST)
            fits = rate.per >= _MS and FASTEST <= rate.interval <= SLOWEST
            _within("rate.per", f"per / limit is between 1 ms and {SLOWEST.days} days", fits=fits)
        if (slots := self.concurrency) is not None:
            fits = 1 <= slots.limit <= MOST_SLOTS
            _within("concurrency", f"is between 1 and {MOST_SLOTS}", fits=fits)
        for name, quota, most in (
            ("accepted", self.accepted, MOST_ACCEPTED),
            ("bytes", self.bytes, MOST_BYTES),
        ):
            if quota is not None:
                _within(f"{name}.limit", f"is between 1 and {most:,}", fits=1 <= quota.limit <= most)
                fits = SHORTEST_PERIOD <= quota.per <= LONGEST_PERIOD
                _within(f"{name}.per", f"is between 1 second and {LONGEST_PERIOD.days} days", fits=fits)
        for name, number, least, most in (
            ("unfinished", self.unfinished, 1, MOST_UNFINISHED),
            ("schedules", self.schedules, 0, MOST_SCHEDULES),
            ("children", self.children, 0, MOST_CHILDREN),
        ):
            if number is not None:
                _within(name, f"is between {least} and {most:,}", fits=least <= number <= most)


def _within(argument: str, why: str, *, fits: bool) -> None:
    if not fits:
        raise InvalidInput(argument, why)


def set_limits(limits: TenantLimits, *, by: str, parts: Parts) -> TenantLimits:
    """Let these be the tenant's limits, instead of all that it had. Raises `InvalidInput`, `Unavailable`: then ask again."""
    limits.check()
    now = parts.world.now()
    return _write(limits.tenant, {**_fields(limits), "since": to_ms(now), "by": by}, parts)


def remove_limits(tenant: str, *, parts: Parts) -> None:
    """Let the tenant have none. Raises `NotFound` if it has none, `Unavailable`: then ask again."""
    find_limits(tenant, parts=parts)
    _write(tenant, {}, parts)


def find_limits(tenant: str, *, parts: Parts) -> TenantLimits:
    """The tenant's limits. Raises `NotFound` if it has none, `Unavailable`."""
    fields = patience(parts)(parts.items.read, Spot(SHELF, tenant)) if is_tenant(tenant) else {}
    found = read_limits(tenant, fields)
    if not found.any:
        raise NotFound(f"tenant {tenant} has no limits")
    return found


def listed_limits(items: Items) -> Iterator[TenantLimits]:
    """Those of every tenant that has any, by name. Raises `Unavailable`."""
    found = (read_limits(tenant, fields) for tenant, fields in listed_items(items))
    yield from (limits for limits in found if limits.any)


def listed_items(items: Items) -> Iterator[tuple[str, Fields]]:
    """All that lies on the shelf: beside tenants' limits their budgets, whose keys are no tenants' names. Raises `Unavailable`."""
    after = ""
    while True:
        page = items.listed(SHELF, after=after, limit=PAGE)
        yield from page
        if len(page) < PAGE:
            return
        after = page[-1][0]


def _write(tenant: str, fields: Fields, parts: Parts) -> TenantLimits:
    """On what was read only, so that a write that lands late undoes nothing. Of two at the same time, one comes after the other."""
    spot, call, mark = Spot(SHELF, tenant), patience(parts), parts.world.token()
    before = call(parts.items.read, spot)
    wanted = {**fields, "mark": mark}
    gone = tuple(name for name in (*_FIELDS, "since", "by") if name not in fields)
    for _ in range(ROUNDS):
        seen = before.get("mark")
        where = Missing("mark") if seen is None else Equals("mark", seen)
        answer = call(parts.items.write, spot, Edit(where=((where,),), set=wanted, remove=gone))
        if isinstance(answer, Kept) or answer.fields.get("mark") == mark:
            return read_limits(tenant, answer.fields)
        before = answer.fields
    raise Unavailable(f"the limits of tenant {tenant} changed {ROUNDS} times meanwhile")


def _fields(limits: TenantLimits) -> Fields:
    fields: dict[str, Value] = {}
    if limits.rate is not None:
        rate = limits.rate
        fields |= {"rate_limit": rate.limit, "rate_per_ms": rate.per // _MS, "rate_burst": rate.burst}
    if limits.concurrency is not None:
        fields["concurrency"] = limits.concurrency.limit
    for name, quota in (("accepted", limits.accepted), ("bytes", limits.bytes)):
        if quota is not None:
            fields |= {f"{name}_limit": quota.limit, f"{name}_per_ms": quota.per // _MS}
    numbers = {
        "unfinished": limits.unfinished,
        "schedules": limits.schedules,
        "children": limits.children,
    }
    fields |= {name: value for name, value in numbers.items() if value is not None}
    return fields


def read_limits(tenant: str, fields: Fields) -> TenantLimits:
    """The limits as the item holds them."""

    def number(name: str) -> int:
        return int(str(fields.get(name, 0)))

    def quota(name: str) -> Throttle | None:
        if f"{name}_limit" not in fields:
            return None
        return Throttle(number(f"{name}_limit"), number(f"{name}_per_ms") * _MS)

    return TenantLimits(
        tenant=tenant,
        rate=Rate(number("rate_limit"), number("rate_per_ms") * _MS, burst=number("rate_burst"))
        if "rate_limit" in fields
        else None,
        concurrency=Concurrency(number("concurrency")) if "concurrency" in fields else None,
        accepted=quota("accepted"),
        bytes=quota("bytes"),
        unfinished=number("unfinished") if "unfinished" in fields else None,
        schedules=number("schedules") if "schedules" in fields else None,
        children=number("children") if "children" in fields else None,
        since=from_ms(number("since")) if "since" in fields else None,
        by=str(fields.get("by", "")),
    )

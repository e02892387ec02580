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
MOST_BURST = 10_000
SHORTEST_PERIOD, LONGEST_PERIOD = timedelta(seconds=1), timedelta(days=31)
"""For how long a quota may be."""

_MS = timedelta(milliseconds=1)
_FIELDS = ("rate_limit", "rate_per_ms", "rate_burst", "concurrency", "accepted_limit", "accepted_per_ms")


@dataclass(frozen=True, kw_only=True, slots=True)
class TenantLimits:
    """For all of a tenant's jobs together, whatever their tasks; None: there is no such limit."""

    tenant: str
    rate: Rate | None = None
    concurrency: Concurrency | None = None
    accepted: Throttle | None = None  #: the quota
    since: datetime | None = None
    by: str = ""

    @property
    def any(self) -> bool:
        """Whether there are any at all."""
        return any(one is not None for one in (self.rate, self.concurrency, self.accepted))

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
            raise InvalidInput("limits", "give rate, concurrency or accepted; DELETE takes all away")
        if (rate := self.rate) is not None:
            _within("rate.limit", "is at least 1", fits=rate.limit >= 1)
            _within("rate.burst", f"is between 1 and {MOST_BURST:,}", fits=1 <= rate.burst <= MOST_BURST)
            fits = rate.per >= _MS and FASTEST <= rate.interval <= SLOWEST
            _within("rate.per", f"per / limit is between 1 ms and {SLOWEST.days} days", fits=fits)
        if (slots := self.concurrency) is not None:
            fits = 1 <= slots.limit <= MOST_SLOTS
            _within("concurrency", f"is between 1 and {MOST_SLOTS}", fits=fits)
        if (quota := self.accepted) is not None:
            fits = 1 <= quota.limit <= MOST_ACCEPTED
            _within("accepted.limit", f"is between 1 and {MOST_ACCEPTED:,}", fits=fits)
            fits = SHORTEST_PERIOD <= quota.per <= LONGEST_PERIOD
            _within("accepted.per", f"is between 1 second and {LONGEST_PERIOD.days} days", fits=fits)


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
    if limits.accepted is not None:
        quota = limits.accepted
        fields |= {"accepted_limit": quota.limit, "accepted_per_ms": quota.per // _MS}
    return fields


def read_limits(tenant: str, fields: Fields) -> TenantLimits:
    """The limits as the item holds them."""

    def number(name: str) -> int:
        return int(str(fields.get(name, 0)))

    return TenantLimits(
        tenant=tenant,
        rate=Rate(number("rate_limit"), number("rate_per_ms") * _MS, burst=number("rate_burst"))
        if "rate_limit" in fields
        else None,
        concurrency=Concurrency(number("concurrency")) if "concurrency" in fields else None,
        accepted=Throttle(number("accepted_limit"), number("accepted_per_ms") * _MS)
        if "accepted_limit" in fields
        else None,
        since=from_ms(number("since")) if "since" in fields else None,
        by=str(fields.get("by", "")),
    )

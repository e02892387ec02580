"""How many schedules a tenant has: counted beside them, and counted anew before anybody is refused."""

from chalicelib.domain.change import Equals, Missing, Present
from chalicelib.domain.errors import NotPossible, OverQuota
from chalicelib.pipeline.items import Below, Edit, Kept, Spot
from chalicelib.pipeline.parts import Parts
from chalicelib.pipeline.patience import patience
from chalicelib.pipeline.schedule_query import all_of
from chalicelib.pipeline.tenant_limits import MOST_SCHEDULES
from chalicelib.pipeline.tenants import limits_at_the_door

MOST = MOST_SCHEDULES


def reserve(tenant: str, *, parts: Parts) -> None:
    """Count one more. Raises `NotPossible` when the tenant has as many as there may be, `OverQuota` when it has as many as it may.

    The count is not exact: who dies between counting and creating leaves one too many, and finished ones go by themselves. So it is only
    believed as long as it says that there is room.
    """
    spot, most = _spot(tenant), _most(tenant, parts)
    room = ((Missing("count"),), (Below("count", most),)) if most else ((Below("count", most),),)
    answer = patience(parts)(parts.items.write, spot, Edit(where=room, add={"count": 1}))
    if isinstance(answer, Kept):
        return
    counted = sum(1 for _ in all_of(tenant, parts=parts))
    if counted >= MOST:
        raise NotPossible(f"tenant {tenant} has {MOST:,} schedules already; delete some first")
    if counted >= most:
        raise OverQuota("schedules", f"tenant {tenant} may have {most:,} schedules, and has {counted:,}")
    seen = ((Equals("count", answer.fields["count"]),),)
    patience(parts)(parts.items.write, spot, Edit(where=seen, set={"count": counted + 1}))


def release(tenant: str, *, parts: Parts) -> None:
    """Count one less."""
    patience(parts)(parts.items.write, _spot(tenant), Edit(where=((Present("count"),),), add={"count": -1}))


def _most(tenant: str, parts: Parts) -> int:
    limits = limits_at_the_door(tenant, parts)
    return MOST if limits is None or limits.schedules is None else min(MOST, limits.schedules)


def _spot(tenant: str) -> Spot:
    return Spot("tally#schedules", tenant)

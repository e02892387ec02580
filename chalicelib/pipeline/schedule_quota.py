"""How many schedules a tenant has: counted beside them, and counted anew before anybody is refused."""

from chalicelib.domain.change import Equals, Missing, Present
from chalicelib.domain.errors import NotPossible
from chalicelib.pipeline.items import Below, Edit, Kept, Spot
from chalicelib.pipeline.parts import Parts
from chalicelib.pipeline.patience import patience
from chalicelib.pipeline.schedule_query import all_of

MOST = 10_000
"""Schedules of one tenant. All of them due in one minute are fired within a few ticks."""


def reserve(tenant: str, *, parts: Parts) -> None:
    """Count one more. Raises `NotPossible` when the tenant has as many as it may.

    The count is not exact: who dies between counting and creating leaves one too many, and finished ones go by themselves. So it is only
    believed as long as it says that there is room.
    """
    spot = _spot(tenant)
    room = ((Missing("count"),), (Below("count", MOST),))
    answer = patience(parts)(parts.items.write, spot, Edit(where=room, add={"count": 1}))
    if isinstance(answer, Kept):
        return
    counted = sum(1 for _ in all_of(tenant, parts=parts))
    if counted >= MOST:
        raise NotPossible(f"tenant {tenant} has {MOST:,} schedules already; delete some first")
    seen = ((Equals("count", answer.fields["count"]),),)
    patience(parts)(parts.items.write, spot, Edit(where=seen, set={"count": counted + 1}))


def release(tenant: str, *, parts: Parts) -> None:
    """Count one less."""
    patience(parts)(parts.items.write, _spot(tenant), Edit(where=((Present("count"),),), add={"count": -1}))


def _spot(tenant: str) -> Spot:
    return Spot("tally#schedules", tenant)

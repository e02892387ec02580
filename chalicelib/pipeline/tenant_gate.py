"""A tenant's own gates, beside its tasks': by which name they go, and where what is known of their numbers is kept."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from chalicelib.domain.flow import Gate

if TYPE_CHECKING:
    from chalicelib.pipeline.budgets.hold import Hold
    from chalicelib.pipeline.tenant_limits import TenantLimits

TENANT_KEY = "jobline.tenant"
"""The key of these gates. No task is called so, and no limit may be."""

_LONG_AGO, _NEVER = datetime.min.replace(tzinfo=UTC), datetime.max.replace(tzinfo=UTC)


@dataclass(slots=True)
class Memory:
    """What a process knows of tenants' limits, and until when it need not ask. None: it has never asked."""

    known: "Mapping[str, TenantLimits] | None" = None
    until: datetime = _LONG_AGO
    holds: "Mapping[str, Hold]" = field(default_factory=dict)
    """Spent budgets that stop submissions, by whose they are: known and forgotten together with the limits."""

    @classmethod
    def of_nobody(cls) -> "Memory":
        """That nobody has limits, for good: for whoever counts or replays a process's calls, a listing a minute apart."""
        return cls(known={}, until=_NEVER)


def of_tenant(gate: Gate) -> bool:
    """Whether the gate is the tenant's, and not the task's."""
    return gate.key == TENANT_KEY


def word(gate: Gate) -> str:
    """What the job's history calls a wait at it."""
    return f"tenant {gate.kind}" if of_tenant(gate) else gate.kind

"""What this process knows of tenants' limits: one listing at most once a minute, held in memory. So a change is seen within a minute."""

import logging
from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta

from chalicelib.domain.errors import MachineryError
from chalicelib.domain.flow import GateKind
from chalicelib.domain.job import Job
from chalicelib.pipeline.budgets.hold import PREFIX, Hold, read_hold
from chalicelib.pipeline.built_in import OWN
from chalicelib.pipeline.gates import Policy
from chalicelib.pipeline.parts import Parts
from chalicelib.pipeline.tenant_limits import MOST_CHILDREN, TenantLimits, listed_items, read_limits

log = logging.getLogger(__name__)

REMEMBER = timedelta(minutes=1)
"""How old what is known may be."""

AGAIN = timedelta(seconds=5)
"""When the next try is, after one that failed."""

_UNKNOWN = {"action": "limits_unknown"}


def limits_of(tenant: str, parts: Parts) -> TenantLimits | None:
    """The tenant's limits, if it has any; what was known before, if they cannot be read. Raises `Unavailable` if nothing was."""
    return _known(parts).get(tenant)


def limits_at_the_door(tenant: str, parts: Parts) -> TenantLimits | None:
    """The same, or None: limits that cannot be read are no reason to refuse jobs."""
    try:
        return limits_of(tenant, parts)
    except MachineryError as error:
        log.warning("tenants' limits are unknown; none is taken to be: %s", error, extra=_UNKNOWN)
        return None


def holds_at_the_door(parts: Parts) -> Mapping[str, Hold]:
    """The budgets that stop submissions, by whose they are; none, if they cannot be read and never could: no reason to refuse jobs."""
    try:
        _known(parts)
    except MachineryError as error:
        log.warning("spent budgets are unknown; none is taken to be: %s", error, extra=_UNKNOWN)
    return parts.tenants.holds


def children_of(tenant: str, parts: Parts) -> int:
    """How many children a group of this tenant's may have."""
    limits = limits_at_the_door(tenant, parts)
    return MOST_CHILDREN if limits is None or limits.children is None else limits.children


def _known(parts: Parts) -> Mapping[str, TenantLimits]:
    """The limits of all tenants that have any, by their names. Threads that find nothing known each read; later, one of them does."""
    memory, now = parts.tenants, parts.world.now()
    if memory.known is not None and now < memory.until:
        return memory.known
    if memory.known is not None:
        memory.until = now + AGAIN  # the others go on with what is known meanwhile
    try:
        found, holds = {}, {}
        for key, fields in listed_items(parts.items):
            if key.startswith(PREFIX):
                if (hold := read_hold(key, fields)) is not None:
                    holds[hold.whose] = hold
            elif (limits := read_limits(key, fields)).any:
                found[key] = limits
    except MachineryError as error:
        if memory.known is None:
            raise
        log.warning("tenants' limits cannot be read; the old ones hold: %s", error, extra=_UNKNOWN)
        return memory.known
    memory.holds = holds
    memory.known, memory.until = found, now + REMEMBER
    return found


def limited(job: Job, parts: Parts) -> Job:
    """The job with its tenant's gates. Jobline's own deliveries have none: nothing of the tenant's runs in them."""
    limits = None if job.task in OWN else limits_at_the_door(job.tenant, parts)
    if limits is None or not limits.gates:
        return job
    first = [gate for gate in job.gates if gate.kind is not GateKind.RATE]
    last = [gate for gate in job.gates if gate.kind is GateKind.RATE]
    return replace(job, gates=(*first, *limits.gates, *last))


def policies_of(tenant: str, parts: Parts) -> Mapping[GateKind, Policy]:
    """The numbers of its gates, as they are now. Raises `Unavailable` if they have never been known."""
    limits = limits_of(tenant, parts)
    if limits is None:
        return {}
    found = {GateKind.SLOTS: limits.concurrency, GateKind.RATE: limits.rate}
    return {kind: policy for kind, policy in found.items() if policy is not None}

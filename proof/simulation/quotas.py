"""QUOTA: of the jobs that a tenant asks for, never more are there that have not ended, and never more are accepted in a period, than its quotas say."""

from datetime import timedelta
from typing import TYPE_CHECKING

from chalicelib.domain.job import TERMINAL, Job
from chalicelib.pipeline.ids import time_of
from chalicelib.pipeline.task import BUILT_IN
from chalicelib.pipeline.tenant_limits import TenantLimits

if TYPE_CHECKING:
    from proof.simulation.monitor import Monitor

LATE = timedelta(minutes=8)
"""A door that stood still for so long is no door any more: the place that it took is taken to be free after ten minutes."""


class Quotas:
    """The quotas of one history's tenants."""

    def __init__(self, monitor: "Monitor") -> None:
        self._monitor = monitor
        self.limits: dict[str, TenantLimits] = {}  #: by tenant
        self.unknown = False  #: a door may have begun without knowing of them

    def created(self, row: Job) -> None:
        """A row was put."""
        limits = self.limits.get(row.tenant)
        if limits is None or row.cause is not None or row.task.startswith(BUILT_IN) or self.unknown:
            return
        now = self._monitor.true_time
        if now - time_of(row.id) > LATE - self._monitor.wide:
            self.unknown = True  # it is one too many, from now on
            return
        asked = [
            one
            for one in self._monitor.ever.values()
            if one.tenant == row.tenant and one.cause is None and not one.task.startswith(BUILT_IN)
        ]
        there = [
            one for one in asked if (found := self._monitor.rows.get(one.id)) and found.state not in TERMINAL
        ]
        self._most("unfinished", limits.unfinished, len(there), row)
        accepted = limits.accepted
        if accepted is not None:
            self._most(
                "accepted", accepted.limit, sum(now - time_of(one.id) < accepted.per for one in asked), row
            )

    def _most(self, name: str, most: int | None, there: int, row: Job) -> None:
        if most is not None and there > most:
            self._monitor.fail("QUOTA", f"{name}: {there} jobs of {row.tenant}, of {most}")

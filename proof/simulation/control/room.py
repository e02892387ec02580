"""What every room of the control worlds can see: which jobs share a key, which attempts are live, what time it truly is."""

import json
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from chalicelib.domain.job import Job, State
from proof.simulation.control.tasks import POLICIES

if TYPE_CHECKING:
    from proof.simulation.monitor import Monitor

Key = tuple[str, str, str]
"""Tenant, task and group: what shares a limit, a line or a lock."""


class Room:
    """One feature's promises. `policy` is the option of the task that it judges; jobs of other tasks are none of its business."""

    policy = ""

    def __init__(self, monitor: "Monitor") -> None:
        self.monitor = monitor

    def created(self, row: Job, key: Key, policy: Any) -> None:
        """A row was put."""

    def started(self, row: Job, key: Key, policy: Any) -> None:
        """A handler starts, in the row's epoch."""

    def written(self, old: Job, new: Job, label: str, key: Key, policy: Any) -> None:
        """A write took effect."""

    def looked_at(self) -> None:
        """A minute has passed, and all faults are over."""

    def over(self) -> None:
        """All is quiet: nothing more will come."""

    def fail(self, name: str, words: str, row: Job) -> None:
        """An invariant does not hold."""
        self.monitor.fail(name, f"{row.task}[{row.id[-6:]}] {words}")

    @property
    def now(self) -> datetime:
        """The true time."""
        return self.monitor.true_time

    @property
    def wide(self) -> timedelta:
        """By how much two clocks may differ, and a little."""
        return self.monitor.wide

    def live(self, job_id: str, epoch: int, *, truly: bool = False) -> bool:
        """Whether that attempt still has the right to run, by every clock; or by the true time."""
        row = self.monitor.rows.get(job_id)
        return (
            row is not None
            and row.state is State.RUNNING
            and row.epoch == epoch
            and row.lease is not None
            and row.lease > (self.now if truly else self.now + self.wide)
        )


def args_of(row: Job, monitor: "Monitor") -> dict[str, Any]:
    """Its arguments, which are small here."""
    found: dict[str, Any] = json.loads(monitor.text(row.id, row.args) or "{}")
    return found


def key_of(row: Job, monitor: "Monitor") -> Key:
    """What the job shares."""
    return (row.tenant, row.task, args_of(row, monitor).get("group", ""))


def policy_of(row: Job, name: str) -> Any:
    """The task's policy of that name; None: it has none."""
    return POLICIES.get(row.task, {}).get(name)

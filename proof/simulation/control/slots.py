"""SLOTS: at most `limit` live attempts of a key have started their handlers, whoever dies, sleeps or comes late."""

from collections import defaultdict
from datetime import datetime, timedelta

from chalicelib.domain.flow import Concurrency
from chalicelib.domain.job import Job, State
from proof.simulation.control.room import Key, Room, key_of, policy_of

PATIENCE = timedelta(minutes=20)
"""The tick looks at a place where somebody waits every quarter of an hour at least. Without that, each looks for himself once an hour."""


class Slots(Room):
    """Who runs under which key."""

    policy = "concurrency"

    def __init__(self, *args: object) -> None:
        super().__init__(*args)  # type: ignore[arg-type]
        self.running: dict[Key, dict[str, int]] = defaultdict(dict)
        self.idle: dict[Key, datetime] = {}  #: since when there is room

    def started(self, row: Job, key: Key, policy: Concurrency) -> None:
        """One more: were there others enough?"""
        self.running[key][row.id] = row.epoch
        self.idle.pop(key, None)
        self._count(row, key, policy)

    def written(self, old: Job, new: Job, label: str, key: Key, policy: Concurrency) -> None:
        """A lease that grows must not bring back to life what another has taken the place of."""
        if label == "reclaimed" and self.running[key].get(old.id) == old.epoch:
            self.monitor.seen("F72")
        if label in {"renewed", "checkpointed"} and self.running[key].get(new.id) == new.epoch:
            self._count(new, key, policy)

    def looked_at(self) -> None:
        """Once a minute, when all faults are over: nobody waits long at a slot that nobody has."""
        if self.monitor.outage is not None and self.now < self.monitor.outage[1]:
            self.idle.clear()
            return
        for row in list(self.monitor.rows.values()):
            policy = policy_of(row, self.policy)
            if policy is None:
                continue
            key = key_of(row, self.monitor)
            free = (
                sum(self.live(job_id, epoch, truly=True) for job_id, epoch in self.running[key].items())
                < policy.limit
            )
            idle = self.idle.setdefault(key, self.now) if free else self.idle.pop(key, None)
            if not free or idle is None or row.state is not State.SCHEDULED or row.history[-1:] == ():
                continue
            last = row.history[-1]
            since = max(idle, last.at + self.wide)
            if last.event == "parked" and last.note == "slots" and self.now - since > PATIENCE:
                self.fail("TURN", f"waits {self.now - since} at a slot that nobody has", row)

    def _count(self, row: Job, key: Key, policy: Concurrency) -> None:
        running = self.running[key]
        for job_id in [each for each, epoch in running.items() if not self.live(each, epoch)]:
            if job_id in self.monitor.rows and self.monitor.rows[job_id].epoch != running[job_id]:
                del running[job_id]
        live = [job_id for job_id, epoch in running.items() if self.live(job_id, epoch, truly=True)]
        if len(live) > policy.limit:
            others = ", ".join(each[-6:] for each in live if each != row.id)
            self.fail("SLOTS", f"runs beside {others}, {policy.limit} may", row)
        if len(live) == policy.limit:
            self.monitor.seen("slots full")

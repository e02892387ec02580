"""SLOTS: at most `limit` live attempts of a key have started their handlers, whoever dies, sleeps or comes late."""

from collections import defaultdict

from chalicelib.domain.flow import Concurrency
from chalicelib.domain.job import Job
from proof.simulation.control.room import Key, Room


class Slots(Room):
    """Who runs under which key."""

    policy = "concurrency"

    def __init__(self, *args: object) -> None:
        super().__init__(*args)  # type: ignore[arg-type]
        self.running: dict[Key, dict[str, int]] = defaultdict(dict)

    def started(self, row: Job, key: Key, policy: Concurrency) -> None:
        """One more: were there others enough?"""
        self.running[key][row.id] = row.epoch
        self._count(row, key, policy)

    def written(self, old: Job, new: Job, label: str, key: Key, policy: Concurrency) -> None:  # noqa: ARG002
        """A lease that grows must not bring back to life what another has taken the place of."""
        if label in {"renewed", "checkpointed"} and self.running[key].get(new.id) == new.epoch:
            self._count(new, key, policy)

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

"""ORDER: of an ordered group one attempt is live at a time, and no job starts for the first time before one that was accepted earlier
has ended, or, where failures let others pass, has been tried.
"""

from collections import defaultdict
from datetime import datetime

from chalicelib.domain.flow import Ordered
from chalicelib.domain.job import TERMINAL, Job
from chalicelib.pipeline.ids import time_of
from proof.simulation.control.room import Key, Room


class Lines(Room):
    """Who stands in which line."""

    policy = "ordered"

    def __init__(self, *args: object) -> None:
        super().__init__(*args)  # type: ignore[arg-type]
        self.running: dict[Key, dict[str, int]] = defaultdict(dict)
        self.jobs: dict[Key, dict[str, datetime]] = defaultdict(dict)  #: when each was put

    def created(self, row: Job, key: Key, policy: Ordered) -> None:  # noqa: ARG002
        """It stands in line."""
        self.jobs[key][row.id] = self.now

    def started(self, row: Job, key: Key, policy: Ordered) -> None:
        """Is it alone, and is it its turn?"""
        running = self.running[key]
        for job_id, epoch in running.items():
            if job_id != row.id and self.live(job_id, epoch):
                self.fail("ORDER", f"runs beside {job_id[-6:]}", row)
        first = row.id not in running
        running[row.id] = row.epoch
        if first:
            self._in_turn(row, key, policy)

    def _in_turn(self, row: Job, key: Key, policy: Ordered) -> None:
        """Nobody who was answered before this one was asked for is still to come."""
        asked = time_of(row.id) - self.wide  # its door's clock said so
        for job_id in self.jobs[key]:
            answered = self.monitor.answered_at.get(job_id)
            other = self.monitor.rows.get(job_id)
            if answered is None or answered >= asked or other is None or other.state in TERMINAL:
                continue
            if any(entry.event == "redriven" for entry in (*other.history, *row.history)):
                continue  # who is redriven goes to the end
            self.monitor.seen("in line")
            tried = job_id in self.running[key]
            if not tried or policy.on_retry == "hold":
                self.fail("ORDER", f"starts before {job_id[-6:]}, accepted before it, {other.state}", row)

"""RATE: in any time W at most burst + (W + what clocks differ by, and what a started attempt may dawdle) / interval handlers of a key start."""

from collections import defaultdict
from datetime import datetime, timedelta

from chalicelib.domain.flow import Rate
from chalicelib.domain.job import Job
from proof.simulation.control.room import Key, Room


class Rates(Room):
    """When handlers started, by key."""

    policy = "rate"

    def __init__(self, *args: object) -> None:
        super().__init__(*args)  # type: ignore[arg-type]
        self.starts: dict[Key, list[datetime]] = defaultdict(list)

    def started(self, row: Job, key: Key, policy: Rate) -> None:
        """Judge every window that ends now."""
        starts = self.starts[key]
        starts.append(self.now)
        slack = self.wide + self.monitor.dawdle
        for number, first in enumerate(reversed(starts), 1):
            allowed = policy.burst + (self.now - first + slack) / policy.interval
            if number > allowed + 1e-6:
                self.fail("RATE", f"start number {number} in {self.now - first}, {allowed:.2f} may", row)
            if self.now - first > timedelta(minutes=20):
                break

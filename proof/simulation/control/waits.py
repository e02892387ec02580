"""TURN: whoever waits costs little: so many times given back by the hour, and not again and again."""

from collections import Counter

from chalicelib.domain.job import Job
from proof.simulation.control.room import Room, key_of
from proof.simulation.law import GIVEN

AT_ONCE = 12
A_MINUTE = 2.0
"""How often a job may be given back: some times whatever happens, and so often a minute of its wait."""


class Waits:
    """How often each job was given back."""

    def __init__(self, room: Room) -> None:
        self._room = room
        self._given: Counter[str] = Counter()
        self._since: dict[str, object] = {}

    def written(self, new: Job, label: str) -> None:
        """Count."""
        if label in GIVEN and new.history[-1].note != "continued":
            room = self._room
            begun = self._since.setdefault(new.id, room.now)
            self._given[new.id] += 1
            minutes = (room.now - begun).total_seconds() / 60  # type: ignore[operator]
            if self._given[new.id] > AT_ONCE + A_MINUTE * minutes:
                key = key_of(new, room.monitor)
                room.fail(
                    "TURN", f"given back {self._given[new.id]} times in {minutes:.1f} minutes: {key}", new
                )

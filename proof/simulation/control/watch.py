"""The rooms together: each hears of what happens to jobs whose task has its policy."""

from datetime import datetime
from typing import TYPE_CHECKING

from chalicelib.domain.job import Job
from proof.simulation.control.alike import Last, Sole, Throttled
from proof.simulation.control.fires import Fires
from proof.simulation.control.lines import Lines
from proof.simulation.control.parts import Parts
from proof.simulation.control.rates import Rates
from proof.simulation.control.room import Key, Room, key_of, policy_of
from proof.simulation.control.slots import Slots
from proof.simulation.control.tasks import POLICIES
from proof.simulation.control.waits import Waits

if TYPE_CHECKING:
    from proof.simulation.monitor import Monitor

ROOMS: tuple[type[Room], ...] = (Slots, Rates, Lines, Sole, Last, Throttled, Parts)


class Control:
    """Watches the control features of one history."""

    def __init__(self, monitor: "Monitor") -> None:
        self._monitor = monitor
        self._rooms: list[Room] = [room(monitor) for room in ROOMS]
        self.fires = Fires(monitor)
        self._waits = Waits(Room(monitor))
        self._keys: dict[str, Key] = {}

    def created(self, row: Job, *, by_hand: bool) -> None:
        """A row was put; `by_hand`: by somebody who had a schedule fire now."""
        self.fires.created(row, by_hand=by_hand)
        if row.task in POLICIES:
            self._keys[row.id] = key_of(row, self._monitor)
            for room in self._rooms:
                if (policy := policy_of(row, room.policy)) is not None:
                    room.created(row, self._keys[row.id], policy)

    def started(self, row: Job) -> None:
        """A handler starts."""
        self.fires.started(row)
        if row.id in self._keys:
            for room in self._rooms:
                if (policy := policy_of(row, room.policy)) is not None:
                    room.started(row, self._keys[row.id], policy)

    def written(self, old: Job, new: Job, label: str) -> None:
        """A write took effect."""
        if new.id in self._keys:
            self._waits.written(new, label)
            for room in self._rooms:
                if (policy := policy_of(new, room.policy)) is not None:
                    room.written(old, new, label, self._keys[new.id], policy)

    def answered(self, row: Job, pad: str, asked_at: datetime, *, keyed: bool) -> None:
        """A client was told that this job is the answer to a request."""
        now = self._monitor.rows.get(row.id, row)
        for room in self._rooms:
            policy = policy_of(row, room.policy)
            if isinstance(room, Last) and policy is not None:
                room.asked(row, pad, asked_at)
            elif isinstance(room, Sole) and policy is not None and not keyed:
                room.answered(now, policy, asked_at)

    @property
    def parts(self) -> Parts:
        """The room of long jobs."""
        return next(room for room in self._rooms if isinstance(room, Parts))

    def looked_at(self) -> None:
        """A minute has passed, and all faults are over."""
        if self._keys:
            for room in self._rooms:
                room.looked_at()

    def over(self) -> None:
        """All is quiet."""
        self.fires.over()
        for room in self._rooms:
            room.over()

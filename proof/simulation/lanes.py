"""The queue behind the seam: messages vanish, multiply, dawdle, come back after deletion; sends are refused, or reported refused and not."""

from collections.abc import Callable, Sequence
from datetime import timedelta

from chalicelib.adapters.memory.queue import DEAD_LETTERS, MemoryQueue, Message
from chalicelib.domain.errors import Unavailable
from chalicelib.domain.job import State, Wakeup
from chalicelib.pipeline.limits import MAX_QUEUE_DELAY
from chalicelib.pipeline.messages import encode
from chalicelib.pipeline.ports import LaneDepth
from proof.simulation.clockwork import Clockwork, current
from proof.simulation.monitor import Monitor
from proof.simulation.ports import MS
from proof.simulation.profile import MINUTE, SECOND
from proof.simulation.seam import Seam

VISIBILITY = 360 * SECOND
NEWER = '{"v":9,"tenant":"default","job":"x","epoch":0}'
"""A message of code to come. This code must give it back; what becomes of it is the newer code's business."""


class SimQueue:
    """`JobQueue` for the workers, and the side of it that Lambda's poller holds."""

    def __init__(self, twin: MemoryQueue, seam: Seam, monitor: Monitor, clock: Clockwork) -> None:
        self.twin = twin
        self.sent: dict[tuple[str, str], None] = {}  #: every message there ever was, in order
        self.arrived: Callable[[str, int], None] = lambda _lane, _when: (
            None
        )  #: told of each message and when it is visible
        self._seam = seam
        self._fate = seam.fate
        self._modes = seam.profile.modes
        self._monitor = monitor
        self._clock = clock

    def send(self, wakeups: Sequence[Wakeup]) -> Sequence[Wakeup]:
        """Send each. As the port says, it raises for none."""
        box = current().box
        try:
            unsent = self._seam.call(
                "queue.send", f"{len(wakeups)}", lambda: self._send(wakeups), table=False
            )
        except Unavailable:
            return list(wakeups)  # the adapter answers so when the call fails, whether or not it took effect
        box.woken.update(wakeup.job_id for wakeup in wakeups if wakeup not in unsent)
        return unsent

    def _send(self, wakeups: Sequence[Wakeup]) -> Sequence[Wakeup]:
        for wakeup in wakeups:
            if not timedelta(0) <= wakeup.delay <= MAX_QUEUE_DELAY:
                error = ValueError(f"delay: {wakeup.delay} is not between 0 and {MAX_QUEUE_DELAY}")
                self._monitor.bug(error)
                raise error
        unsent = []
        for wakeup in wakeups:
            self._monitor.sent(wakeup)
            fate = self._fate_of()
            if fate == "refuse":
                unsent.append(wakeup)
                self._note_loss(wakeup)
                if len(wakeups) > 1:
                    self._fate.hit("F07")
            elif fate == "drop":
                self._note_loss(wakeup)
                self.sent[wakeup.lane, encode(wakeup)] = None
            else:
                copies = 3 if fate == "double" else 1
                extra = self._seam.pace.randrange(15 * MINUTE) if fate == "slow" else 0
                for _ in range(copies):
                    self.put(wakeup.lane, encode(wakeup), max(0, -(-wakeup.delay // MS)) + extra)
                if fate == "lie":
                    self._fate.hit("F05")
                    unsent.append(wakeup)
        return unsent

    def _fate_of(self) -> str:
        strikes, denied = self._fate.strikes, self._seam.profile.denied
        if denied and denied[0] <= self._clock.now < denied[1] and strikes("denied", always=True):
            self._fate.hit("F06")
            return "refuse"
        if "drop_all" in self._modes and strikes("drop_all", always=True):
            self._fate.hit("F10")
            return "drop"
        if "double_all" in self._modes and strikes("double_all", always=True):
            self._fate.hit("F11")
            return "double"
        for name in ("drop", "double", "slow", "refuse", "lie"):
            if strikes(name):
                if name == "slow":
                    self._fate.hit("F12")
                return name
        return ""

    def _note_loss(self, wakeup: Wakeup) -> None:
        row = self._monitor.rows.get(wakeup.job_id)
        if row is not None and row.state is State.RETRYING:
            self._fate.hit("F33")

    def put(self, lane: str, body: str, delay: int = 0) -> None:
        """A message enters a lane."""
        self.twin.put(lane, body, delay=delay * MS)
        self.sent[lane, body] = None
        self.arrived(lane, self._clock.now + delay)

    def extend(self, lane: str, receipt: str, visibility: timedelta) -> None:
        self._seam.call("queue.extend", "", lambda: self.twin.extend(lane, receipt, visibility), table=False)

    def depths(self) -> Sequence[LaneDepth]:
        return self.twin.depths()

    def receive(self, lane: str, most: int) -> list[Message]:
        """What the poller gets. What was received too often goes to the dead-letter lane, and is looked for there."""
        before = [message for message in self.twin.messages if message.lane == lane]
        found = self.twin.receive(lane, most)
        for message in before:
            if message.lane == DEAD_LETTERS != lane:
                message.visible = self._monitor.world.now()
                self.arrived(DEAD_LETTERS, self._clock.now)
        for _ in found:
            self.arrived(lane, self._clock.now + VISIBILITY)
        return found

    def done(self, message: Message, receipt: str) -> None:
        """The poller deletes a message that was handled; perhaps it does not work, or not for good."""
        strikes, seam = self._fate.strikes, self._seam
        if strikes("undeleted"):
            seam.note(f"{message.id} is not deleted")
            return
        if strikes("stale_receipt"):
            receipt = "stale"
            self._fate.hit("F14")
        self.twin.delete(receipt)
        if strikes("redeliver"):
            self._fate.hit("F13")
            self.put(message.lane, message.body, seam.pace.choice((0, SECOND, 2 * MINUTE)))

    def back(self, message: Message) -> None:
        """A message that was not handled: visible again at once, or when its time is over."""
        if self._seam.pace.random() < 0.5:
            message.visible = self._monitor.world.now()
            self.arrived(message.lane, self._clock.now)

    def purge(self) -> None:
        """An operator empties all lanes."""
        if self.twin.messages:
            self._fate.hit("F41")
        self.twin.messages.clear()
        self._seam.note("all lanes are purged")

"""The lanes as SQS may behave at its worst: messages doubled, reordered, seen again after deletion by a stale handle.

`send`, `extend` and `depths` are the pipeline's side. `receive` and `delete` are the side that Lambda's poller holds on AWS.
"""

import threading
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from random import Random  # noqa: TID251 - a twin makes its own chance, from a seed

from chalicelib.adapters.memory.fairness import Fairness
from chalicelib.domain.job import Wakeup
from chalicelib.lanes import LANES
from chalicelib.pipeline.messages import check_delay, encode
from chalicelib.pipeline.ports import LaneDepth, World

DEAD_LETTERS = "dead-letters"
MOST_HIDDEN = timedelta(hours=12)


@dataclass(kw_only=True)
class Message:
    """One message in a lane."""

    id: str
    lane: str
    body: str
    visible: datetime
    receives: int = 0
    receipt: str = ""
    trace: str | None = None
    tenant: str | None = None


@dataclass(kw_only=True)
class Unkindness:
    """How unkind the queue is, each a probability; by default it is kind. Chance comes from the seed."""

    doubles: float = 0.0
    shuffles: bool = False
    refuses: float = 0.0
    chance: Random = field(default_factory=lambda: Random(0))  # noqa: S311 - repeatable chance is the point


class MemoryQueue:
    """The twin of `SqsQueue`."""

    def __init__(
        self,
        world: World,
        *,
        visibility: timedelta = timedelta(seconds=360),
        max_receives: int = 10,
        unkindness: Unkindness | None = None,
        fair: bool = False,
    ) -> None:
        """`fair`: tenants that flood a lane wait behind the others, as on SQS. Otherwise what was sent first comes first."""
        self._world = world
        self._visibility = visibility
        self._max_receives = max_receives
        self._unkindness = unkindness or Unkindness()
        self._fairness: dict[str, Fairness] | None = defaultdict(Fairness) if fair else None
        self.sent = 0  #: messages, since the beginning
        self._lock = threading.RLock()
        self.messages: list[Message] = []

    def send(self, wakeups: Sequence[Wakeup]) -> Sequence[Wakeup]:
        """Send each; a share of them is refused, as entries of a batch can be."""
        for wakeup in wakeups:
            check_delay(wakeup)
        unsent = []
        for wakeup in wakeups:
            if wakeup.lane not in LANES or self._happens(self._unkindness.refuses):
                unsent.append(wakeup)
                continue
            for _ in range(2 if self._happens(self._unkindness.doubles) else 1):
                self.put(
                    wakeup.lane,
                    encode(wakeup),
                    delay=wakeup.delay,
                    trace=wakeup.trace,
                    tenant=wakeup.tenant,
                )
        return unsent

    def put(
        self,
        lane: str,
        body: str,
        *,
        delay: timedelta = timedelta(0),
        trace: str | None = None,
        tenant: str | None = None,
    ) -> None:
        """Put any body into a lane, as anybody with the right to send could."""
        now = self._world.now()
        with self._lock:
            self.sent += 1
            message = Message(
                id=f"m{self.sent}", lane=lane, body=body, visible=now + delay, trace=trace, tenant=tenant
            )
            self.messages.append(message)
            if self._fairness is not None and tenant is not None:
                self._fairness[lane].sent(tenant, now)

    def extend(self, lane: str, receipt: str, visibility: timedelta) -> None:
        """Hide a received message for this long; a stale receipt, or one of a message that is visible again, does nothing."""
        now = self._world.now()
        until = now + max(timedelta(0), min(MOST_HIDDEN, visibility))
        with self._lock:
            for message in self.messages:
                if message.lane == lane and message.receipt == receipt and message.visible > now:
                    message.visible = until

    def receive(self, lane: str, most: int = 10) -> list[Message]:
        """Up to `most` visible messages, hidden from now on; those received too often go to the dead-letter queue instead."""
        now = self._world.now()
        taken: list[Message] = []
        with self._lock:
            for message in self._in_order(lane, now):
                if len(taken) == most:
                    break
                if lane != DEAD_LETTERS and message.receives >= self._max_receives:
                    message.lane, message.receives = DEAD_LETTERS, 0
                    continue
                message.receives += 1
                message.receipt = f"{message.id}.{message.receives}"
                message.visible = now + self._visibility
                taken.append(replace(message))
        return taken

    def _in_order(self, lane: str, now: datetime) -> Iterable[Message]:
        """The visible messages. Of a hundred thousand in a kind lane no more are looked at than are taken."""
        visible = (message for message in self.messages if message.lane == lane and message.visible <= now)
        if not self._unkindness.shuffles and self._fairness is None:
            return visible
        found = list(visible)
        if self._unkindness.shuffles:
            self._unkindness.chance.shuffle(found)
        return found if self._fairness is None else self._fairly(lane, found, now)

    def _fairly(self, lane: str, found: list[Message], now: datetime) -> list[Message]:
        assert self._fairness is not None
        in_flight = [one for one in self.messages if one.lane == lane and one.receives and one.visible > now]
        order = self._fairness[lane].order(_tenants(found), _tenants(in_flight), now)
        return [found[place] for place in order]

    def delete(self, receipt: str) -> bool:
        """Delete by the newest receipt. False: a stale receipt, which on SQS may answer 200 and delete nothing."""
        with self._lock:
            for place, message in enumerate(self.messages):  # those received are near its beginning
                if message.receipt == receipt:
                    del self.messages[place]
                    return True
            return False

    def depths(self) -> Sequence[LaneDepth]:
        """Each lane's depth."""
        return [self._depth(lane) for lane in (*LANES, DEAD_LETTERS)]

    def _depth(self, lane: str) -> LaneDepth:
        now = self._world.now()
        with self._lock:
            here = [message for message in self.messages if message.lane == lane]
        hidden = [message for message in here if message.visible > now]
        delayed = sum(1 for message in hidden if message.receives == 0)
        return LaneDepth(
            lane=lane, waiting=len(here) - len(hidden), delayed=delayed, in_flight=len(hidden) - delayed
        )

    def _happens(self, probability: float) -> bool:
        return probability > 0 and self._unkindness.chance.random() < probability


def _tenants(messages: Sequence[Message]) -> list[str]:
    return [message.id if message.tenant is None else message.tenant for message in messages]

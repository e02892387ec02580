"""Lambda's part, in virtual time: it hands batches to as many invocations at once as a lane's share and the account allow.

As unkind as it can be: whenever anything is free, the lanes are asked in their order, so the first takes all that it may.
"""

from collections import Counter, defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from random import Random

from chalicelib.adapters.memory import HeldWorld, MemoryQueue

STEP = timedelta(milliseconds=50)
BATCH = 10


@dataclass(kw_only=True)
class LambdaModel:
    """Some lanes, an account, and how long jobs wait there."""

    shares: Mapping[str, int | None]
    account: int
    fair: bool = True
    seconds: tuple[float, float] = (0.5, 1.5)  #: that a job takes: evenly between these
    seed: int = 0
    waits: dict[tuple[str, str], list[float]] = field(default_factory=lambda: defaultdict(list))
    """By lane and tenant: seconds from its sending until a job was with a consumer."""

    def __post_init__(self) -> None:
        self.chance = Random(self.seed)
        self.world = HeldWorld(seed=self.seed)
        self.queue = MemoryQueue(self.world, fair=self.fair)
        self._sent: dict[str, datetime] = {}
        self._running: list[tuple[datetime, str, list[str]]] = []
        self._owed: Counter[tuple[str, str]] = Counter()

    def send(self, lane: str, tenant: str) -> None:
        """One job."""
        self.queue.put(lane, tenant, tenant=tenant)
        self._sent[self.queue.messages[-1].id] = self.world.now()

    def pass_by(self, span: timedelta, rates: Mapping[tuple[str, str], float]) -> None:
        """Let time pass while tenants send, each so many jobs a second to a lane, at random moments."""
        for _ in range(int(span / STEP)):
            for (lane, tenant), rate in rates.items():
                expected = rate * STEP.total_seconds()
                number = int(expected) + (self.chance.random() < expected % 1)
                for _ in range(number):
                    self.send(lane, tenant)
            self._finish()
            self._start()
            self.world.advance(STEP)

    def _finish(self) -> None:
        now = self.world.now()
        for ends, _, receipts in self._running:
            if ends <= now:
                for receipt in receipts:
                    self.queue.delete(receipt)
        self._running = [one for one in self._running if one[0] > now]

    def _start(self) -> None:
        for lane, share in self.shares.items():
            while len(self._running) < self.account and (share is None or self._at_once(lane) < share):
                messages = self.queue.receive(lane, BATCH)
                if not messages:
                    break
                for message in messages:
                    wait = self.world.now() - self._sent[message.id]
                    self.waits[lane, message.body].append(wait.total_seconds())
                takes = max(
                    self.chance.uniform(*self.seconds) for _ in messages
                )  # a batch is as slow as its slowest
                ends = self.world.now() + timedelta(seconds=takes)
                self._running.append((ends, lane, [message.receipt for message in messages]))

    def _at_once(self, lane: str) -> int:
        return sum(1 for _, other, _ in self._running if other == lane)


def p95(waits: list[float]) -> float:
    """What 95 of 100 stay below."""
    return sorted(waits)[int(len(waits) * 0.95)]

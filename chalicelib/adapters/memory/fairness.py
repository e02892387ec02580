"""In which order a standard queue hands out messages when they say whose they are: the quiet tenants' first, while one is noisy.

After https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-fair-queues-detailed.html. Of its two measures this
has the first, the share of what is in flight; the second, the share of processing time, would find a noisy tenant sooner.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

SHARE = 0.1
"""Of all that is in flight: who has more of it, and at least LEAST messages, is noisy."""
LEAST = 30
SILENCE = timedelta(minutes=5)
"""Who has sent nothing for so long is quiet again; so is who has nothing left to be received."""


@dataclass(kw_only=True)
class Fairness:
    """What a queue has noticed of its tenants. A message that says nothing of whose it is has a tenant of its own."""

    noisy: set[str] = field(default_factory=set)
    _heard: dict[str, datetime] = field(default_factory=dict)

    def sent(self, tenant: str, now: datetime) -> None:
        """Somebody sent a message."""
        self._heard[tenant] = now

    def order(self, waiting: Sequence[str], in_flight: Sequence[str], now: datetime) -> list[int]:
        """In which order to hand out what waits: the places of these messages, which are given by their tenants."""
        share = Counter(in_flight)
        total = len(in_flight)
        backlog = set(waiting)
        self.noisy |= {
            tenant for tenant, number in share.items() if number >= LEAST and number > SHARE * total
        }
        self.noisy = {
            tenant
            for tenant in self.noisy
            if tenant in backlog and now - self._heard.get(tenant, now) < SILENCE
        }
        # Of several noisy tenants, the one with the least in flight first.
        return sorted(
            range(len(waiting)),
            key=lambda place: share[waiting[place]] if waiting[place] in self.noisy else -1,
        )

"""How far a run is: counts for each kind of work, from the jobs as last seen."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import reduce

from examples.demo.api import Document
from examples.demo.order import Order
from examples.demo.plan import KINDS


@dataclass(frozen=True, kw_only=True)
class Tally:
    """Of one kind of work."""

    total: int = 0
    succeeded: int = 0
    dead: int = 0
    retrying: int = 0
    running: int = 0
    other: int = 0  #: ended as cancelled or expired

    @property
    def ended(self) -> int:
        return self.succeeded + self.dead + self.other

    def plus(self, more: "Tally") -> "Tally":
        return Tally(**{name: getattr(self, name) + getattr(more, name) for name in vars(self)})

    def words(self) -> str:
        """What is worth saying, without what is zero: `41 ok, 3 dead, 2 retrying`."""
        counts = {"ok": self.succeeded, "dead": self.dead, "retrying": self.retrying, "running": self.running}
        return ", ".join(f"{count} {word}" for word, count in counts.items() if count)


ONE = {
    "SUCCEEDED": Tally(total=1, succeeded=1),
    "DEAD": Tally(total=1, dead=1),
    "RETRYING": Tally(total=1, retrying=1),
    "RUNNING": Tally(total=1, running=1),
    "CANCELLED": Tally(total=1, other=1),
    "EXPIRED": Tally(total=1, other=1),
}
WAITING = Tally(total=1)


def tally(orders: Mapping[str, Order], seen: Mapping[str, Document]) -> dict[str, Tally]:
    """For each kind that has jobs, in the order of the tables. `orders` by job id."""
    counts: dict[str, Tally] = {}
    for job_id, order in orders.items():
        state = seen[job_id]["state"] if job_id in seen else ""
        counts[order.kind] = counts.get(order.kind, Tally()).plus(ONE.get(state, WAITING))
    return {kind: counts[kind] for kind in KINDS if kind in counts}


def total(counts: Mapping[str, Tally]) -> Tally:
    """All kinds together."""
    return reduce(Tally.plus, counts.values(), Tally())

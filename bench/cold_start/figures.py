"""Many starts, side by side, and what they say."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from statistics import median

from bench.cold_start.start import CLIENTS, Start

GOAL = 1.3

Begin = Callable[[str | None, tuple[str, ...]], Start]


@dataclass(frozen=True, kw_only=True)
class Compared:
    """One function against the bare handler that makes the same clients. Seconds."""

    clients: tuple[str, ...]
    bare: Sequence[Start]
    ours: Sequence[Start]

    def least(self, what: str) -> tuple[float, float, float]:
        """Bare, ours and their ratio by the minimum of "wall" or "cpu": what other programs add, they add at random."""
        return self._by(min, what)

    def middle(self, what: str) -> tuple[float, float, float]:
        """The same by the median: what it was like on this machine, with all that went on."""
        return self._by(median, what)

    @property
    def ratio(self) -> float:
        """The figure that has a goal."""
        return self.least("wall")[2]

    @property
    def modules(self) -> tuple[int, int]:
        """How many modules each had imported."""
        return len(self.bare[0].modules), len(self.ours[0].modules)

    def _by(self, pick: Callable[[list[float]], float], what: str) -> tuple[float, float, float]:
        bare, ours = (pick([getattr(one, what) for one in some]) for some in (self.bare, self.ours))
        return bare, ours, ours / bare


def compare(begin: Begin, functions: Sequence[str], repeats: int) -> Mapping[str, Compared]:
    """Start everything once in turn, then all over again: a slow minute of the machine hits all alike. One round before is not counted."""
    candidates: list[tuple[str | None, tuple[str, ...]]] = []
    for name in functions:
        pair: tuple[tuple[str | None, tuple[str, ...]], ...] = ((None, CLIENTS[name]), (name, CLIENTS[name]))
        for candidate in pair:
            if candidate not in candidates:
                candidates.append(candidate)
    found: dict[tuple[str | None, tuple[str, ...]], list[Start]] = {one: [] for one in candidates}
    for turn in range(repeats + 1):
        for candidate in candidates:
            started = begin(*candidate)
            if turn:
                found[candidate].append(started)
    return {
        name: Compared(
            clients=CLIENTS[name], bare=found[None, CLIENTS[name]], ours=found[name, CLIENTS[name]]
        )
        for name in functions
    }

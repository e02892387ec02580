"""Two that do the same in turns, each again and again: what the machine does meanwhile meets both alike."""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from statistics import median


@dataclass(frozen=True, kw_only=True, slots=True)
class Took:
    """One turn, in seconds."""

    wall: float
    cpu: float


@dataclass(frozen=True, kw_only=True, slots=True)
class Sides:
    """Ours beside another's, turn by turn."""

    ours: Sequence[Took]
    theirs: Sequence[Took]

    def ratio(self, what: str) -> float:
        """Ours by theirs, the middle of each."""
        ours, theirs = (
            median(float(getattr(one, what)) for one in side) for side in (self.ours, self.theirs)
        )
        return ours / theirs


def in_turns(ours: Callable[[], object], theirs: Callable[[], object], *, turns: int, warm: int = 1) -> Sides:
    """Each so often, one after the other; the first ones are not counted."""
    found: tuple[list[Took], list[Took]] = ([], [])
    for turn in range(turns + warm):
        for act, kept in zip((ours, theirs), found, strict=True):
            wall, cpu = time.perf_counter(), time.process_time()
            act()
            took = Took(wall=time.perf_counter() - wall, cpu=time.process_time() - cpu)
            if turn >= warm:
                kept.append(took)
    return Sides(ours=found[0], theirs=found[1])

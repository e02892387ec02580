"""Many histories on several processes, for a time or a number of seeds, and what they add up to."""

import gc
import sys
import time
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, TextIO

from proof.simulation.control import FIRST as WORLDS
from proof.simulation.flows import FIRST as FLOWS
from proof.simulation.history import Report, run
from proof.simulation.matrix import HERE
from proof.spread import spread

CHUNK = 50
FAILURES = 10
"""So many failed histories are enough to look at."""

ENOUGH = 20_000
"""Histories after which each fault of the matrix must have been seen."""


@dataclass(kw_only=True)
class Sum:
    """What many histories showed."""

    histories: int = 0
    steps: int = 0
    seconds: float = 0.0
    busy: float = 0.0  #: processor seconds
    quiet: int = 0
    ledger: Counter[str] = field(default_factory=Counter)
    hits: Counter[str] = field(default_factory=Counter)
    seen: Counter[str] = field(default_factory=Counter)  #: fault -> histories that had it
    failed: list[tuple[int, str]] = field(default_factory=list)

    def add(self, report: Report) -> None:
        """Count one history."""
        self.histories += 1
        self.steps += report.steps
        self.quiet = max(self.quiet, report.quiet)
        self.ledger.update(report.ledger)
        self.hits.update(report.hits)
        self.seen.update(list(report.hits))
        if report.violation is not None:
            self.failed.append((report.seed, str(report.violation)))

    def merge(self, other: "Sum") -> None:
        """Count what another process counted."""
        self.histories += other.histories
        self.steps += other.steps
        self.busy += other.busy
        self.quiet = max(self.quiet, other.quiet)
        self.ledger.update(other.ledger)
        self.hits.update(other.hits)
        self.seen.update(other.seen)
        self.failed += other.failed

    @property
    def rate(self) -> float:
        """Histories a core and second."""
        return self.histories / self.busy if self.busy else 0.0

    @property
    def rarest(self) -> list[tuple[str, int]]:
        """The faults of the matrix, the rarest first, with their hits."""
        return sorted(((fault, self.hits[fault]) for fault in HERE), key=lambda found: found[1])

    def plain(self) -> Mapping[str, Any]:
        """The sum as JSON values."""
        accepted, submitted = self.ledger["accepted"], self.ledger["submitted"]
        return {
            "histories": self.histories,
            "steps": self.steps,
            "seconds": round(self.seconds, 1),
            "core_seconds": round(self.busy, 1),
            "histories_a_core_second": round(self.rate, 1),
            "longest_quiet_minutes": round(self.quiet / 60_000, 1),
            "jobs_a_history": round(accepted / max(1, self.histories), 3),
            "submitted_a_history": round(submitted / max(1, self.histories), 3),
            "ledger": dict(sorted(self.ledger.items())),
            "hits": dict(sorted(self.hits.items())),
            "histories_with": dict(sorted(self.seen.items())),
            "missed": self.missed,
            "failed": [{"seed": seed, "violation": words} for seed, words in self.failed],
        }

    @property
    def missed(self) -> list[str]:
        """Faults of the matrix that never happened."""
        return [fault for fault in HERE if not self.hits[fault]]


def chunk(first: int, size: int = CHUNK) -> Sum:
    """Some histories in this process."""
    # Each history leaves knots of fibers behind: collecting them by the hundred costs a twentieth less than by the few.
    gc.set_threshold(20_000)
    total, start = Sum(), time.process_time()
    for seed in range(first, first + size):
        total.add(run(seed))
    total.busy = time.process_time() - start
    return total


def many(
    *, first: int = 0, minutes: float | None = None, histories: int | None = None, processes: int = 1
) -> Sum:
    """Histories from the seed `first` on, every second lot in worlds of control or of workflows, until the time is over, the number is reached, ten of them failed, or Ctrl-C."""
    total, start = Sum(), time.monotonic()
    teller = Teller(sys.stderr)
    ends = None if minutes is None else start + minutes * 60
    last = None if histories is None else first + histories

    def firsts() -> Iterator[int]:
        seed = first
        while (
            (ends is None or time.monotonic() < ends)
            and (last is None or seed < last)
            and len(total.failed) < FAILURES
        ):
            yield (0, WORLDS, 0, FLOWS)[(seed - first) // CHUNK % 4] + seed
            seed += CHUNK

    try:
        for some in spread(chunk, firsts(), processes):
            total.merge(some)
            teller.tell(total)
    except KeyboardInterrupt:
        print("stopped: what follows is what there is so far", file=sys.stderr)
    total.seconds = time.monotonic() - start
    return total


class Teller:
    """Says on a terminal how far it is, every few seconds; to anything else nothing."""

    EVERY = 3.0

    def __init__(self, to: TextIO) -> None:
        self._to = to if to.isatty() else None
        self._start = self._told = time.monotonic()

    def tell(self, total: Sum) -> None:
        """A line, if it is time for one."""
        now = time.monotonic()
        if self._to is None or now - self._told < self.EVERY:
            return
        self._told = now
        a_second = total.histories / (now - self._start)
        print(
            f"{total.histories:>9,} histories, {a_second:.0f} a second, {len(total.failed)} violations",
            file=self._to,
            flush=True,
        )

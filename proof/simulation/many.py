"""Many histories on several processes, for a time or a number of seeds, and what they add up to."""

import multiprocessing
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import islice

from proof.simulation.history import Report, run
from proof.simulation.matrix import HERE

CHUNK = 50
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
    def missed(self) -> list[str]:
        """Faults of the matrix that never happened."""
        return [fault for fault in HERE if not self.hits[fault]]


def chunk(first: int, size: int = CHUNK) -> Sum:
    """Some histories in this process."""
    total, start = Sum(), time.process_time()
    for seed in range(first, first + size):
        total.add(run(seed))
    total.busy = time.process_time() - start
    return total


def many(
    *, first: int = 0, minutes: float | None = None, histories: int | None = None, processes: int = 1
) -> Sum:
    """Histories from the seed `first` on, until the time is over, the number is reached, or ten of them failed."""
    total, start = Sum(), time.monotonic()
    ends = None if minutes is None else start + minutes * 60
    last = None if histories is None else first + histories

    def firsts() -> Iterator[int]:
        seed = first
        while (ends is None or time.monotonic() < ends) and (last is None or seed < last):
            yield seed
            seed += CHUNK

    if processes == 1:
        for seed in firsts():
            total.merge(chunk(seed))
            if len(total.failed) >= 10:
                break
    else:
        _spread(firsts(), processes, total)
    total.seconds = time.monotonic() - start
    return total


def _spread(firsts: Iterator[int], processes: int, total: Sum) -> None:
    """Hand out chunks, a few ahead of the processes."""
    with multiprocessing.get_context("spawn").Pool(processes) as pool:
        waiting = [pool.apply_async(chunk, (seed,)) for seed in islice(firsts, processes * 2)]
        while waiting:
            total.merge(waiting.pop(0).get(timeout=120))
            if len(total.failed) < 10 and (seed := next(firsts, None)) is not None:
                waiting.append(pool.apply_async(chunk, (seed,)))

"""Work spread over several processes, a few pieces ahead of them: whoever gives out the pieces can stop at any time."""

import multiprocessing
import signal
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from itertools import islice
from typing import TypeVar

P = TypeVar("P")
R = TypeVar("R")

AHEAD = 2
"""Pieces for each process: one in hand, one waiting."""

PATIENCE = 600.0
"""Seconds for one piece, on a machine that has other things to do."""


def spread(work: Callable[[P], R], pieces: Iterable[P], processes: int) -> Iterator[R]:
    """What `work` makes of each piece, in their order. The next piece is taken when a result is, so `pieces` may look at the results.

    One process: this one. Raises what the work raises, TimeoutError for a piece that does not end.
    """
    waiting_pieces = iter(pieces)
    if processes == 1:
        yield from map(work, waiting_pieces)
        return
    with multiprocessing.get_context("spawn").Pool(processes, initializer=_deaf) as pool:
        ahead = islice(waiting_pieces, processes * AHEAD)
        waiting = deque(pool.apply_async(work, (piece,)) for piece in ahead)
        while waiting:
            yield waiting.popleft().get(timeout=PATIENCE)
            waiting.extend(pool.apply_async(work, (piece,)) for piece in islice(waiting_pieces, 1))


def _deaf() -> None:
    """Ctrl-C is for the process that adds up; it ends the others."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)

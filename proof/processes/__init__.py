"""The real processes under kills: API, consumers and tick against the emulator, with a monkey among them and an independent ledger.

    python -m proof.processes --minutes 3

Every process of a run imports this package for its tasks, so the rest is imported only by who runs it.
"""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from proof.layer import Tried
    from proof.processes.report import ProcessReport

__all__ = ["all_tried", "run"]


def run(minutes: float = 3.0, jobs: int | None = None, seed: int = 0) -> "ProcessReport":
    """One run, about so long. `jobs`: by default as many as the machine takes while there are faults."""
    from proof.processes.one_run import run as once

    return once(minutes, jobs, seed)


def all_tried(*, quick: bool = False) -> "list[Tried]":
    """Every mutant on trial, a short run each. `quick`: only some, to show that this layer can fail."""
    from proof.processes.trial import QUICK
    from proof.processes.trial import all_tried as try_all

    return try_all(QUICK if quick else None)

"""What takes long to make and many tests look at is made once a run: whichever of pytest's workers needs it first does, the others read it."""

import fcntl
import os
import pickle
from collections.abc import Callable
from typing import TypeVar

import pytest

T = TypeVar("T")


def once(name: str, make: Callable[[], T], folders: pytest.TempPathFactory) -> T:
    """What `make` returns, from a file of this run's if it is there. It must be made of plain values, and nobody may change it."""
    base = folders.getbasetemp()
    kept = (base.parent if "PYTEST_XDIST_WORKER" in os.environ else base) / f"{name}.pickle"
    with kept.with_suffix(".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not kept.exists():
            kept.write_bytes(pickle.dumps(make()))
    found: T = pickle.loads(kept.read_bytes())
    return found

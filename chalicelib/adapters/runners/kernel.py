"""What Linux does for a family of processes, if asked. Elsewhere the asking does nothing."""

import signal
import sys
from contextlib import suppress
from pathlib import Path


def adopt_orphans() -> None:
    """Become the parent of grandchildren whose parent ended, and so reap them: in a container there may be nobody else."""
    _prctl(36, 1)  # PR_SET_CHILD_SUBREAPER


def die_with_parent() -> None:
    """Have the kernel kill this child when the template dies. (Its one thread forked it: the kernel means that thread.)"""
    _prctl(1, signal.SIGKILL)  # PR_SET_PDEATHSIG


def go_first() -> None:
    """When memory runs out the kernel takes the child, whose end is an outcome, and not the worker, whose end is a lost lease."""
    with suppress(OSError):
        Path("/proc/self/oom_score_adj").write_text("1000")


def _prctl(option: int, value: int) -> None:
    if sys.platform == "linux":
        import ctypes

        ctypes.CDLL(None).prctl(option, value, 0, 0, 0)

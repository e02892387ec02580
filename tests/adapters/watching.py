"""Waiting for processes that are not our children to be gone, and counting what is left."""

import os
import select
from collections.abc import Callable
from pathlib import Path


def watch(pid: int) -> Callable[[], bool]:
    """Call the answer to know whether the process has ended; it waits for that up to ten seconds."""
    try:
        descriptor = os.pidfd_open(pid)
    except ProcessLookupError:
        return lambda: True

    def ended() -> bool:
        poll = select.poll()
        poll.register(descriptor, select.POLLIN)
        found = bool(poll.poll(10_000))
        os.close(descriptor)
        return found

    return ended


def descriptors() -> int:
    """How many files this process holds open."""
    return len(list(Path("/proc/self/fd").iterdir()))


def children(pid: int) -> list[tuple[int, str]]:
    """The children of a process, each with its state; Z is a zombie."""
    found = []
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            state, parent = stat.read_text().rpartition(")")[2].split()[:2]
        except (FileNotFoundError, ProcessLookupError):
            continue
        if int(parent) == pid:
            found.append((int(stat.parent.name), state))
    return found

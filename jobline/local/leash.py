"""The tie between a child process and its parent: a socket pair, one end with each.

The parent's end closes when the parent is gone, also by SIGKILL, and the child then ends itself with all it has
started. The child's end carries one word back: that it is ready for work.
"""

import os
import signal
import socket
import threading
from contextlib import suppress

LEASH = "JOBLINE_LEASH"  # the number of the child's end, which it inherits
READY = b"ready"

_held: socket.socket | None = None


def hold() -> None:
    """Be the child: watch the leash from now on. A process that was started without one is free."""
    global _held  # noqa: PLW0603 - a process has one leash
    number = os.environ.pop(LEASH, None)  # not for this process's own children
    if number is None:
        return
    os.set_inheritable(int(number), False)
    _held = socket.socket(fileno=int(number))
    threading.Thread(target=_watch, args=(_held,), name="leash", daemon=True).start()


def ready() -> None:
    """Tell the parent, if there is one, that this process does its work now."""
    if _held is not None:
        with suppress(OSError):
            _held.sendall(READY)


def _watch(end: socket.socket) -> None:
    with suppress(OSError):
        while end.recv(64):
            pass
    if os.getpgid(0) == os.getpid():  # a group of our own: it holds only what we started
        os.killpg(0, signal.SIGKILL)
    os._exit(1)

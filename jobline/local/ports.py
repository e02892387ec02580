"""Loopback ports: is this one free, which one is?"""

import errno
import socket

LOOPBACK = "127.0.0.1"


class PortBusy(Exception):
    """Another program listens there already. Says which port, and what to do about it."""

    def __init__(self, port: int, option: str) -> None:
        super().__init__(
            f"port {port} on {LOOPBACK} is in use by another program; choose another with {option} (0: any)"
        )
        self.port = port
        self.option = option


def listen(port: int, *, option: str) -> socket.socket:
    """A socket that listens on this loopback port, 0 for any free one. Raises PortBusy, or OSError if not allowed."""
    found = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    try:
        found.setsockopt(
            socket.SOL_SOCKET, socket.SO_REUSEADDR, 1
        )  # a port whose old connections linger is free
        found.bind((LOOPBACK, port))
        found.listen(128)
    except OSError as error:
        found.close()
        if error.errno == errno.EADDRINUSE:
            raise PortBusy(port, option) from error
        raise
    return found


def choose(port: int, *, option: str) -> int:
    """This port if it is free, or a free one for 0. Raises PortBusy. (Another may still take it: look at who answers.)"""
    with listen(port, option=option) as found:
        number: int = found.getsockname()[1]
        return number

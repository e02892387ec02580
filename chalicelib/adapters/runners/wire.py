"""One end of a stream socket that carries whole messages: four bytes of length, then so many bytes of JSON or text."""

import socket
import struct
from typing import Any

from chalicelib.pipeline import strict_json
from chalicelib.pipeline.limits import MAX_BODY

_LENGTH = struct.Struct("!I")
MAX_FRAME = 2 * MAX_BODY
"""No honest message is longer: arguments and results are at most `MAX_BODY`, all else is short."""


class Wire:
    """Sends and receives frames. One thread sends at a time, one receives. Every error of the socket means that the other end is gone."""

    def __init__(self, end: socket.socket) -> None:
        self._end = end

    def fileno(self) -> int:
        """For selectors."""
        return self._end.fileno()

    def send(self, frame: bytes) -> bool:
        """Send it whole, waiting for the other end to read. False: the other end is gone."""
        try:
            self._end.sendall(_LENGTH.pack(len(frame)) + frame)
        except OSError:
            return False
        return True

    def receive(self) -> bytes | None:
        """The next frame; None: the other end is gone, or was cut off in the middle of it."""
        head = self._exactly(_LENGTH.size)
        if head is None:
            return None
        (length,) = _LENGTH.unpack(head)
        return None if length > MAX_FRAME else self._exactly(length)

    def _exactly(self, length: int) -> bytes | None:
        found = bytearray(length)
        view = memoryview(found)
        try:
            while view:
                count = self._end.recv_into(view)
                if count == 0:
                    return None
                view = view[count:]
        except OSError:
            return None
        return bytes(found)

    def tell(self, kind: str, value: Any = None) -> bool:
        """Send a short message. Raises `ResultNotJson`."""
        return self.send(strict_json.write([kind, value]).encode())

    def hear(self) -> tuple[str, Any] | None:
        """The next short message; None: the other end is gone. Raises `InvalidInput` when it is none."""
        frame = self.receive()
        if frame is None:
            return None
        kind, value = strict_json.read(frame, name="message", limit=MAX_FRAME)
        return kind, value

    def hang_up(self) -> None:
        """End the talk both ways; whoever waits on either end wakes."""
        try:
            self._end.shutdown(socket.SHUT_RDWR)
        except OSError:
            return  # it had ended

    def wait_no_more(self) -> None:
        """From now on `receive` takes what is there already, and then says that the other end is gone."""
        self._end.setblocking(False)

    def close(self) -> None:
        """Give the socket back."""
        self._end.close()

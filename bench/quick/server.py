"""The endpoint: requests of the JSON protocol off kept connections, on one thread, without a framework between.

An answer costs a few dozen microseconds of processor time; by asyncio or by a thread for each connection it would be two or three times as much.
"""

import json
import select
import socket
import zlib
from collections import Counter
from contextlib import suppress
from typing import Any

from bench.quick.queues import Queues
from bench.quick.tables import Refused, Tables
from bench.quick.words import Unknown

PIECE = 256 * 1024
_encoded = json.JSONEncoder(separators=(",", ":"), check_circular=False).encode
_HEAD = (
    b"HTTP/1.1 %b\r\nContent-Type: application/x-amz-json-1.0\r\nx-amzn-RequestId: quick\r\n"
    b"x-amz-crc32: %d\r\nContent-Length: %d\r\n\r\n"
)
_NAME, _LENGTH = b"\r\nx-amz-target:", b"\r\ncontent-length:"


class Server:
    """Listens from the start, on a port of its own, and answers while `serve` runs. `asked`: how often what was asked for."""

    def __init__(self, *, remembers: bool = True) -> None:
        self._listening = socket.create_server(("127.0.0.1", 0), backlog=128)
        self.port: int = self._listening.getsockname()[1]
        self.asked: Counter[str] = Counter()
        self._queues = Queues(remembers=remembers)
        self._queues.url = f"http://127.0.0.1:{self.port}"
        verbs = {**Tables(remembers=remembers).verbs, **self._queues.verbs}
        # Looked up by the end of the head's line in small letters, as the head is read.
        self._verbs = {name.lower().encode(): (name, verb) for name, verb in verbs.items()}
        self._lines: dict[int, _Line] = {}
        self._poll = select.epoll()

    def serve(self) -> None:
        """Answer whoever comes, for as long as this process lives."""
        listening = self._listening.fileno()
        self._poll.register(listening, select.EPOLLIN)
        while True:
            for number, _ in self._poll.poll(self._queues.wait()):
                if number == listening:
                    self._open()
                else:
                    self._hear(self._lines[number])
            self._queues.tick()

    def _open(self) -> None:
        one, _ = self._listening.accept()
        one.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._lines[one.fileno()] = _Line(one)
        self._poll.register(one.fileno(), select.EPOLLIN)

    def _close(self, line: "_Line") -> None:
        line.over = True
        self._poll.unregister(line.number)
        del self._lines[line.number]
        line.socket.close()

    def _hear(self, line: "_Line") -> None:
        try:
            piece = line.socket.recv(PIECE)
        except OSError:
            piece = b""
        if not piece:
            self._close(line)
            return
        heard = line.heard + piece if line.heard else piece
        while (end := heard.find(b"\r\n\r\n")) >= 0:
            head = heard[:end].lower()
            last = end + 4 + int(_value(head, _LENGTH) or 0)
            if len(heard) < last:
                break
            try:
                self._answer(line, _value(head, _NAME).rpartition(b".")[2], heard[end + 4 : last])
            except (
                ValueError
            ):  # no JSON: two forks of a process write on one line, which they have from their parent
                self._close(line)
                return
            heard = heard[last:]
        line.heard = heard

    def _answer(self, line: "_Line", target: bytes, body: bytes) -> None:
        asked = json.loads(body.decode()) if target else {}
        if target == b"receivemessage":
            self.asked["ReceiveMessage"] += 1
            self._queues.receive(asked, line)
            return
        status = b"400 Bad Request"
        try:
            name, verb = self._verbs[target]
            self.asked[name] += 1
            answer = verb(asked)
            status = b"200 OK"
        except Refused as refused:
            answer = refused.answer
        except (Unknown, KeyError) as error:
            message = f"the quick cloud does not know this: {target.decode()}: {error!r}"
            answer = {"__type": "com.amazonaws#ValidationException", "message": message}
        line.say(answer, status)


def _value(head: bytes, name: bytes) -> bytes:
    at = head.find(name)
    if at < 0:
        return b""
    at += len(name)
    end = head.find(b"\r", at)
    return (head[at:] if end < 0 else head[at:end]).strip()


class _Line:
    """One connection. What is said on it fits into what the system holds for it, whether the other side reads or not."""

    __slots__ = ("heard", "number", "over", "socket")

    def __init__(self, one: socket.socket) -> None:
        self.socket = one
        self.number = one.fileno()
        self.heard = b""
        self.over = False

    def say(self, answer: Any, status: bytes = b"200 OK") -> None:
        """Give it its answer. Who has gone meanwhile is seen to be gone when he is next heard."""
        body = _encoded(answer).encode()
        with suppress(OSError):
            self.socket.sendall(_HEAD % (status, zlib.crc32(body), len(body)) + body)

"""Connections to one endpoint that are kept: taken by one call at a time, given back when its answer has been read."""

import http.client
import select
import ssl
import weakref
from collections import deque
from collections.abc import Mapping
from urllib.parse import urlsplit

from chalicelib.adapters.aws.direct.answer import Answer, read


class NoLine(Exception):
    """No connection could be opened."""


class Lines:
    """Up to `most` idle connections; one more than that is closed after its call."""

    def __init__(self, url: str, *, most: int, connect: float, read: float, authorities: str | None) -> None:
        """`connect` and `read` are seconds; `authorities` a file of certificates, None: the system's."""
        found = urlsplit(url)
        self.host = found.netloc
        self._name = found.hostname or ""
        self._port = found.port
        self._connect = connect
        self._read = read
        self._tls = ssl.create_default_context(cafile=authorities) if found.scheme == "https" else None
        self._idle: deque[http.client.HTTPConnection] = deque(maxlen=most)
        weakref.finalize(self, _close, self._idle)

    def post(self, headers: Mapping[str, str], body: bytes) -> Answer:
        """One request and its answer. Raises `NoLine`: nobody heard it; OSError, `Unreadable`: then it is unknown whether anybody did."""
        try:
            line = self._taken()
        except OSError as error:
            raise NoLine(str(error)) from error
        try:
            # Head and body in one piece: one system call and one packet, where `line.request` makes two of each.
            line.sock.sendall(_head(headers, len(body)) + body)
            answer = read(line.sock)
        except BaseException:
            line.close()
            raise
        stays = answer.headers.get("connection", "keep-alive").lower() == "keep-alive"
        if not stays or len(self._idle) == self._idle.maxlen:
            line.close()
        else:
            self._idle.append(line)
        return answer

    def _taken(self) -> http.client.HTTPConnection:
        """An idle one that the other side has not closed, the one used last first; or a new one."""
        while True:
            try:
                line = self._idle.pop()
            except IndexError:
                return self._opened()
            if not _over(line):
                return line
            line.close()

    def _opened(self) -> http.client.HTTPConnection:
        line = (
            http.client.HTTPConnection(self._name, self._port, timeout=self._connect)
            if self._tls is None
            else http.client.HTTPSConnection(self._name, self._port, timeout=self._connect, context=self._tls)
        )
        line.connect()
        line.sock.settimeout(self._read)
        return line


def _head(headers: Mapping[str, str], length: int) -> bytes:
    lines = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
    return f"POST / HTTP/1.1\r\n{lines}content-length: {length}\r\n\r\n".encode("latin-1")


def _over(line: http.client.HTTPConnection) -> bool:
    """Whether the other side has closed it: an idle connection has nothing to read but its end, nor what nobody asked for."""
    if line.sock is None or (isinstance(line.sock, ssl.SSLSocket) and line.sock.pending()):
        return True
    poll = select.poll()
    poll.register(line.sock, select.POLLIN)
    return bool(poll.poll(0))


def _close(idle: deque[http.client.HTTPConnection]) -> None:
    while idle:
        idle.pop().close()

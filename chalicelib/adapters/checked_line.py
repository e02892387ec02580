"""Connections to hosts on the Internet and to no others: a name is resolved once, every address it has must be public, and the line goes to one of those.

So a name that answers differently the next time (DNS rebinding) gains nothing: nobody asks it twice. The certificate is checked for the
name, as if the connection had been made by it.
"""

import socket
import ssl
import threading
import time
from collections.abc import Callable, Sequence
from datetime import timedelta
from typing import Any

from chalicelib.domain.errors import DeliveryFailed, InvalidInput
from chalicelib.pipeline.public_address import Address, is_public

Resolve = Callable[[str, int], Sequence[str]]


def resolve(host: str, port: int) -> Sequence[str]:
    """All addresses of a name. Raises OSError."""
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(one[4][0]) for one in found))


class CheckedLines:
    """Whoever talks to the Internet from here has lines of this kind."""

    def __init__(
        self,
        *,
        loopback: bool = False,
        resolver: Resolve = resolve,
        allowed: Callable[[str], bool] = is_public,
        context: Callable[[], ssl.SSLContext] = ssl.create_default_context,
        port: int | None = None,
    ) -> None:
        """`loopback`: plain HTTP to this machine is allowed too, for a stage on one machine. The rest is for tests of this class."""
        self._loopback = loopback
        self._resolver = resolver
        self._allowed = allowed
        self._make_context = context
        self._context: ssl.SSLContext | None = None
        self._port = port

    def connected(self, address: Address, left: "Left") -> socket.socket:
        """A connection to the first address that takes one, with TLS for the name."""
        last: OSError = ConnectionError()
        for ip in self.addresses(address, left):
            try:
                line = socket.create_connection((ip, self._port or address.port), timeout=left.seconds())
            except TimeoutError:
                raise
            except OSError as error:
                last = error
                continue
            return line if address.loopback else self._secured(line, address.host, left)
        raise last

    def _secured(self, line: socket.socket, host: str, left: "Left") -> socket.socket:
        if self._context is None:
            self._context = self._make_context()
        try:
            line.settimeout(left.seconds())
            return self._context.wrap_socket(line, server_hostname=host)
        except BaseException:
            line.close()
            raise

    def addresses(self, address: Address, left: "Left") -> Sequence[str]:
        """What the name resolves to, if all of it is public: one address that is not makes the name suspect."""
        if address.loopback:
            return ["127.0.0.1"]
        try:
            found = _in_time(lambda: self._resolver(address.host, address.port), left)
        except TimeoutError:
            raise
        except (OSError, UnicodeError) as error:
            raise DeliveryFailed("names a host that cannot be found") from error
        if not found:
            raise DeliveryFailed("names a host that has no address")
        if not all(map(self._allowed, found)):
            raise InvalidInput("url", "leads to an address that is not public")
        return found


class Left:
    """What is left of a span of time."""

    def __init__(self, span: timedelta) -> None:
        self._end = time.monotonic() + span.total_seconds()  # noqa: TID251 - sockets keep real time

    def seconds(self) -> float:
        """Raises TimeoutError when nothing is."""
        left = self._end - time.monotonic()  # noqa: TID251 - as above
        if left <= 0:
            raise TimeoutError
        return left


def _in_time(ask: Callable[[], Sequence[str]], left: Left) -> Sequence[str]:
    """The answer of the resolver, which takes no time limit of its own: it is left alone when it takes too long."""
    answers: list[Any] = []

    def asked() -> None:
        try:
            answers.append(ask())
        except BaseException as error:  # noqa: BLE001 - raised again where somebody waits for it
            answers.append(error)

    thread = threading.Thread(target=asked, name="jobline-resolver", daemon=True)
    thread.start()
    thread.join(left.seconds())
    if not answers:
        raise TimeoutError
    if isinstance(answers[0], BaseException):
        raise answers[0]
    found: Sequence[str] = answers[0]
    return found

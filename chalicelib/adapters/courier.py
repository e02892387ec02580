"""Webhooks by HTTPS: the name is resolved once, every address it has must be public, and the connection goes to one of those.

So a name that answers differently the next time (DNS rebinding) gains nothing: nobody asks it twice. The certificate is checked for the
name, as if the connection had been made by it. Of the answer only the head is read, no more than 64 KiB of it; redirects are not
followed; the whole takes no longer than it is given, however slowly the other side speaks.
"""

import socket
import ssl
import threading
import time
from collections.abc import Callable, Sequence
from datetime import timedelta
from typing import Any

from chalicelib.domain.errors import DeliveryFailed, InvalidInput, Unavailable
from chalicelib.pipeline.ports import Parcel, Receipt
from chalicelib.pipeline.public_address import Address, address_of, is_public

HEAD_BYTES = 64 * 1024
CHECK_WITHIN = timedelta(seconds=3)
"""How long a name may take to be resolved when somebody registers it."""

_END = b"\r\n\r\n"
_INTERIM = range(100, 200)

Resolve = Callable[[str, int], Sequence[str]]


def resolve(host: str, port: int) -> Sequence[str]:
    """All addresses of a name. Raises OSError."""
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(one[4][0]) for one in found))


class HttpsCourier:
    """A `Courier` on this machine's sockets."""

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

    def check(self, url: str) -> None:
        """Look at the URL, and at every address that its name has now."""
        address = address_of(url, loopback=self._loopback)
        try:
            self._addresses(address, _Time(CHECK_WITHIN))
        except DeliveryFailed as error:
            raise InvalidInput("url", str(error)) from error
        except TimeoutError as error:
            raise Unavailable("a name was not resolved in time") from error

    def deliver(self, parcel: Parcel, within: timedelta) -> Receipt:
        """Resolve, check, connect to what was checked, and send."""
        address, left = address_of(parcel.url, loopback=self._loopback), _Time(within)
        try:
            with self._connected(address, left) as line:
                line.settimeout(left.seconds())
                line.sendall(_request(address, parcel))
                return _receipt(line, left)
        except TimeoutError as error:
            raise DeliveryFailed(f"no answer within {within.total_seconds():g} s") from error
        except ssl.SSLCertVerificationError as error:
            raise DeliveryFailed("its certificate is not valid for that name") from error
        except OSError as error:
            raise DeliveryFailed(f"the connection failed ({type(error).__name__})") from error

    def _connected(self, address: Address, left: "_Time") -> socket.socket:
        """A connection to the first address that takes one, with TLS for the name."""
        last: OSError = ConnectionError()
        for ip in self._addresses(address, left):
            try:
                line = socket.create_connection((ip, self._port or address.port), timeout=left.seconds())
            except TimeoutError:
                raise
            except OSError as error:
                last = error
                continue
            return line if address.loopback else self._secured(line, address.host, left)
        raise last

    def _secured(self, line: socket.socket, host: str, left: "_Time") -> socket.socket:
        if self._context is None:
            self._context = self._make_context()
        try:
            line.settimeout(left.seconds())
            return self._context.wrap_socket(line, server_hostname=host)
        except BaseException:
            line.close()
            raise

    def _addresses(self, address: Address, left: "_Time") -> Sequence[str]:
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


class _Time:
    """What is left of a span."""

    def __init__(self, span: timedelta) -> None:
        self._end = time.monotonic() + span.total_seconds()  # noqa: TID251 - sockets keep real time

    def seconds(self) -> float:
        """Raises TimeoutError when nothing is."""
        left = self._end - time.monotonic()  # noqa: TID251 - as above
        if left <= 0:
            raise TimeoutError
        return left


def _in_time(ask: Callable[[], Sequence[str]], left: _Time) -> Sequence[str]:
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


def _request(address: Address, parcel: Parcel) -> bytes:
    body = parcel.body.encode()
    headers = {
        "Host": address.authority,
        **parcel.headers,
        "Content-Length": str(len(body)),
        "Connection": "close",
    }
    lines = [f"POST {address.target} HTTP/1.1", *(f"{name}: {value}" for name, value in headers.items())]
    return "\r\n".join([*lines, "", ""]).encode("ascii") + body


def _receipt(line: socket.socket, left: _Time) -> Receipt:
    """The head of the answer; of interim ones the next. Raises `DeliveryFailed` for what is no HTTP."""
    heard = b""
    while True:
        while _END not in heard:
            if len(heard) > HEAD_BYTES:
                raise DeliveryFailed(f"the head of the answer is longer than {HEAD_BYTES:,} bytes")
            line.settimeout(left.seconds())
            more = line.recv(8192)
            if not more:
                raise DeliveryFailed("the connection was closed before there was an answer")
            heard += more
        head, _, heard = heard.partition(_END)
        receipt = _read(head.decode("latin-1"))
        if receipt.status not in _INTERIM:
            return receipt


def _read(head: str) -> Receipt:
    first, *lines = head.split("\r\n")
    version, _, rest = first.partition(" ")
    code = rest[:3]
    if not (version.startswith("HTTP/1.") and code.isascii() and code.isdigit() and len(code) == 3):
        raise DeliveryFailed("the answer is no HTTP")
    named = (one.partition(":") for one in lines)
    headers = {name.strip().lower(): value.strip() for name, _, value in named}
    return Receipt(status=int(code), retry_after=headers.get("retry-after"))

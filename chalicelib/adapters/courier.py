"""Webhooks by HTTPS, to the Internet alone (checked_line.py).

Of the answer only the head is read, no more than 64 KiB of it; redirects are not followed; the whole takes no longer than it is given,
however slowly the other side speaks.
"""

import socket
import ssl
from datetime import timedelta

from chalicelib.adapters.checked_line import CheckedLines, Left
from chalicelib.domain.errors import DeliveryFailed, InvalidInput, Unavailable
from chalicelib.pipeline.ports import Parcel, Receipt
from chalicelib.pipeline.public_address import Address, address_of

HEAD_BYTES = 64 * 1024
CHECK_WITHIN = timedelta(seconds=3)
"""How long a name may take to be resolved when somebody registers it."""

_END = b"\r\n\r\n"
_INTERIM = range(100, 200)


class HttpsCourier(CheckedLines):
    """A `Courier` on this machine's sockets."""

    def check(self, url: str) -> None:
        """Look at the URL, and at every address that its name has now."""
        address = address_of(url, loopback=self._loopback)
        try:
            self.addresses(address, Left(CHECK_WITHIN))
        except DeliveryFailed as error:
            raise InvalidInput("url", str(error)) from error
        except TimeoutError as error:
            raise Unavailable("a name was not resolved in time") from error

    def deliver(self, parcel: Parcel, within: timedelta) -> Receipt:
        """Resolve, check, connect to what was checked, and send."""
        address, left = address_of(parcel.url, loopback=self._loopback), Left(within)
        try:
            with self.connected(address, left) as line:
                line.settimeout(left.seconds())
                line.sendall(_request(address, parcel))
                return _receipt(line, left)
        except TimeoutError as error:
            raise DeliveryFailed(f"no answer within {within.total_seconds():g} s") from error
        except ssl.SSLCertVerificationError as error:
            raise DeliveryFailed("its certificate is not valid for that name") from error
        except OSError as error:
            raise DeliveryFailed(f"the connection failed ({type(error).__name__})") from error


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


def _receipt(line: socket.socket, left: Left) -> Receipt:
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

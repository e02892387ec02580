"""A document by HTTPS, from a host on the Internet: bounded in time and in size, no redirect is followed."""

import io
import ssl
from collections.abc import Callable
from datetime import timedelta
from http.client import HTTPException, HTTPResponse
from typing import Any

from chalicelib.adapters.checked_line import CheckedLines, Left
from chalicelib.domain.errors import DeliveryFailed, InvalidInput, Unavailable
from chalicelib.pipeline.public_address import address_of

WITHIN = timedelta(seconds=3)
MOST = 256 * 1024

Page = Callable[[str], bytes]
"""The bytes at a URL. Raises `Unavailable` with the reason when there are none."""


class HttpsPages(CheckedLines):
    """Asks with GET. The whole answer is read and then parsed: so its time has one limit, however slowly the other side speaks."""

    def __call__(self, url: str) -> bytes:
        """The body of a 200. Raises `Unavailable`."""
        try:
            return self._read(url, Left(WITHIN))
        except TimeoutError as error:
            raise Unavailable(f"no answer within {WITHIN.total_seconds():g} s") from error
        except ssl.SSLCertVerificationError as error:
            raise Unavailable("its certificate is not valid for that name") from error
        except (InvalidInput, DeliveryFailed) as error:
            raise Unavailable(str(error)) from error
        except (OSError, HTTPException, ValueError) as error:
            raise Unavailable(f"the connection failed ({type(error).__name__})") from error

    def _read(self, url: str, left: Left) -> bytes:
        address, heard = address_of(url), b""
        head = f"GET {address.target} HTTP/1.1\r\nHost: {address.authority}\r\nAccept: application/json\r\n"
        with self.connected(address, left) as line:
            line.settimeout(left.seconds())
            line.sendall(f"{head}Accept-Encoding: identity\r\nConnection: close\r\n\r\n".encode("ascii"))
            while True:
                line.settimeout(left.seconds())
                more = line.recv(65536)
                if not more:
                    break
                heard += more
                if len(heard) > MOST:
                    raise Unavailable(f"the answer is longer than {MOST:,} bytes")
        return _body(heard)


def _body(heard: bytes) -> bytes:
    heap: Any = _Heard(heard)
    answer = HTTPResponse(heap, method="GET")
    answer.begin()
    if answer.status != 200:
        raise Unavailable(f"the answer is {answer.status}")
    if answer.getheader("Content-Encoding", "identity") != "identity":
        raise Unavailable("the answer is compressed")
    return answer.read()


class _Heard:
    """What was heard, as the socket that the standard library reads answers from."""

    def __init__(self, heard: bytes) -> None:
        self._heard = heard

    def makefile(self, *_: object, **__: object) -> io.BytesIO:
        return io.BytesIO(self._heard)

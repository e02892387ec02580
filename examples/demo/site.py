"""A small web site on the loopback interface: most of it answers, some pages are in trouble on purpose."""

import socket
import struct
import threading
import time
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Self

from examples.demo.dice import dice
from examples.demo.expectation import SUCCEEDS, Expectation, dies_of, succeeds_after

# A close with this option set sends a reset instead of the polite end of a connection.
RESET_ON_CLOSE = struct.pack("ii", 1, 0)


@dataclass(frozen=True, kw_only=True)
class WebPage:
    """One address of the site: what it answers in the end, and what is in the way of it."""

    path: str
    expect: Expectation = SUCCEEDS
    size: int = 2_000  #: bytes of the body
    busy: int = 0  #: so many requests are answered 503 first
    retry_after: int | None = None  #: seconds, said along with each 503
    resets: int = 0  #: so many connections are reset first
    status: HTTPStatus = HTTPStatus.OK
    seconds: float = 0.0  #: how long the server thinks before it answers
    moved_to: str | None = None

    def body(self) -> bytes:
        """The same for the same address, at every request and in every run."""
        rng = dice(self.path)
        return (
            f"<!doctype html><title>{self.path}</title><pre>".encode()
            + rng.randbytes(self.size // 2).hex().encode()
        )


def default_pages() -> list[WebPage]:
    """About 150 addresses."""
    rng = dice(7)
    return [
        *(WebPage(path=f"/article/{n}", size=int(rng.lognormvariate(9, 1.2))) for n in range(1, 121)),
        *(WebPage(path=f"/busy/{n}", busy=2, expect=succeeds_after(3)) for n in range(1, 11)),
        *(WebPage(path=f"/later/{n}", busy=1, retry_after=1, expect=succeeds_after(2)) for n in range(1, 5)),
        *(WebPage(path=f"/reset/{n}", resets=1, expect=succeeds_after(2)) for n in range(1, 7)),
        *(WebPage(path=f"/moved/{n}", moved_to=f"/article/{n}") for n in range(1, 5)),
        *(WebPage(path=f"/slow/{n}", seconds=1.5) for n in range(1, 4)),
        WebPage(
            path="/broken",
            status=HTTPStatus.INTERNAL_SERVER_ERROR,
            expect=dies_of("ServerTrouble", attempts=4),
        ),
        WebPage(path="/missing", status=HTTPStatus.NOT_FOUND, expect=dies_of("PageRefused")),
    ]


class Site:
    """The running site: `with Site(pages) as site: site.url`. It listens on 127.0.0.1 and a free port."""

    def __init__(self, pages: Sequence[WebPage]) -> None:
        self.pages: Mapping[str, WebPage] = {page.path: page for page in pages}
        self.requests: Counter[str] = Counter()
        self._counting = threading.Lock()
        self._server = _Server(("127.0.0.1", 0), _Handler)
        self._server.site = self
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}"

    def __enter__(self) -> Self:
        threading.Thread(target=self._server.serve_forever, args=(0.05,), name="site", daemon=True).start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.shutdown()
        self._server.server_close()

    def request(self, path: str) -> int:
        """Count a request; which one this is for its path, from 1."""
        with self._counting:
            self.requests[path] += 1
            return self.requests[path]


class _Server(ThreadingHTTPServer):
    site: Site
    daemon_threads = True
    request_queue_size = 128  # a whole event loop of fetches may knock at once


class _Handler(BaseHTTPRequestHandler):
    server: _Server

    def do_GET(self) -> None:
        page = self.server.site.pages.get(self.path)
        number = self.server.site.request(self.path)
        if page is None:
            self._answer(HTTPStatus.NOT_FOUND, b"no such page")
            return
        if number <= page.resets:
            self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET_ON_CLOSE)
            self.connection.close()
        elif number <= page.busy:
            wait = {} if page.retry_after is None else {"Retry-After": str(page.retry_after)}
            self._answer(HTTPStatus.SERVICE_UNAVAILABLE, b"busy", wait)
        elif page.moved_to is not None:
            self._answer(HTTPStatus.FOUND, b"", {"Location": page.moved_to})
        else:
            time.sleep(page.seconds)
            self._answer(page.status, page.body() if page.status is HTTPStatus.OK else b"in trouble")

    def _answer(self, status: HTTPStatus, body: bytes, headers: Mapping[str, str] | None = None) -> None:
        self.send_response(status)
        for name, value in {
            "Content-Type": "text/html",
            "Content-Length": str(len(body)),
            **(headers or {}),
        }.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:
        """Nothing: the terminal belongs to the demo, which counts the requests."""

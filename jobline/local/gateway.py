"""API Gateway's part on one machine: HTTP to and from the real Chalice app, on Chalice's own local server.

Chalice's classes turn requests into Lambda events and answers back. What API Gateway does before Lambda sees a
request, and they leave out, is here: limits on bodies, answers to what is no HTTP, connections that are kept.
"""

import json
import logging
import socket
import sys
import time
from http import HTTPStatus
from typing import Any

from chalice.config import Config
from chalice.local import ChaliceRequestHandler, LocalDevServer, ThreadedHTTPServer

from infra import chalice_local
from jobline.local.stage import API_TIMEOUT

log = logging.getLogger(__name__)

MAX_BODY = 10 * 1024 * 1024  # https://docs.aws.amazon.com/apigateway/latest/developerguide/limits.html
IDLE = 75.0  # seconds that a connection may wait for its next request


class Refused(Exception):
    """The request does not reach the app."""

    def __init__(self, status: HTTPStatus, detail: str) -> None:
        super().__init__(detail)
        self.status = status


class Handler(ChaliceRequestHandler):
    """One connection."""

    timeout = IDLE
    wbufsize = -1  # one packet for head and body: two wait for each other's acknowledgement
    disable_nagle_algorithm = True
    _began = 0.0

    def parse_request(self) -> bool:
        self._began = time.monotonic()
        return bool(super().parse_request())

    def handle_expect_100(self) -> bool:
        going_on = bool(super().handle_expect_100())
        self.wfile.flush()
        return going_on

    def _parse_payload(self) -> tuple[dict[str, Any], bytes | None]:
        length = self._length()
        if len(self.headers.get_all("authorization") or ()) > 1:
            raise Refused(HTTPStatus.BAD_REQUEST, "two Authorization headers are none")
        body = self.rfile.read(length) if length else None
        return dict(self.headers), body

    def _length(self) -> int:
        """The body's length. Raises Refused for one that cannot be read safely."""
        if "transfer-encoding" in self.headers:
            raise Refused(HTTPStatus.LENGTH_REQUIRED, "send a Content-Length instead of a Transfer-Encoding")
        given = self.headers.get_all("content-length") or ["0"]
        if len(given) > 1 or not (given[0].isascii() and given[0].isdigit()):
            raise Refused(HTTPStatus.BAD_REQUEST, "the Content-Length is not one whole number")
        if int(given[0][:20]) > MAX_BODY:
            raise Refused(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, f"the body is over {MAX_BODY} bytes")
        return int(given[0])

    def _generic_handle(self) -> None:
        try:
            super()._generic_handle()
        except Refused as error:
            self.close_connection = True  # its body is still on the line
            self._send_problem(error.status, str(error), {"Connection": "close"})

    do_GET = do_PUT = do_POST = do_HEAD = do_DELETE = do_PATCH = do_OPTIONS = _generic_handle  # noqa: N815 - these names are looked up

    def send_error(self, code: int, message: str | None = None, explain: str | None = None) -> None:  # noqa: ARG002
        """What the HTTP server itself refuses: request lines and headers that are none, methods that nobody knows."""
        self.close_connection = True
        self.request_version = (
            self.protocol_version
        )  # one that could not be read would be answered without a head
        status = HTTPStatus(code)
        self._send_problem(status, message or status.description, {"Connection": "close"})

    def _send_problem(self, status: HTTPStatus, detail: str, headers: dict[str, str]) -> None:
        problem = {"type": "about:blank", "title": status.phrase, "status": status.value, "detail": detail}
        self._send_http_response(
            status.value, {"Content-Type": "application/problem+json", **headers}, json.dumps(problem)
        )

    def log_request(self, code: int | str = "-", size: int | str = "-") -> None:  # noqa: ARG002 - the base class's own
        taken = time.monotonic() - self._began
        status = int(code) if isinstance(code, int) else code
        path = getattr(self, "path", "?").split("?")[0][:500]  # none yet if the request line is none
        facts = {
            "action": "http",
            "method": self.command,
            "path": path,
            "status": status,
            "seconds": round(taken, 4),
        }
        log.info("%s %s: %s", self.command, path, status, extra=facts)

    def log_message(self, format: str, *args: Any) -> None:
        log.info(format, *args)


class Server(ThreadedHTTPServer):
    """A thread a connection, on a socket that listens already (then it outlives this process) or on a new one."""

    listening: socket.socket | None = None

    def __init__(self, address: tuple[str, int], handler: Any) -> None:
        super().__init__(address, handler, bind_and_activate=False)
        if self.listening is None:
            self.listening = socket.create_server(address, backlog=128)
        self.socket.close()
        self.socket: socket.socket = self.listening
        self.server_address = self.socket.getsockname()
        self.server_name, self.server_port = self.server_address[:2]  # no name is looked up

    def handle_error(self, request: Any, client_address: Any) -> None:  # noqa: ARG002 - the base class's own
        log.warning("a connection broke: %r", sys.exception())


def gateway(app: Any, *, host: str, port: int, listening: socket.socket | None = None) -> LocalDevServer:
    """Chalice's local server around this app. `serve_forever()` serves, `shutdown()` from another thread ends that."""
    server = type("Server", (Server,), {"listening": listening})
    config = Config(
        chalice_stage="local",
        function_name="api_handler",
        user_provided_params={"chalice_app": app},
        config_from_disk={"app_name": "jobline", "stages": {"local": {"lambda_timeout": API_TIMEOUT}}},
    )
    from chalice import local

    chalice_local.install()
    # As `chalice local` does: the app's current request is a thread's own. Once: an app that is served again has it already.
    if not isinstance(app, local.CustomLocalChalice):
        local.CustomLocalChalice.__bases__ = (local.LocalChalice, app.__class__)
        app.__class__ = local.CustomLocalChalice
    return LocalDevServer(app, config, host, port, handler_cls=Handler, server_cls=server)

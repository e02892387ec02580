"""A proxy before the emulator that counts: every request by operation, and the units that the table says it has used.

It asks for them in each call's name, so it does not matter which client, in which language, makes the call.
"""

import http.client
import json
import threading
from collections import Counter
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Self
from urllib.parse import parse_qs

READS = frozenset({"GetItem", "Query", "Scan", "BatchGetItem"})
SKIPPED = frozenset({"host", "content-length", "connection", "accept-encoding", "transfer-encoding"})


class Counting:
    """The proxy. `calls` by operation, `units` by write and read, and the bytes that went each way."""

    def __init__(self, port: int) -> None:
        counting = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            disable_nagle_algorithm = True

            def do_POST(self) -> None:
                counting._pass(self)

            do_GET = do_PUT = do_DELETE = do_HEAD = do_POST  # noqa: N815

            def log_message(self, *_: Any) -> None:
                pass

        self._port = port
        self._lock = threading.Lock()
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self.calls: Counter[str] = Counter()
        self.units: Counter[str] = Counter()

    def __enter__(self) -> Self:
        threading.Thread(target=self._server.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()

    @property
    def url(self) -> str:
        """Where it listens."""
        return f"http://127.0.0.1:{self._server.server_address[1]}"

    def clear(self) -> None:
        """Count from here."""
        with self._lock:
            self.calls.clear()
            self.units.clear()

    def _pass(self, asked: BaseHTTPRequestHandler) -> None:
        length = int(asked.headers.get("Content-Length") or 0)
        body = asked.rfile.read(length)
        if len(body) < length:
            return  # who asked was ended in the middle of it
        target = asked.headers.get("X-Amz-Target", "")
        service, _, operation = target.partition(".")
        if service.startswith("DynamoDB"):
            body = json.dumps({**json.loads(body), "ReturnConsumedCapacity": "TOTAL"}).encode()
        operation = operation or parse_qs(body.decode("latin-1")).get("Action", ["?"])[0]
        with self._lock:  # now: the answer to a long poll may come when another is counted
            self.calls[f"{'dynamodb' if service.startswith('DynamoDB') else 'sqs'}.{operation}"] += 1
        headers = {name: value for name, value in asked.headers.items() if name.lower() not in SKIPPED}
        line = http.client.HTTPConnection("127.0.0.1", self._port, timeout=60)
        try:
            line.request(asked.command, asked.path, body, {**headers, "Host": f"127.0.0.1:{self._port}"})
            answer = line.getresponse()
            told = answer.read()
        finally:
            line.close()
        if service.startswith("DynamoDB"):
            self._count(operation, told)
        asked.send_response(answer.status)
        for name, value in answer.getheaders():
            if name.lower() not in SKIPPED | {"x-amz-crc32"}:
                asked.send_header(name, value)
        asked.send_header("Content-Length", str(len(told)))
        with suppress(BrokenPipeError):  # who asked has been stopped meanwhile
            asked.end_headers()
            asked.wfile.write(told)

    def _count(self, operation: str, told: bytes) -> None:
        used = _used(told)
        with self._lock:
            self.units["read" if operation in READS else "write"] += used


def _used(told: bytes) -> Any:
    consumed = json.loads(told or b"{}").get("ConsumedCapacity") or {}
    every = consumed if isinstance(consumed, list) else [consumed]
    return sum(one.get("CapacityUnits", 0) for one in every)

"""HTTP to the real API on twins: what clients and commands speak through in tests. No socket, no clock but a held one."""

import asyncio
import inspect
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

import httpx
import pytest

from chalicelib import wiring
from chalicelib.adapters import json_log
from tests.api.desk import Desk, looked_at

URL = "https://api.test"


class Answer:
    """An answer that something in between gives, in the stead of the API."""

    def __init__(self, status: int, **facts: Any) -> None:
        self.status, self.facts = status, facts

    def __repr__(self) -> str:
        return f"{self.status} {self.facts}"


class Wire(httpx.BaseTransport, httpx.AsyncBaseTransport):
    """Takes requests to the desk. `troubles` happen to the next requests: a status, an exception, or "lost": it arrived, its answer did not."""

    def __init__(self, desk: Desk) -> None:
        self.desk = desk
        self.troubles: list[object] = []
        self.seen: list[tuple[str, str, dict[str, str]]] = []
        self._one_at_a_time = threading.Lock()  # the twins are held by one thread

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        self.seen.append((request.method, request.url.raw_path.decode(), dict(request.headers)))
        trouble = self.troubles.pop(0) if self.troubles else None
        if isinstance(trouble, Exception):
            raise trouble
        if isinstance(trouble, Answer):
            return httpx.Response(trouble.status, **trouble.facts)
        names = ("authorization", "content-type", "idempotency-key", "prefer")
        headers = {name.title(): request.headers[name] for name in names if name in request.headers}
        path = request.url.raw_path.decode()
        with self._one_at_a_time:
            answer = self.desk.client.request(request.method, path, headers=headers, body=request.read())
        looked_at(answer, request.method, path, self.desk.document)
        if trouble == "lost":
            raise httpx.ReadTimeout("no answer")
        return httpx.Response(answer.status_code, headers=answer.headers, content=answer.body)

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        return self.handle_request(request)


class Driven:
    """A client or a handle, whose awaitables are awaited and whose iterators are read to their ends, so that a test reads the same for both."""

    def __init__(self, one: object, loop: asyncio.AbstractEventLoop) -> None:
        self._one, self._loop = one, loop

    def __getattr__(self, name: str) -> object:
        found = getattr(self._one, name)
        return (lambda *a, **k: self._end(found(*a, **k))) if callable(found) else found

    def _end(self, value: object) -> object:
        if inspect.isawaitable(value):
            value = self._loop.run_until_complete(value)
        if hasattr(value, "__aiter__"):
            value = self._loop.run_until_complete(self._read(value))
        elif inspect.isgenerator(value):
            value = list(value)
        if isinstance(value, list):
            return [self._end(one) for one in value]
        return Driven(value, self._loop) if type(value).__name__.endswith("Handle") else value

    @staticmethod
    async def _read(iterator: object) -> list[object]:
        return [one async for one in iterator]  # type: ignore[attr-defined]


@contextmanager
def open_desk(monkeypatch: pytest.MonkeyPatch) -> Iterator[Desk]:
    """The desk, as long as the test lasts."""
    monkeypatch.setattr(json_log, "configure", lambda: None)
    desk = Desk()
    wiring.use(desk.parts)
    yield desk
    wiring.use(None)


class Pauses(list[float]):
    """How long each pause was. While one pauses, time passes and the worker works."""

    def __init__(self, desk: Desk) -> None:
        super().__init__()
        self._desk = desk

    def pause(self, seconds: float) -> None:
        self.append(seconds)
        self._desk.world.advance(timedelta(seconds=seconds))
        self._desk.work()

    async def pause_async(self, seconds: float) -> None:
        self.pause(seconds)


def held_clock(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the client's timeouts go by the desk's clock."""
    begun = desk.world.now()

    def elapsed() -> float:
        return (desk.world.now() - begun).total_seconds()

    monkeypatch.setattr("jobline.client.plans.time.monotonic", elapsed)

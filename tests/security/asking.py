"""Requests at random, made from the OpenAPI document: right, nearly right and wrong ones, to a stage that has something of everything."""

from collections.abc import Iterator
from random import Random
from typing import Any
from urllib.parse import quote

from chalicelib.entrypoints.api.routes import ROUTES
from proof.security.shapes import ODD, Shapes
from tests.api.desk import Caller, Reply
from tests.security.ground import BODIES, UNKNOWN, Ground

METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE")
HEADERS = ("Prefer", "Idempotency-Key", "Accept", "Content-Type", "Content-Encoding", "X-Amzn-Trace-Id")


class Asker:
    """One stream of requests."""

    def __init__(self, ground: Ground, seed: int) -> None:
        self._ground = ground
        self._chance = Random(seed)
        known: dict[str, tuple[Any, ...]] = {
            "task": ("add", "echo", "fail", "typed"),
            "args": ({"a": 1}, {"value": [1]}, {"why": "x"}, {}),
            "workflow": (BODIES["POST /workflows"]["workflow"], {"task": "echo"}),
            "url": ("https://hooks.example.org/x",),
            "cron": ("0 3 * * *", "*/5 * * * *", "x"),
            "timezone": ("UTC", "Europe/Berlin"),
            "id": ("one", "two"),
        }
        self._shapes = Shapes(ground.desk.document, self._chance, known)

    def asked(self, caller: Caller, count: int) -> Iterator[tuple[str, Reply | AssertionError]]:
        """So many requests and their answers; what contradicts the document is an AssertionError."""
        operations = [
            (path, method.upper(), one)
            for path, methods in self._ground.desk.document["paths"].items()
            for method, one in methods.items()
        ]
        for _ in range(count):
            path, method, operation = self._chance.choice(operations)
            line = f"{method} {self._path(path, method)}{self._query(operation)}"
            body, headers = self._body(operation), self._headers()
            try:
                yield line, caller.ask(method, line.partition(" ")[2], body, headers=headers)
            except AssertionError as error:
                yield f"{line} {body} {headers}"[:600], error

    def _path(self, path: str, method: str) -> str:
        route = next((one for one in ROUTES if one.path == path and one.method == method), ROUTES[0])
        mine = self._ground.id_for(route) if "id" in route.names else ""
        odd = quote(str(self._chance.choice(ODD))[:60] or "x", safe="").replace("..", "x")
        given = self._chance.choice((mine, mine, mine, UNKNOWN.get(path.split("/")[1], odd), odd))
        return (
            path.replace("{id}", given)
            .replace("{name}", self._chance.choice(("add", "default", "ann", odd)))
            .replace("{file}", "main.js")
        )

    def _query(self, operation: Any) -> str:
        found = [
            f"{one['name']}={quote(str(self._shapes.value(one['schema'])), safe='')}"
            for one in operation.get("parameters", ())
            if one.get("in") == "query" and self._chance.random() < 0.3
        ]
        return f"?{'&'.join(found)}" if found else ""

    def _body(self, operation: Any) -> Any:
        content = operation.get("requestBody", {}).get("content", {}).get("application/json")
        return None if content is None else self._shapes.value(content["schema"])

    def _headers(self) -> dict[str, str]:
        if self._chance.random() < 0.9:
            return {}
        value = str(self._chance.choice(ODD)).replace("\n", "").encode().decode("latin-1")
        return {self._chance.choice(HEADERS): value}

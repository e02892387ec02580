"""One API on twins with a held clock: callers of several tenants and scopes, a worker, and an eye on every answer."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import cache
from typing import Annotated, Any, Literal, cast

import msgspec
from chalice.test import Client, HTTPResponse
from openapi_schema_validator import OAS31Validator

from app import app
from chalicelib.adapters import memory
from chalicelib.adapters.memory import (
    HeldWorld,
    MemoryApiKeys,
    MemoryKeys,
    MemoryPayloads,
    MemoryQueue,
    MemoryStore,
)
from chalicelib.domain.job import Job
from chalicelib.domain.retry import Backoff
from chalicelib.entrypoints.api.openapi import openapi
from chalicelib.entrypoints.api.routes import ROUTES
from chalicelib.lanes import LANES
from chalicelib.pipeline.api_keys import create_key
from chalicelib.pipeline.execute import execute
from chalicelib.pipeline.messages import decode
from chalicelib.pipeline.parts import Parts
from chalicelib.pipeline.task import Options, Registry
from infra import chalice_local

chalice_local.install()

SCOPES = ("submit", "read", "operate")
JSON = "application/json"
PROBLEM = "application/problem+json"


class Point(msgspec.Struct):
    """A place."""

    x: int
    y: int


def add(a: int, b: int = 1) -> int:
    """Add two numbers."""
    return a + b


def echo(value: Any = None) -> Any:
    """Give back what came."""
    return value


def fail(why: str) -> None:
    """Fail for good."""
    raise ValueError(why)


def typed(
    number: Annotated[int, msgspec.Meta(ge=1, le=10)],
    word: str,
    *,
    ratio: float = 0.5,
    sure: bool = False,
    when: datetime | None = None,
    colour: Literal["red", "blue"] = "red",
    words: list[str] | None = None,
    place: Point | None = None,
) -> dict[str, int]:
    """Take one of each kind."""
    return {"number": number}


def registry() -> Registry:
    """The tasks of these tests."""
    made = Registry()
    for function in (add, echo, typed):
        made.add(function, None, Options())
    made.add(fail, None, Options(max_attempts=1, backoff=Backoff(base=timedelta(0))))
    return made


class BusyWorld(HeldWorld):
    """While somebody waits, `meanwhile` happens."""

    meanwhile: Callable[[], None] | None = None

    def pause(self, wait: timedelta) -> None:
        """Let time pass, and others work."""
        self.advance(wait)
        if self.meanwhile is not None:
            self.meanwhile()


@dataclass(frozen=True)
class Reply:
    """An answer, looked at."""

    status: int
    headers: Mapping[str, str]
    text: str

    @property
    def body(self) -> Any:
        return json.loads(self.text)

    @property
    def argument(self) -> str | None:
        return self.body.get("argument")

    @property
    def slug(self) -> str:
        return self.body["type"].removeprefix("urn:jobline:problem:")


@dataclass(frozen=True)
class Caller:
    """Somebody with a key, or without."""

    desk: "Desk"
    token: Any  #: None: nobody

    def ask(
        self,
        method: str,
        path: str,
        body: Any = None,
        *,
        headers: Mapping[str, str] | None = None,
        raw: bytes | None = None,
    ) -> Reply:
        """Ask, and hold the answer against what all answers promise."""
        sent: dict[str, Any] = {} if self.token is None else {"Authorization": f"Bearer {self.token}"}
        if body is not None or raw is not None:
            sent["Content-Type"] = JSON
        sent.update(headers or {})
        data = raw if raw is not None else b"" if body is None else json.dumps(body).encode()
        sent = {name: value for name, value in sent.items() if value is not None}
        response = self.desk.client.request(method, path, headers=sent, body=data)
        return looked_at(response, method, path, self.desk.document)

    def get(self, path: str, **options: Any) -> Reply:
        return self.ask("GET", path, **options)

    def post(self, path: str, body: Any = None, **options: Any) -> Reply:
        return self.ask("POST", path, body, **options)

    def submit(self, task: str = "add", args: Any = None, **how: Any) -> str:
        """A job's id."""
        reply = self.post("/jobs", {"task": task, "args": {"a": 1} if args is None else args, **how})
        assert reply.status == 202, reply.text
        return reply.body["id"]


class Desk:
    """The API and all around it. `ports` take the place of twins."""

    def __init__(self, seed: int = 0, **ports: Any) -> None:
        self.world = BusyWorld(seed=seed)
        self.parts: Parts = replace(memory.parts(world=self.world, registry=registry()), **ports)
        self.store = cast("MemoryStore", self.parts.store)
        self.queue = cast("MemoryQueue", self.parts.queue)
        self.keys = cast("MemoryKeys", self.parts.keys)
        self.payloads = cast("MemoryPayloads", self.parts.payloads)
        self.api_keys = cast("MemoryApiKeys", self.parts.api_keys)
        self.client = Client(app).http
        self.document = documented()

    def caller(self, *scopes: str, tenant: str = "ann", expires: datetime | None = None) -> Caller:
        """Somebody with these scopes; by default with all that there are."""
        token, _ = create_key(
            tenant=tenant, scopes=frozenset(scopes or SCOPES), name="test", expires=expires, parts=self.parts
        )
        return Caller(self, token)

    def nobody(self, token: str | None = None) -> Caller:
        """Somebody without a key, or with a token that nobody gave out."""
        return Caller(self, token)

    def work(self) -> None:
        """Run all that is due, as a consumer would."""
        for lane in LANES:
            for message in self.queue.receive(lane, 1000):
                ends = self.world.now() + timedelta(seconds=60)
                if execute(decode(message.body, lane), ends=ends, receipt=message.receipt, parts=self.parts):
                    self.queue.delete(message.receipt)

    def row(self, job_id: str) -> Job:
        """The row behind a document."""
        row = self.parts.store.read(job_id)
        assert row is not None
        return row


def looked_at(response: HTTPResponse, method: str, path: str, document: Mapping[str, Any]) -> Reply:
    """The answer, after checking what every answer of the API has to be."""
    reply = Reply(response.status_code, response.headers, response.body.decode())
    assert reply.headers["X-Content-Type-Options"] == "nosniff"
    file = path.startswith("/dashboard") and reply.status in (200, 304)
    assert reply.headers["Cache-Control"] == ("no-cache" if file else "no-store")
    assert "frame-ancestors 'none'" in reply.headers["Content-Security-Policy"]
    assert reply.headers["X-Request-Id"]
    assert not [name for name in reply.headers if name.lower().startswith("access-control")]
    kind = reply.headers["Content-Type"]
    if method == "HEAD" or reply.status == 204:
        assert reply.text == ""
    elif reply.status >= 400:
        assert kind == PROBLEM
        assert reply.body["status"] == reply.status
        assert reply.body["request_id"] == reply.headers["X-Request-Id"]
    if kind in (JSON, PROBLEM) and reply.text:
        conforms(reply, method, path.partition("?")[0], document)
    return reply


def conforms(reply: Reply, method: str, path: str, document: Mapping[str, Any]) -> None:
    """Hold the answer against the OpenAPI document: its status is declared for the route, its body is of the declared shape."""
    operation = operation_of(method, path, document)
    if operation is None:
        assert reply.status in (404, 405), f"{method} {path} is not documented and answers {reply.status}"
        schema: Any = {"$ref": "#/components/schemas/Problem"}
    else:
        assert str(reply.status) in operation["responses"], (
            f"{method} {path} answers {reply.status}, undocumented"
        )
        response = operation["responses"][str(reply.status)]
        if "$ref" in response:
            response = document["components"]["responses"][response["$ref"].rpartition("/")[2]]
        schema = response["content"][reply.headers["Content-Type"]]["schema"]
        missing = set(response["headers"]) - set(reply.headers)
        assert missing <= {"Preference-Applied", "Jobline-Job"}, f"{method} {path} lacks {missing}"
    validator = OAS31Validator({**schema, "components": document["components"]})
    errors = [
        f"{'/'.join(map(str, error.path))}: {error.message}" for error in validator.iter_errors(reply.body)
    ]
    assert not errors, errors


def operation_of(method: str, path: str, document: Mapping[str, Any]) -> Mapping[str, Any] | None:
    """What the document says of this method of this path."""
    for pattern, methods in sorted(document["paths"].items()):
        parts, wanted = path.split("/"), pattern.split("/")
        if len(parts) == len(wanted) and all(
            want.startswith("{") or part == want for part, want in zip(parts, wanted, strict=True)
        ):
            return methods.get(method.lower())
    return None


@cache
def documented() -> Mapping[str, Any]:
    """The OpenAPI document with the tasks of these tests."""
    return openapi(ROUTES, tasks=registry())


@cache
def validator(schema: str) -> OAS31Validator:
    """What holds a value against a schema of the document."""
    return OAS31Validator({**json.loads(schema), "components": documented()["components"]})


@cache
def concrete(path: str) -> str:
    """A path with something for each of its names."""
    return (
        path.replace("{id}", "01KDWPVNG0FMNSVKE1CC0RQBKJ")
        .replace("{name}", "add")
        .replace("{file}", "main.js")
    )

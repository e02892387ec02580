"""Canaries: secrets planted wherever somebody may bring one, and looked for wherever something is told. None may sing."""

import io
import json
import logging
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from typing import Annotated, Any

import pytest

from chalicelib import Secret, wiring
from chalicelib.adapters.json_log import JsonFormatter
from chalicelib.adapters.memory import MemoryMetrics, MemoryTracer
from chalicelib.domain.errors import DeliveryFailed
from chalicelib.domain.retry import Backoff
from chalicelib.pipeline.task import Options
from chalicelib.pipeline.tick import tick
from tests.api.desk import Desk
from tests.security.ground import quiet
from tests.security.tally import tell

ARGUMENT = "canary-argument-Zq81"
NESTED = "canary-nested-Yw72"
HEADER = "canary-header-Xv63"
ENVIRONMENT = "canary-environment-Wu54"
QUERY = "canary-query-Vt45"
CANARIES = (ARGUMENT, NESTED, HEADER, ENVIRONMENT, QUERY)


def login(
    user: str, password: Annotated[str, Secret], more: dict[str, Annotated[str, Secret]] | None = None
) -> str:
    """Fail in words that tell it all, as careless code does."""
    try:
        raise KeyError(password)  # noqa: TRY301 - careless code
    except KeyError as error:
        raise RuntimeError(f"{user} may not log in with {password!r} and {more}") from error


@contextmanager
def listening() -> Iterator[io.StringIO]:
    """All that is logged, as it is written in a function."""
    paper = io.StringIO()
    handler = logging.StreamHandler(paper)
    handler.setFormatter(JsonFormatter())
    root = logging.getLogger()
    before, level = root.handlers[:], root.level
    root.handlers[:] = [handler]
    root.setLevel(logging.DEBUG)
    try:
        yield paper
    finally:
        root.handlers[:] = before
        root.setLevel(level)


class Heard:
    """Everything that was told, by where."""

    def __init__(self) -> None:
        self.places: list[tuple[str, str]] = []

    def add(self, where: str, what: object) -> None:
        self.places.append((where, what if isinstance(what, str) else repr(what)))

    def leaks(self, canaries: tuple[str, ...] = CANARIES) -> list[str]:
        return [
            f"{canary} in {where}: {text[max(0, text.find(canary) - 200) :][:500]}"
            for where, text in self.places
            for canary in canaries
            if canary in text
        ]


@pytest.fixture
def desk(monkeypatch: pytest.MonkeyPatch) -> Iterator[Desk]:
    for name in ("AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN", "DATABASE_URL"):
        monkeypatch.setenv(name, ENVIRONMENT)
    with quiet():
        desk = Desk(tracer=MemoryTracer(), metrics=MemoryMetrics())
        again = Options(max_attempts=2, backoff=Backoff(base=timedelta(0)))
        desk.parts.registry.add(login, None, again)
        wiring.use(desk.parts)
        yield desk


def played(desk: Desk) -> Heard:
    """A day on which everything goes wrong, and all that is told of it."""
    heard = Heard()
    headers = {"X-Canary": HEADER, "Cookie": HEADER, "Idempotency-Key": "day-1"}
    secret_args = {"user": "ann", "password": ARGUMENT, "more": {"token": NESTED}}

    def ask(who: Any, method: str, path: str, body: Any = None, **given: str) -> Any:
        reply = who.ask(method, path, body, headers={"X-Canary": HEADER, "Cookie": HEADER, **given})
        heard.add(f"{method} {path}", reply.text + json.dumps(dict(reply.headers)))
        return reply

    def worked() -> None:
        for _ in range(8):
            desk.work()
            desk.world.advance(timedelta(minutes=1))
            tick(ends=desk.world.now() + timedelta(minutes=1), parts=desk.parts)

    with listening() as paper:
        ann, boss = desk.caller(), desk.caller("admin")
        hook = ask(ann, "POST", "/webhooks", {"url": f"https://hooks.example.org/x?token={QUERY}"}).body
        heard.places.pop()  # the one answer that shows the endpoint's secret
        refuse = DeliveryFailed("the connection failed (ConnectionRefusedError)")
        desk.parts.courier.answers["hooks.example.org"] = lambda parcel: (_ for _ in ()).throw(refuse)  # type: ignore[attr-defined]
        job = ask(
            ann, "POST", "/jobs", {"task": "login", "args": secret_args, "webhook": hook["id"]}, **headers
        ).body["id"]
        step = {"task": "login", "args": secret_args}
        flow = ask(ann, "POST", "/workflows", {"workflow": {"chain": [step, {"group": [step, step]}]}}).body[
            "id"
        ]
        each = {"map": {"task": "login", "args": {"user": "u"}, "into": "password"}, "items": [ARGUMENT] * 3}
        ask(ann, "POST", "/workflows", {"workflow": each})
        ask(ann, "POST", "/jobs/batch", {"jobs": [step, {**step, "args": {**secret_args, "user": 1}}]})
        rule = {"id": "s", "cron": "* * * * *", **step}
        ask(ann, "POST", "/schedules", rule)
        ask(ann, "POST", "/schedules", {**rule, "args": {**secret_args, "extra": 1}})
        worked()
        for path in (
            f"/jobs/{job}",
            f"/jobs/{flow}",
            "/jobs?limit=100",
            "/dead?limit=100",
            "/dead/groups",
            "/schedules",
            "/schedules/s",
        ):
            ask(ann, "GET", path)
        for path in ("", "/children", "/results", "/graph", "/graph?format=mermaid"):
            ask(ann, "GET", f"/workflows/{flow}{path}")
        for path in (
            "/webhooks",
            f"/webhooks/{hook['id']}",
            "/tasks",
            "/tasks/login",
            "/openapi.json",
            "/docs",
            "/health",
            "/lanes",
            "/topics",
        ):
            ask(ann, "GET", path)
        # patches that want to read it, and one that sets it
        for operation in (
            {"op": "copy", "from": "/password", "path": "/user"},
            {"op": "move", "from": "/more/token", "path": "/user"},
            {"op": "test", "path": "/password", "value": "guess"},
            {"op": "replace", "path": "/password", "value": ARGUMENT},
        ):
            ask(ann, "POST", "/dead/releases", {"task": "login", "patch": [operation], "dry_run": True})
            ask(ann, "POST", f"/jobs/{job}/retry", {"patch": [operation]})
        made = ask(
            ann,
            "POST",
            "/dead/releases",
            {"patch": [{"op": "replace", "path": "/password", "value": ARGUMENT}]},
        )
        if made.status == 201:
            ask(ann, "GET", f"/dead/releases/{made.body['id']}")
        worked()
        ask(ann, "POST", "/jobs", {"task": "login", "args": {**secret_args, "password": [ARGUMENT]}})
        ask(ann, "POST", "/jobs", {"task": "login", "args": {"password": ARGUMENT}})
        ask(desk.nobody(f"jl_0123456789_{HEADER}"), "GET", "/jobs")
        # and trouble of our own, whose words may be anybody's
        broken = replace(desk.parts, store=_Broken())
        wiring.use(broken)
        trouble = ask(ann, "GET", f"/jobs/{job}")
        assert trouble.status == 500
        wiring.use(desk.parts)
        ask(boss, "GET", "/tenants")
    told = paper.getvalue()
    assert told.count("\n") > 20, "the log was listened to"
    heard.add("log", told)
    heard.add("metrics", vars(desk.parts.metrics))
    heard.add("traces", vars(desk.parts.tracer))
    for row in desk.store.rows.values():
        heard.add(f"row {row.task}", replace(row, args=None))
    heard.add("messages", [message.body for message in desk.queue.messages])
    heard.add("quarantine", vars(desk.parts.quarantine))
    heard.tokens = (ann.token.rpartition("_")[2], boss.token.rpartition("_")[2], hook["secret"])  # type: ignore[attr-defined]
    return heard


class _Broken:
    """A store with a bug that tells of the environment."""

    def read(self, *_: object) -> None:
        raise RuntimeError("cannot reach postgres://admin:internal-detail@10.0.0.7/")


def test_no_canary_sings(desk: Desk):
    heard = played(desk)
    leaks = heard.leaks() + heard.leaks(heard.tokens)  # type: ignore[attr-defined]
    tell(leaks=len(leaks))
    assert not leaks, "\n\n".join(leaks)
    answers = [text for where, text in heard.places if where.startswith(("GET", "POST"))]
    assert "internal-detail" not in "".join(answers), "what goes wrong inside is told to the log alone"


def test_the_error_is_kept_without_the_secret_and_still_says_what_happened(desk: Desk):
    ann = desk.caller()
    job = ann.submit("login", {"user": "ann", "password": ARGUMENT})
    for _ in range(3):
        desk.work()
    error = desk.row(job).error
    assert error is not None
    assert error.message == "ann may not log in with '[secret]' and None"
    assert "RuntimeError: ann may not log in" in error.traceback


def test_the_ear_hears_a_canary(desk: Desk, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("chalicelib.pipeline.attempt.masked", lambda text, secrets: text)
    heard = played(desk)
    assert {where for where, _ in heard.places if any(where in leak for leak in heard.leaks())} >= {
        "row login"
    }


def test_the_ear_hears_a_document_that_shows_its_arguments(desk: Desk, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("chalicelib.entrypoints.api.document.shows_all", lambda task, registry: True)
    assert any("GET /jobs" in leak for leak in played(desk).leaks())

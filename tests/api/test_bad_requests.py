"""What is wrong is refused with the status that says whose fault it is, and the argument that is wrong is named."""

import json
from dataclasses import dataclass, field
from typing import Any

import pytest

from chalicelib.entrypoints.api.body import MOST_BYTES
from chalicelib.pipeline.limits import MAX_BODY
from tests.api.desk import Caller

SOME_ID = "01KDWPVNG0FMNSVKE1CC0RQBKJ"


@dataclass(frozen=True)
class Bad:
    """A request, and what it is answered with."""

    status: int
    argument: str | None
    method: str = "POST"
    path: str = "/jobs"
    body: Any = None
    raw: bytes | None = None
    headers: dict[str, str | None] = field(default_factory=dict)
    slug: str | None = None

    def __str__(self) -> str:
        what = (
            self.raw[:40]
            if self.raw is not None
            else json.dumps(self.body)[:60]
            if self.body is not None
            else ""
        )
        return f"{self.method} {self.path[:60]} {what!r} {self.headers or ''}"


def raw(text: str | bytes, status: int = 400, argument: str | None = "body", path: str = "/jobs") -> Bad:
    return Bad(status, argument, raw=text.encode() if isinstance(text, str) else text, path=path)


def job(argument: str, **fields: Any) -> Bad:
    """A job that is wrong in one field."""
    return Bad(422, argument, body={"task": "add", "args": {"a": 1}, **fields})


def args(argument: str, **given: Any) -> Bad:
    """A job whose arguments are wrong; `typed` takes one of each kind."""
    return Bad(422, argument, body={"task": "typed", "args": {"number": 1, "word": "w", **given}})


def query(argument: str, text: str, path: str = "/jobs") -> Bad:
    return Bad(422, argument, method="GET", path=f"{path}?{text}")


def header(status: int, argument: str | None, **headers: str | None) -> Bad:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return Bad(status, argument, body={"task": "add", "args": {"a": 1}}, headers=named)


def redrive(argument: str, **fields: Any) -> Bad:
    return Bad(422, argument, path="/dead/redrive", body=fields)


UNREADABLE = [
    raw(""),
    raw(" "),
    raw("{"),
    raw("}"),
    raw("{'task': 'add'}"),
    raw('{"task": "add",}'),
    raw('{"task": "add"} {}'),
    raw('{"task": "add"}]'),
    raw("task=add&args="),
    raw("<job/>"),
    raw("undefined"),
    raw('{"task": "add", "args": {"a": NaN}}'),
    raw('{"task": "add", "args": {"a": Infinity}}'),
    raw('{"task": "add", "args": {"a": -Infinity}}'),
    raw('{"task": "add", "args": {"a": 1e999}}'),
    raw('{"task": "add", "args": {"a": ' + "9" * 39 + "}}"),
    raw('{"task": "add", "args": {"a": ' + "9" * 5000 + "}}"),
    raw('{"task": "add", "args": {"a": 01}}'),
    raw('{"task": "add", "args": {"a": +1}}'),
    raw('{"task": "add", "args": {"a": .5}}'),
    raw('{"task": "add", "args": {"a": 0x10}}'),
    raw('{"task": "add", "task": "add"}'),
    raw('{"task": "add", "args": {"a": 1, "a": 2}}'),
    raw('{"task": "add", "args": {"a": [{"b": 1, "b": 1}]}}'),
    raw('{"task": "echo", "args": {"value": ' + "[" * 32 + "]" * 32 + "}}"),
    raw("[" * 1000),
    raw("[" * 100_000),
    raw('{"a":' * 1000 + "1" + "}" * 1000),
    raw('{"task": "echo", "args": {"value": [' + "1," * 100_000 + "1]}}"),
    raw('{"task": "add\n"}'),
    raw('{"task": "\\ud800"}'),
    raw('{"task": "echo", "args": {"value": "\\udc00x"}}'),
    raw('{"task": "\\x41"}'),
    raw(b'{"task": "\xff"}'),
    raw(b'{"task": "\xc3"}'),
    raw(b"\xef\xbb\xbf{}"),
    raw('{"task": "add"}'.encode("utf-16")),
    raw('{"task": "add"}'.encode("utf-32")),
    raw(b"\x00"),
    raw(b"\x1f\x8b\x08\x00"),
    raw("{", path="/jobs/batch"),
    raw("", path="/jobs/batch"),
    raw("", path="/dead/redrive"),
    raw("nope", path="/dead/redrive"),
    raw("nope", path=f"/jobs/{SOME_ID}/cancel"),
    raw("nope", path=f"/jobs/{SOME_ID}/retry"),
]

NOT_A_JOB = [
    Bad(422, "body", body=[]),
    Bad(422, "body", body="add"),
    Bad(422, "body", body=17),
    Bad(422, "body", body=True),
    raw("null", 422, "body"),
    Bad(422, "task", body={}),
    Bad(422, "task", body={"args": {}}),
    job("task", task=None),
    job("task", task=1),
    job("task", task=["add"]),
    Bad(422, "task", body={"task": "nothing"}, slug="unknown-task"),
    Bad(422, "task", body={"task": ""}, slug="unknown-task"),
    Bad(422, "task", body={"task": "Add", "args": {"a": 1}}, slug="unknown-task"),
    Bad(422, "task", body={"task": "add\u0000", "args": {"a": 1}}, slug="unknown-task"),
    Bad(422, "task", body={"task": "__class__"}, slug="unknown-task"),
    Bad(422, "task", body={"task": "x" * 5000}, slug="unknown-task"),
    job("args", args=None),
    job("args", args=[]),
    job("args", args=[1, 2]),
    job("args", args="a=1"),
    job("args", args=1),
    # what the body must never decide
    job("tenant", tenant="bob"),
    job("state", state="SUCCEEDED"),
    job("epoch", epoch=9),
    job("attempts", attempts=0),
    job("id", id=SOME_ID),
    job("owner", owner="1.x"),
    job("result", result=1),
    job("idempotency_key", idempotency_key="k"),
    job("Task", Task="add"),
    job("", **{"": 1}),
    job("on_success", on_success="add"),
    job("delay", delay=-1),
    job("delay", delay=-0.001),
    job("delay", delay=True),
    job("delay", delay="10"),
    job("delay", delay=[10]),
    job("delay", delay=366 * 86400 + 1),
    job("delay", delay=1e300),
    job("delay", delay=10**37),
    job("delay", delay=5, at="2026-01-02T00:00:00Z"),
    job("at", at=1767225600),
    job("at", at=""),
    job("at", at="tomorrow"),
    job("at", at="2026-01-02"),
    job("at", at="2026-01-02T00:00:00"),
    job("at", at="2026-01-02 00:00:00Z"),
    job("at", at="2026-01-02T00:00Z"),
    job("at", at="2026-01-02T00:00:00+0100"),
    job("at", at="2026-01-02T00:00:00+24:00"),
    job("at", at="2026-01-02T24:00:00Z"),
    job("at", at="2026-01-02T00:00:60Z"),
    job("at", at="2026-02-30T00:00:00Z"),
    job("at", at="2026-13-01T00:00:00Z"),
    job("at", at="2026-01-02T00:00:00Z "),
    job("at", at="２026-01-02T00:00:00Z"),
    job("at", at="0001-01-01T00:00:00+14:00"),
    job("at", at="1969-12-31T23:59:59Z"),
    job("at", at="2027-01-03T00:00:00Z"),
    job("at", at="9999-12-31T23:59:59Z"),
    job("expires", expires=0),
    job("expires", expires=-5),
    job("expires", expires=False),
    job("expires", expires="1"),
    job("expires", expires=10, delay=10),
    job("expires", expires=10, delay=11),
    job("expires", expires=1e9),
    job("lane", lane="fast"),
    job("lane", lane="High"),
    job("lane", lane=1),
    job("lane", lane="dead-letters"),
    job("max_attempts", max_attempts=0),
    job("max_attempts", max_attempts=51),
    job("max_attempts", max_attempts=-1),
    job("max_attempts", max_attempts=2.0),
    job("max_attempts", max_attempts=True),
    job("max_attempts", max_attempts="3"),
    job("max_attempts", max_attempts=10**30),
    job("tags", tags="red"),
    job("tags", tags={"red": 1}),
    job("tags", tags=["t"] * 11),
    job("tags[1]", tags=["ok", ""]),
    job("tags[0]", tags=["x" * 65]),
    job("tags[0]", tags=[1]),
    job("tags[2]", tags=["a", "b", None]),
    job("tags[0]", tags=["two\nlines"]),
    job("tags[0]", tags=["\u202egnirts"]),
]

WRONG_ARGUMENTS = [
    args("args.colour", colour="green"),
    args("args.number", number="1"),
    args("args.number", number=0),
    args("args.number", number=11),
    args("args.number", number=1.5),
    args("args.number", number=True),
    args("args.number", number=None),
    args("args.word", word=None),
    args("args.word", word=["w"]),
    args("args.ratio", ratio="1"),
    args("args.sure", sure=1),
    args("args.sure", sure="yes"),
    args("args.when", when="yesterday"),
    args("args.words", words="w"),
    args("args.words[1]", words=["w", 1]),
    args("args.place", place=[1, 2]),
    args("args.place.y", place={"x": 1}),
    args("args.place.x", place={"x": "1", "y": 2}),
    args("args.extra", extra=1),
    Bad(422, "args.word", body={"task": "typed", "args": {"number": 1}}),
    Bad(422, "args.a", body={"task": "add", "args": {}}),
    Bad(422, "args.a", body={"task": "add"}),
    Bad(422, "args.self", body={"task": "add", "args": {"a": 1, "self": 1}}),
]

WRONG_HEADERS = [
    header(415, None, Content_Type=None),
    header(415, None, Content_Type=""),
    header(415, None, Content_Type="text/plain"),
    header(415, None, Content_Type="application/x-www-form-urlencoded"),
    header(415, None, Content_Type="multipart/form-data; boundary=x"),
    header(415, None, Content_Type="application/xml"),
    header(415, None, Content_Type="application/jsonp"),
    header(415, None, Content_Type="application/json-seq"),
    header(415, None, Content_Type="application/problem+json"),
    header(415, None, Content_Type="text/json"),
    header(415, None, Content_Type="*/*"),
    header(415, None, Content_Type="application/*"),
    header(415, None, Content_Type="text/plain, application/json"),
    header(415, None, Content_Type="application/json; charset=latin-1"),
    header(415, None, Content_Type="application/json; charset=utf-16"),
    header(415, None, Content_Encoding="gzip"),
    header(415, None, Content_Encoding="br"),
    header(415, None, Content_Encoding="identity, gzip"),
    header(422, "Prefer", Prefer="wait"),
    header(422, "Prefer", Prefer="wait="),
    header(422, "Prefer", Prefer="wait=soon"),
    header(422, "Prefer", Prefer="wait=-1"),
    header(422, "Prefer", Prefer="wait=1.5"),
    header(422, "Prefer", Prefer="wait=1e3"),
    header(422, "Prefer", Prefer="wait=٣"),
    header(422, "Prefer", Prefer="respond-async, wait=x"),
    header(422, "Prefer", Prefer="wait=9999999999"),
    header(422, "Idempotency-Key", Idempotency_Key=""),
    header(422, "Idempotency-Key", Idempotency_Key="k" * 201),
    header(422, "Idempotency-Key", Idempotency_Key="schl\xfcssel"),
    header(422, "Idempotency-Key", Idempotency_Key="a\tb"),
]

TOO_LARGE = [
    Bad(413, "body", raw=b" " * (MOST_BYTES + 1)),
    Bad(413, "body", raw=b'{"task":"echo","args":{"value":"' + b"x" * MOST_BYTES + b'"}}'),
    Bad(413, "args", raw=b'{"task":"echo","args":{"value":"' + b"x" * MAX_BODY + b'"}}'),
    Bad(413, "body", raw=b"[" * (MOST_BYTES + 1), path="/jobs/batch"),
    Bad(413, "body", raw=b"{" * (MOST_BYTES + 1), path=f"/jobs/{SOME_ID}/cancel"),
]

BATCHES = [
    Bad(422, "jobs", path="/jobs/batch", body={}),
    Bad(422, "jobs", path="/jobs/batch", body={"jobs": []}),
    Bad(422, "jobs", path="/jobs/batch", body={"jobs": {}}),
    Bad(422, "jobs", path="/jobs/batch", body={"jobs": None}),
    Bad(422, "jobs", path="/jobs/batch", body={"jobs": [{}] * 1001}),
    Bad(422, "tenant", path="/jobs/batch", body={"jobs": [{}], "tenant": "bob"}),
    Bad(422, "body", path="/jobs/batch", body=[{"task": "add"}]),
    Bad(422, "Idempotency-Key", path="/jobs/batch", body={"jobs": [{}]}, headers={"Idempotency-Key": "k"}),
]

QUERIES = [
    query("state", "state=dead"),
    query("state", "state="),
    query("state", "state=null"),
    query("state", "state=NOPE"),
    query("limit", "limit=0"),
    query("limit", "limit=101"),
    query("limit", "limit=-1"),
    query("limit", "limit=ten"),
    query("limit", "limit="),
    query("limit", "limit=5.0"),
    query("limit", "limit=1e1"),
    query("limit", "limit=%205"),
    query("limit", "limit=%D9%A5"),
    query("limit", "limit=99999999999999999999"),
    query("limit", "limit=1&limit=2"),
    query("since", "since=yesterday"),
    query("since", "since=1767225600"),
    query("since", "since=null"),
    query("since", "since=2026-01-01"),
    query("since", "since=2026-01-01T00:00:00+01:00"),  # the plus is a space: it wants %2B
    query("since", "since=0001-01-01T00:00:00Z"),
    query("since", "since=9999-12-31T23:59:59Z"),
    query("since", "since=2026-01-01T00:00:01Z&until=2026-01-01T00:00:00Z"),
    query("since", "since=2026-01-01T00:00:00Z&until=2026-01-01T00:00:00Z"),
    query("until", "until=x"),
    query("until", "until=0001-01-01T00:00:00-14:00"),
    query("cursor", "cursor="),
    query("cursor", "cursor=x"),
    query("cursor", "cursor=../../etc"),
    query("cursor", f"cursor={SOME_ID}"),
    query("cursor", f"cursor={SOME_ID.lower()}"),
    query("tenants", "tenants=bob"),
    query("Limit", "Limit=5"),
    query("", "=5"),
    query("limit[]", "limit[]=5"),
    query("reason", "reason=tired", path="/dead"),
    query("reason", "reason=FAILED", path="/dead"),
    query("limit", "limit=1000", path="/dead"),
    query("cursor", "cursor=dead%230%20%20", path="/dead"),
    query("cursor", "cursor=%00", path="/dead"),
    query("cursor", "cursor=\u00e9", path="/dead"),
    query("state", "state=DEAD", path="/dead"),
    query("limit", "limit=5", path="/dead/groups"),
    query("x", "x=1", path="/tasks"),
    query("x", "x=1", path="/tasks/add"),
    query("x", "x=1", path="/lanes"),
    query("x", "x=1", path="/health"),
    query("x", "x=1", path="/openapi.json"),
    query("x", "x=1", path="/docs"),
    query("x", "x=1", path=f"/jobs/{SOME_ID}"),
    Bad(422, "dry_run", path="/dead/redrive?dry_run=true", body={}),
    Bad(422, "force", path=f"/jobs/{SOME_ID}/cancel?force=1"),
    Bad(422, "wait", path="/jobs?wait=5", body={"task": "add", "args": {"a": 1}}),
]

REDRIVES = [
    redrive("limit", limit=0),
    redrive("limit", limit=1001),
    redrive("limit", limit=1.0),
    redrive("limit", limit="1"),
    redrive("limit", limit=True),
    redrive("limit", limit=None),
    redrive("dry_run", dry_run=1),
    redrive("dry_run", dry_run="true"),
    redrive("dry_run", dry_run=None),
    redrive("reason", reason="tired"),
    redrive("reason", reason=1),
    redrive("task", task=1),
    redrive("fingerprint", fingerprint=1),
    redrive("tenant", tenant="bob"),
    redrive("all", all=True),
    Bad(422, "body", path="/dead/redrive", body=[]),
    Bad(422, "force", path=f"/jobs/{SOME_ID}/cancel", body={"force": True}),
    Bad(422, "at", path=f"/jobs/{SOME_ID}/retry", body={"at": 1}),
    Bad(422, "body", path=f"/jobs/{SOME_ID}/retry", body=[]),
]

NOWHERE = [
    Bad(404, None, method=method, path=path, slug="no-such-route")
    for method, path in [
        ("GET", "/"),
        ("POST", "/"),
        ("GET", "/job"),
        ("GET", "/Jobs"),
        ("GET", "/jobs/a/b"),
        ("POST", "/jobs/a/cancel/now"),
        ("GET", "/jobs/../tasks"),
        ("GET", "/v1/jobs"),
        ("DELETE", "/a/b/c/d/e/f"),
        ("OPTIONS", "/nowhere"),
        ("GET", "/.env"),
        ("GET", "/%2e%2e/%2e%2e/etc/passwd"),
        ("GET", "/{proxy+}"),
        ("BREW", "/nowhere"),
    ]
] + [
    Bad(404, None, method="GET", path=path, slug="not-found")
    for path in [
        f"/jobs/{SOME_ID}",
        f"/jobs/{SOME_ID.lower()}",
        "/jobs/nope",
        "/jobs/%00",
        "/jobs/%F0%9F%92%A3",
        f"/jobs/{'Z' * 26}",
        f"/jobs/{'0' * 26}",
        f"/jobs/{'x' * 3000}",
        "/tasks/nothing",
        "/tasks/__class__",
        f"/tasks/{'x' * 3000}",
    ]
]

WRONG_METHODS = [
    Bad(405, None, method=method, path=path, slug="method-not-allowed")
    for method, path in [
        ("PUT", "/jobs"),
        ("DELETE", "/jobs"),
        ("PATCH", "/jobs"),
        ("BREW", "/jobs"),
        ("DELETE", f"/jobs/{SOME_ID}"),
        ("POST", f"/jobs/{SOME_ID}"),
        ("GET", "/jobs/batch"),
        ("HEAD", "/jobs/batch"),
        ("GET", f"/jobs/{SOME_ID}/cancel"),
        ("POST", "/dead"),
        ("GET", "/dead/redrive"),
        ("POST", "/health"),
        ("PUT", "/tasks/add"),
        ("post", "/lanes"),
    ]
]

CASES = [
    *UNREADABLE,
    *NOT_A_JOB,
    *WRONG_ARGUMENTS,
    *WRONG_HEADERS,
    *TOO_LARGE,
    *BATCHES,
    *QUERIES,
    *REDRIVES,
    *NOWHERE,
    *WRONG_METHODS,
]


@pytest.mark.parametrize("bad", CASES, ids=str)
def test_what_is_wrong_is_refused_and_named(ann: Caller, bad: Bad):
    reply = ann.ask(bad.method, bad.path, bad.body, raw=bad.raw, headers=bad.headers)
    assert reply.status == bad.status, reply.text
    if bad.method == "HEAD":
        return  # it has no body to look into
    assert reply.argument == bad.argument
    if bad.slug:
        assert reply.slug == bad.slug
    assert len(reply.text) < 1500, "a problem repeats no more than a little of what was sent"


def test_nothing_that_was_refused_left_a_trace(desk, ann: Caller):
    # when all of it is sent
    for bad in CASES:
        ann.ask(bad.method, bad.path, bad.body, raw=bad.raw, headers=bad.headers)

    # then there is no row, no message, no key and no payload
    assert not desk.store.rows
    assert not desk.queue.messages
    assert not desk.keys.claims
    assert not desk.payloads.bodies


def test_the_table_is_long_enough():
    assert len(CASES) >= 300

"""Requests that are meant to cost more than they bring: they are refused early, by their size, and none is a server error."""

import base64
import gzip
import json
import zlib

import pytest

from app import app
from chalicelib import wiring
from chalicelib.entrypoints.api.body import MOST_BYTES
from tests.api.desk import Caller, Desk
from tests.security.ground import quiet
from tests.security.tally import tell

JOB = b'{"task": "echo", "args": {"value": 1}}'
JSON = {"Content-Type": "application/json"}


@pytest.fixture
def ann():
    with quiet():
        desk = Desk()
        wiring.use(desk.parts)
        yield desk.caller()


def refused(reply, *statuses: int) -> None:
    tell(cases=1, server_errors=int(reply.status >= 500))
    assert reply.status in statuses, reply.text[:300]
    assert len(reply.text) < 2000, "a refusal repeats little"


BOMB = gzip.compress(b" " * 50_000_000)
"""Fifty megabytes in fifty thousand bytes."""


@pytest.mark.parametrize(
    "coding", ["gzip", "GZIP", "deflate", "br", "zstd", "compress", "gzip, gzip", "x-gzip", "identity, gzip"]
)
def test_nobody_opens_what_is_compressed(ann: Caller, coding: str, monkeypatch: pytest.MonkeyPatch):
    for opener in ("decompress", "decompressobj"):
        monkeypatch.setattr(zlib, opener, lambda *_, **__: pytest.fail("it was opened"))
    refused(ann.ask("POST", "/jobs", raw=BOMB, headers={**JSON, "Content-Encoding": coding}), 415)


def test_what_is_compressed_and_does_not_say_so_is_no_json(ann: Caller):
    refused(ann.ask("POST", "/jobs", raw=BOMB, headers=JSON), 400)


def test_what_api_gateway_brings_as_base64_is_counted_as_it_is(ann: Caller):
    """It brings bodies so that it takes for binary ones; Chalice undoes that, and that alone."""
    for body, status in ((JOB, 202), (BOMB, 400), (b" " * (MOST_BYTES + 1), 413)):
        assert _event(ann, body)["statusCode"] == status


def _event(caller: Caller, body: bytes):
    headers = {"content-type": ["application/json"], "authorization": [f"Bearer {caller.token}"]}
    context = {
        "httpMethod": "POST",
        "resourcePath": "/jobs",
        "identity": {},
        "requestId": "r",
        "path": "/api/jobs",
    }
    event = {
        "requestContext": context,
        "multiValueHeaders": headers,
        "headers": {name: values[0] for name, values in headers.items()},
        "multiValueQueryStringParameters": None,
        "pathParameters": None,
        "stageVariables": None,
        "body": base64.b64encode(body).decode(),
        "isBase64Encoded": True,
    }
    return app(event, None)


@pytest.mark.parametrize("size", [MOST_BYTES + 1, 6_000_000, 10_000_000])
def test_a_huge_body_is_not_read(ann: Caller, size: int, monkeypatch: pytest.MonkeyPatch):
    read = json.loads

    def reading(text, **how):
        assert len(text) < MOST_BYTES, "it was parsed"
        return read(text, **how)

    monkeypatch.setattr(json, "loads", reading)
    reply = ann.ask("POST", "/jobs", raw=b"[" * size, headers=JSON)
    refused(reply, 413)


@pytest.mark.parametrize(
    "body",
    [
        b"[" * 1_000_000,
        b'{"a":' * 200_000,
        b"[" * 32 + b"]" * 32 + b",",
        b'{"task":"echo","args":{"value":' + b"9" * 4_000_000 + b"}}",
        b'{"task":"echo","args":{"value":1e' + b"9" * 1_000_000 + b"}}",
        b'{"task":"echo","args":{' + b",".join(b'"%d":1' % n for n in range(200_000)) + b"}}",
        b'{"task":"echo","args":{"value":[' + b"0," * 1_000_000 + b"0]}}",
        b'{"task":"echo","args":{"value":"' + b"\\ud800" * 100_000 + b'"}}',
        b'{"task":"echo",' * 100_000,
    ],
    ids=["deep lists", "deep objects", "deep and broken", "a long number", "a long exponent", "many names", "many values", "surrogates", "one name often"],
)  # fmt: skip
def test_json_that_is_dear_to_read_is_refused_before_it_is(ann: Caller, body: bytes):
    refused(ann.ask("POST", "/jobs", raw=body, headers=JSON), 400)


def test_many_and_long_headers_are_nothing_to_the_app(ann: Caller):
    for headers in (
        {f"X-Header-{number}": "v" for number in range(2_000)},
        {"X-Long": "v" * 1_000_000},
        {"Cookie": "a=b; " * 100_000},
    ):
        reply = ann.ask("GET", "/jobs", headers=headers)
        tell(cases=1, server_errors=int(reply.status >= 500))
        assert reply.status == 200
    for name in ("Prefer", "Idempotency-Key", "Content-Type"):
        reply = ann.ask("POST", "/jobs", raw=JOB, headers={**JSON, name: "wait=" + "9" * 500_000})
        refused(reply, 415, 422)


@pytest.mark.parametrize(
    "query",
    [
        "tag=" + "x" * 200_000,
        "&".join(f"x{number}=1" for number in range(5_000)),
        "&".join(["limit=1"] * 5_000),
        "cursor=" + "A" * 200_000,
        "since=" + "9" * 100_000,
        "limit=" + "9" * 100_000,
    ],
    ids=["a long value", "many names", "one name often", "a long cursor", "a long time", "a long number"],
)
def test_long_queries_are_refused_by_name_and_not_repeated(ann: Caller, query: str):
    reply = ann.get(f"/jobs?{query}")
    if query.startswith("tag="):
        assert reply.status in (200, 422)  # a tag that no job has
        return
    refused(reply, 422)


@pytest.mark.parametrize(
    "path", ["/jobs/" + "x" * 100_000, "/" + "a/" * 20_000, "/webhooks/" + "wh_" * 10_000]
)
def test_long_paths_are_not_found(ann: Caller, path: str):
    refused(ann.get(path), 404, 422)


def test_a_key_that_is_long_is_seen_by_its_shape(ann: Caller):
    nobody = ann.desk.nobody("jl_" + "a" * 1_000_000)
    refused(nobody.get("/jobs"), 401)

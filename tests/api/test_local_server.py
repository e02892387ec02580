"""Over HTTP, on Chalice's own local server: what reaches a client is what the test client sees."""

import http.client
import json
import os
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from chalice import Chalice
from chalice.config import Config
from chalice.local import LocalDevServer, create_local_server

from app import app
from chalicelib.entrypoints.api.body import MOST_BYTES
from tests.api.desk import PROBLEM, Caller, Desk

HOME = Path(__file__).parents[2]


@pytest.fixture
def server(desk: Desk) -> Iterator[LocalDevServer]:
    server = create_local_server(app, Config(config_from_disk={"app_name": "jobline"}), "127.0.0.1", 0)
    thread = threading.Thread(target=server.server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    yield server
    server.shutdown()
    server.server.server_close()
    thread.join(10)
    app.__class__ = Chalice  # the server made it another


def _line(port: int) -> http.client.HTTPConnection:
    return http.client.HTTPConnection("127.0.0.1", port, timeout=20)


def _ask(
    line: http.client.HTTPConnection, method: str, path: str, body: bytes | None = None, **headers: str
) -> tuple[int, Any, http.client.HTTPResponse]:
    line.request(
        method, path, body=body, headers={name.replace("_", "-"): value for name, value in headers.items()}
    )
    response = line.getresponse()
    text = response.read()
    kind = response.headers["Content-Type"].partition(";")[0]
    return response.status, json.loads(text) if text and kind.endswith("json") else text, response


@pytest.fixture
def line(server: LocalDevServer) -> Iterator[http.client.HTTPConnection]:
    line = _line(server.server.server_address[1])
    yield line
    line.close()


@pytest.mark.parametrize(
    ("method", "path", "status", "slug"),
    [
        ("GET", "/nowhere", 404, "no-such-route"),
        ("GET", "/no/where/at/all?x=1", 404, "no-such-route"),
        ("DELETE", "/jobs/x/y/z/", 404, "no-such-route"),
        ("GET", "/", 404, "no-such-route"),
        ("OPTIONS", "/nowhere/at/all", 404, "no-such-route"),
        ("PUT", "/jobs", 405, "method-not-allowed"),
        ("DELETE", "/jobs/x", 405, "method-not-allowed"),
        ("PATCH", "/health", 405, "method-not-allowed"),
        ("GET", "/jobs", 401, "unauthenticated"),
        ("POST", "/jobs", 401, "unauthenticated"),
    ],
)
def test_what_no_route_takes_is_a_problem(line, method: str, path: str, status: int, slug: str):
    found, body, response = _ask(line, method, path)
    assert (found, body["type"]) == (status, f"urn:jobline:problem:{slug}")
    assert response.headers["Content-Type"] == PROBLEM
    assert response.headers["X-Content-Type-Options"] == "nosniff"
    assert ("Allow" in response.headers) == (status == 405)


def test_a_key_in_the_header_does_not_change_what_an_unknown_path_is(line, ann: Caller):
    assert _ask(line, "GET", "/a/b/c", Authorization=f"Bearer {ann.token}")[0] == 404


@pytest.mark.parametrize(
    ("body", "kind", "status"),
    [
        (b'{"task": "add", "args": {"a": 1}}', "application/json", 202),
        (b'{"task": "add", "args": {"a": 1}}', "Application/JSON; charset=UTF-8", 202),
        (b"task=add", "application/x-www-form-urlencoded", 415),
        (b"\x00\x01", "application/octet-stream", 415),  # which the server hands over as base64
        (b"{", "application/json", 400),
        (b"[" * 100_000, "application/json", 400),
        (b'{"task": "\xff"}', "application/json", 400),
        (b'{"task": "add", "task": "add"}', "application/json", 400),
        (b'{"task": "add", "args": {"a": NaN}}', "application/json", 400),
        (b'{"task": "add", "args": {"a": "x"}}', "application/json", 422),
        (b" " * (MOST_BYTES + 1), "application/json", 413),
    ],
    ids=lambda value: str(value)[:40],
)
def test_bodies_are_read_as_strictly_as_by_the_test_client(
    line, ann: Caller, body: bytes, kind: str, status: int
):
    found, answer, _ = _ask(
        line, "POST", "/jobs", body, Content_Type=kind, Authorization=f"Bearer {ann.token}"
    )
    assert found == status
    if status >= 400:
        assert answer["status"] == status


def test_a_line_is_kept_over_answers_of_all_kinds(line, ann: Caller):
    key = f"Bearer {ann.token}"
    job = b'{"task": "add", "args": {"a": 1}}'
    seen = [
        _ask(line, "HEAD", "/health")[0],
        _ask(line, "OPTIONS", "/jobs")[0],
        _ask(line, "POST", "/jobs", job, Content_Type="application/json", Authorization=key)[0],
        _ask(line, "GET", "/docs")[0],
        _ask(line, "PUT", "/jobs", job)[0],
        _ask(line, "GET", "/jobs", Authorization=key)[0],
    ]
    assert seen == [200, 204, 202, 200, 405, 200]


def test_side_by_side_everybody_gets_the_answer_to_his_own_question(server, ann: Caller, bob: Caller):
    # given two tenants who ask at the same time, over many lines
    port = server.server.server_address[1]

    def one(number: int) -> tuple[int, str, str]:
        caller = (ann, bob)[number % 2]
        line = _line(port)
        body = json.dumps({"task": "add", "args": {"a": number}}).encode()
        headers = {"Content_Type": "application/json", "Authorization": f"Bearer {caller.token}"}
        _, answer, response = _ask(line, "POST", "/jobs", body, **headers)
        line.close()
        return answer["args"]["a"], answer["tenant"], response.headers["X-Request-Id"]

    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(one, range(80)))

    # then nobody meets anybody else
    assert [(number, tenant) for number, tenant, _ in answers] == [
        (n, ("ann", "bob")[n % 2]) for n in range(80)
    ]
    assert len({request_id for _, _, request_id in answers}) == 80


@pytest.mark.slow
def test_chalice_local_serves_the_same_app_even_with_no_aws_behind_it(tmp_path: Path):
    # given `chalice local` with nothing that answers for AWS
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    environment = {
        **os.environ,
        "AWS_ENDPOINT_URL": "http://127.0.0.1:9",
        "AWS_DEFAULT_REGION": "eu-west-1",
        "AWS_ACCESS_KEY_ID": "none",
        "AWS_SECRET_ACCESS_KEY": "none",
        "HOME": str(tmp_path),
    }
    chalice = [sys.executable, "-c", "import sys; from chalice.cli import main; sys.exit(main())"]
    command = [*chalice, "local", "--stage", "local", "--port", str(port), "--no-autoreload"]
    with (tmp_path / "log").open("wb") as log:
        process = subprocess.Popen(command, cwd=HOME, env=environment, stdout=log, stderr=log)
    try:
        line = _when_it_listens(port, process)

        # then paths, the page and the document are there, and health says what is not
        assert _ask(line, "GET", "/no/where/at/all")[0] == 404
        assert _ask(line, "GET", "/docs")[0] == 200
        assert _ask(line, "GET", "/openapi.json")[1]["openapi"] == "3.1.0"
        status, body, _ = _ask(line, "GET", "/health")
        assert (status, body["checks"]) == (503, {"table": "failed", "queues": "failed"})
        line.close()
    finally:
        process.terminate()
        process.wait(10)


def _when_it_listens(port: int, process: subprocess.Popen[bytes]) -> http.client.HTTPConnection:
    for _ in range(300):
        assert process.poll() is None, "chalice local ended by itself"
        line = _line(port)
        try:
            line.connect()
        except ConnectionRefusedError:
            time.sleep(0.1)
        else:
            return line
    raise AssertionError("chalice local does not listen")

"""API Gateway's part: what no app sees, on the wire."""

import importlib
import json
import os
import socket
import threading

import httpx
import pytest

from jobline.local.gateway import MAX_BODY, gateway
from jobline.local.ports import LOOPBACK
from tests.local.processes import listening_addresses_of, loopback


@pytest.fixture(scope="module")
def address():
    app = importlib.import_module("tests.local.fake_app").app
    server = gateway(app, host=LOOPBACK, port=0).server
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield server.server_address
    server.shutdown()
    server.server_close()
    thread.join(10)


def said_to(address, wire):
    """Send these bytes on a connection of its own and read until the server closes it."""
    with socket.create_connection(address, timeout=10) as connection:
        connection.sendall(wire)
        answer = b"".join(iter(lambda: connection.recv(65536), b""))
    head, _, body = answer.partition(b"\r\n\r\n")
    return int(head.split()[1]), head.decode("ascii").lower(), body


@pytest.mark.parametrize(
    ("wire", "status"),
    [
        pytest.param(
            b"POST /echo HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n",
            411,
            id="chunked",
        ),
        pytest.param(b"POST /echo HTTP/1.1\r\nContent-Length: two\r\n\r\n{}", 400, id="a length in words"),
        pytest.param(b"POST /echo HTTP/1.1\r\nContent-Length: -1\r\n\r\n{}", 400, id="a negative length"),
        pytest.param(
            b"POST /echo HTTP/1.1\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\n{}", 400, id="two lengths"
        ),
        pytest.param(
            b"POST /echo HTTP/1.1\r\nContent-Length: %d\r\n\r\n" % (MAX_BODY + 1), 413, id="too long"
        ),
        pytest.param(
            b"POST /echo HTTP/1.1\r\nContent-Length: %s\r\n\r\n" % (b"9" * 5000), 413, id="absurdly long"
        ),
        pytest.param(
            b"GET /echo HTTP/1.1\r\nAuthorization: a\r\nauthorization: b\r\n\r\n", 400, id="two credentials"
        ),
        pytest.param(b"BREW /teapot HTTP/1.1\r\n\r\n", 501, id="a method that is none"),
        pytest.param(b"what is this\r\n\r\n", 400, id="no HTTP"),
        pytest.param(b"GET /" + b"a" * 70000 + b" HTTP/1.1\r\n\r\n", 414, id="an endless path"),
        pytest.param(b"GET / HTTP/1.1\r\nA: " + b"a" * 70000 + b"\r\n\r\n", 431, id="an endless header"),
    ],
)
def test_what_cannot_be_read_safely_is_refused_in_json_and_the_connection_closed(address, wire, status):
    answered, head, body = said_to(address, wire)

    assert answered == status
    assert "content-type: application/problem+json" in head
    assert json.loads(body)["status"] == status


def test_a_connection_is_kept_for_the_next_request(address):
    with httpx.Client(base_url="http://{}:{}".format(*address)) as client:
        for number in range(3):
            assert client.post("/echo", json={"number": number}).json() == {"number": number}
        assert client.get("/teapot").status_code == 418
        assert len(client._transport._pool.connections) == 1


def test_a_client_that_asks_before_it_sends_is_told_to_go_on(address):
    body = b'{"a": 1}'
    with socket.create_connection(address, timeout=10) as connection:
        head = b"POST /echo HTTP/1.1\r\nExpect: 100-continue\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n"
        connection.sendall(head % len(body))
        assert connection.recv(100).startswith(b"HTTP/1.1 100 ")
        connection.sendall(body)
        assert b" 200 OK" in connection.recv(65536)


SLOW = b"POST /echo HTTP/1.1\r\nContent-Type: application/json\r\nContent-Length: 1000000\r\n\r\n{"


def test_bodies_that_come_slowly_keep_nobody_else_waiting(address):
    slow = [socket.create_connection(address, timeout=10) for _ in range(40)]
    try:
        for connection in slow:
            connection.sendall(SLOW)
        with httpx.Client(base_url="http://{}:{}".format(*address), timeout=30) as client:
            assert client.post("/echo", json={"number": 1}).json() == {"number": 1}
    finally:
        for connection in slow:
            connection.close()


def test_a_body_that_does_not_come_is_given_up_without_an_answer(address, monkeypatch):
    monkeypatch.setattr("jobline.local.gateway.Handler.timeout", 0.2)
    with socket.create_connection(address, timeout=30) as connection:
        connection.sendall(SLOW)
        assert connection.recv(100) == b""


@pytest.mark.parametrize(("count", "status"), [(90, 200), (101, 431)])
def test_many_headers_are_refused(address, count, status):
    """API Gateway takes 10,240 bytes of them; here it is their number."""
    headers = b"".join(b"X-%d: v\r\n" % number for number in range(count))
    wire = b"GET /health HTTP/1.1\r\nConnection: close\r\n" + headers + b"\r\n"
    assert said_to(address, wire)[0] == status


def test_the_same_app_may_be_served_again():
    app = importlib.import_module("tests.local.fake_app").app
    ports = []
    for _ in range(2):
        server = gateway(app, host=LOOPBACK, port=0).server
        ports.append(server.server_port)
        server.server_close()
    assert all(ports)


def test_it_listens_on_the_loopback_address_alone(address):
    assert loopback(address[1]) in listening_addresses_of(os.getpid())
    assert address[0] == "127.0.0.1"

"""Documents by HTTPS on real sockets and real TLS: from public hosts, in time, not too long, and from where they were asked."""

import time
from datetime import timedelta

import pytest

from chalicelib.adapters.page import MOST, HttpsPages
from chalicelib.domain.errors import Unavailable
from tests.adapters.tls import NAME, Authority, serving

URL = f"https://{NAME}/keys?a=1"


@pytest.fixture(scope="module")
def authority(tmp_path_factory):
    return Authority(tmp_path_factory.mktemp("ca"))


@pytest.fixture(scope="module")
def identity(authority):
    return authority.server(NAME)


def pages(authority, server, *, allowed=lambda _: True):
    return HttpsPages(
        resolver=lambda host, port: ["127.0.0.1"],
        allowed=allowed,
        context=authority.client,
        port=server.port,
    )


def answer(head, body=b""):
    return lambda line: line.sendall(head.replace("\n", "\r\n").encode() + b"\r\n\r\n" + body)


@pytest.mark.parametrize(
    "script",
    [
        answer("HTTP/1.1 200 OK\nContent-Length: 2", b"{}"),
        answer("HTTP/1.1 200 OK", b"{}"),
        answer("HTTP/1.1 200 OK\nTransfer-Encoding: chunked", b"1\r\n{\r\n1\r\n}\r\n0\r\n\r\n"),
        answer("HTTP/1.1 100 Continue\n\nHTTP/1.1 200 OK\nContent-Length: 2", b"{}"),
    ],
    ids=["of a length", "to the end", "in pieces", "after an interim one"],
)
def test_a_document_comes_as_it_is(authority, identity, script):
    with serving(identity, script) as server:
        assert pages(authority, server)(URL) == b"{}"
    assert server.requests[0].startswith(b"GET /keys?a=1 HTTP/1.1\r\nHost: " + NAME.encode() + b"\r\n")


@pytest.mark.parametrize(
    ("script", "why"),
    [
        (answer("HTTP/1.1 302 Elsewhere\nLocation: https://169.254.169.254/\nContent-Length: 0"), "302"),
        (answer("HTTP/1.1 500 No\nContent-Length: 0"), "500"),
        (answer("HTTP/1.1 200 OK\nContent-Length: 20", b"{}"), "IncompleteRead"),
        (answer("HTTP/1.1 200 OK\nContent-Encoding: gzip\nContent-Length: 2", b"{}"), "compressed"),
        (answer("HTTP/1.1 200 OK\nTransfer-Encoding: chunked", b"zz\r\n{}"), "failed"),
        (answer("SSH-2.0-x"), "BadStatusLine"),
        (lambda line: None, "failed"),
        (answer("HTTP/1.1 200 OK", b" " * MOST), "longer than"),
        (answer("HTTP/1.1 200 OK" + "\nX-A: b" * 200, b"{}"), "failed"),
    ],
    ids=["redirect", "error", "cut", "gzip", "no pieces", "no HTTP", "nothing", "long", "many headers"],
)
def test_what_is_no_document_is_said_to_be_unavailable(authority, identity, script, why):
    with serving(identity, script) as server, pytest.raises(Unavailable, match=why):
        pages(authority, server)(URL)
    assert server.connections == 1


def test_an_answer_that_drips_ends_in_time(authority, identity, monkeypatch):
    monkeypatch.setattr("chalicelib.adapters.page.WITHIN", timedelta(seconds=1))

    def slowly(line):
        for _ in range(100):
            line.sendall(b"HTTP/1.1 200 OK\r\n")
            time.sleep(0.1)  # the other side is slow on a real line: the limit shown here is one of real time

    with serving(identity, slowly) as server, pytest.raises(Unavailable, match="no answer within 1 s"):
        pages(authority, server)(URL)


def test_an_address_that_is_not_public_is_never_asked(authority, identity):
    with serving(identity) as server, pytest.raises(Unavailable, match="not public"):
        pages(authority, server, allowed=lambda _: False)(URL)
    assert server.connections == 0


@pytest.mark.parametrize(
    "url", ["http://hooks.example.org/", "https://127.0.0.1/", "https://a.internal/", "https://a.org:8443/"]
)
def test_an_address_that_is_none_of_the_internet_is_never_resolved(url):
    asked = []
    with pytest.raises(Unavailable):
        HttpsPages(resolver=lambda *where: asked.append(where) or [])(url)
    assert asked == []


def test_a_certificate_of_another_name_is_none(authority):
    shown = authority.server("other.example.org")
    with serving(shown) as server, pytest.raises(Unavailable, match="certificate"):
        pages(authority, server)(URL)
    assert server.requests == []


def test_a_name_that_leads_nowhere_is_unavailable(authority):
    with pytest.raises(Unavailable):
        HttpsPages(resolver=lambda host, port: [])(URL)

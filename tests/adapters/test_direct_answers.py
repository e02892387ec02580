"""The reading of DynamoDB's answers: what is well said is read as the standard library reads it, anything else not at all."""

import io
import socket
import threading
from contextlib import contextmanager
from http.client import HTTPResponse

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.adapters.aws.direct.answer import MOST_HEAD, Answer, Unreadable, read

BODY = b'{"Attributes":{}}'
PLAIN = (
    b"HTTP/1.1 200 OK\r\nServer: Server\r\nContent-Type: application/x-amz-json-1.0\r\n"
    b"Content-Length: 17\r\nConnection: keep-alive\r\nx-amzn-RequestId: ABC\r\nx-amz-crc32: 12\r\n\r\n"
) + BODY


class Said:
    """A line on which this was said, in these pieces, and then no more."""

    def __init__(self, *pieces: bytes) -> None:
        self.pieces = [piece for piece in pieces if piece]

    def recv(self, most: int) -> bytes:
        return self.pieces.pop(0)[:most] if self.pieces else b""

    def makefile(self, *_):
        return io.BytesIO(b"".join(self.pieces))


def test_an_answer_is_its_status_its_headers_and_its_body():
    answer = read(Said(PLAIN))
    assert (answer.status, answer.body) == (200, BODY)
    assert answer.headers["x-amzn-requestid"] == "ABC"
    assert answer.headers["connection"] == "keep-alive"


def test_it_may_come_in_any_two_pieces():
    for cut in range(1, len(PLAIN)):
        assert read(Said(PLAIN[:cut], PLAIN[cut:])) == read(Said(PLAIN))


def test_one_that_ends_early_is_none():
    for cut in range(len(PLAIN)):
        with pytest.raises(Unreadable):
            read(Said(PLAIN[:cut]))


@pytest.mark.parametrize(
    "wrong",
    [
        PLAIN + b"x",  # whose would that be?
        PLAIN + PLAIN,
        PLAIN.replace(b"Content-Length: 17\r\n", b""),
        PLAIN.replace(b"Content-Length: 17", b"Transfer-Encoding: chunked"),
        PLAIN.replace(b"Content-Length: 17", b"Content-Length: 17\r\nTransfer-Encoding: chunked"),
        PLAIN.replace(b"Content-Length: 17", b"Content-Length: 17\r\ncontent-length: 2"),
        PLAIN.replace(b"Content-Length: 17", b"Content-Length: +17"),
        PLAIN.replace(b"Content-Length: 17", b"Content-Length: 1_7"),
        PLAIN.replace(b"Content-Length: 17", b"Content-Length: \xb2"),
        PLAIN.replace(b"Content-Length: 17", b"Content-Length: 99999999999"),
        PLAIN.replace(b"Content-Length: 17", b"Content-Length: 999999999"),
        PLAIN.replace(b"Server: Server", b"Content-Encoding: gzip"),
        PLAIN.replace(b"Server: Server", b" folded"),
        PLAIN.replace(b"Server: Server", b"no colon"),
        PLAIN.replace(b"Server: Server", b"Server : Server"),
        PLAIN.replace(b"Server: Server", b"Server: a\nb: c"),
        PLAIN.replace(b"HTTP/1.1 200 OK", b"HTTP/1.0 200 OK"),
        PLAIN.replace(b"HTTP/1.1 200 OK", b"HTTP/1.1 100 Continue"),
        PLAIN.replace(b"HTTP/1.1 200 OK", b"HTTP/1.1 20 OK"),
        PLAIN.replace(b"HTTP/1.1 200 OK", b"ICY 200 OK"),
        PLAIN.replace(b"\r\n", b"\n"),
        b"HTTP/1.1 200 OK\r\n" + b"x: y\r\n" * MOST_HEAD,
        b"",
    ],
)
def test_what_is_not_quite_that_is_not_read_at_all(wrong):
    with pytest.raises(Unreadable):
        read(Said(*(wrong[low : low + 4096] for low in range(0, len(wrong), 4096))))


NAMES = st.text("abcXYZ-019", min_size=1, max_size=12).filter(
    lambda name: name.lower() not in {"content-length", "transfer-encoding", "content-encoding", "connection"}
)
VALUES = st.text(st.characters(min_codepoint=33, max_codepoint=126), max_size=30)


@given(st.integers(200, 599), st.dictionaries(NAMES, VALUES, max_size=8), st.binary(max_size=300))
def test_what_is_well_said_is_read_as_the_standard_library_reads_it(status, given_headers, body):
    headers = {name.lower(): value for name, value in given_headers.items()}
    lines = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
    said = f"HTTP/1.1 {status} X\r\n{lines}Content-Length: {len(body)}\r\n\r\n".encode() + body
    with HTTPResponse(Said(said), method="POST") as theirs:
        theirs.begin()
        if theirs.length != len(body):
            return  # 204 and 304 have no body there, whatever is said: DynamoDB says neither
        expected = Answer(
            theirs.status, {name.lower(): value for name, value in theirs.headers.items()}, theirs.read()
        )
    assert read(Said(said)) == expected


@given(st.binary(max_size=400))
def test_noise_is_no_answer(noise):
    with pytest.raises(Unreadable):
        read(Said(noise))


@contextmanager
def a_line():
    ours, theirs = socket.socketpair()
    with ours, theirs:
        yield ours, theirs


def test_who_says_nothing_for_too_long_is_given_up():
    with a_line() as (ours, theirs):
        ours.settimeout(0.05)
        theirs.sendall(PLAIN[:30])
        with pytest.raises(TimeoutError):
            read(ours)


def test_a_large_answer_comes_whole():
    body = bytes(range(256)) * 4096
    said = f"HTTP/1.1 200 OK\r\nContent-Length: {len(body)}\r\n\r\n".encode() + body
    with a_line() as (ours, theirs):
        speaker = threading.Thread(target=theirs.sendall, args=(said,))
        speaker.start()
        assert read(ours).body == body
        speaker.join()

"""Lines of an object, however they are cut into pieces: each is a value, or the byte is told at which one begins that is none."""

import json
from io import BytesIO

import pytest

from chalicelib.domain.errors import InvalidInput
from chalicelib.pipeline.workflows import lines
from chalicelib.pipeline.workflows.lines import Lines, check_key

KEY = "inputs/ann/x.jsonl"


@pytest.fixture
def put(stage):
    def put(body):
        stage.parts.inputs.put(KEY, BytesIO(body))
        return Lines(KEY, parts=stage.parts)

    return put


def every(found, most=2):
    """All values, so many at a time."""
    values, start = [], 0
    while start is not None:
        some, start = found.take(start, most)
        assert len(some) <= most
        values += some
    return values


BODIES = {
    "lines": b'1\n"two"\n{"n":3}\n',
    "no newline at the end": b'1\n"two"\n{"n":3}',
    "CRLF": b'1\r\n"two"\r\n{"n":3}\r\n',
    "empty lines": b'\n\n1\n  \n"two"\n\r\n{"n":3}\n\n\n',
    "a byte order mark": b'\xef\xbb\xbf1\n"two"\n{"n":3}\n',
}


@pytest.mark.parametrize("piece", [1, 2, 3, 5, 7, 100])
@pytest.mark.parametrize("body", BODIES.values(), ids=BODIES)
def test_each_line_is_a_value_however_it_is_cut(put, monkeypatch, body, piece):
    monkeypatch.setattr(lines, "PIECE", piece)
    assert every(put(body)) == [1, "two", {"n": 3}]


@pytest.mark.parametrize("body", [b"", b"\n", b"\n \r\n\n"])
def test_nothing_is_no_items(put, body):
    assert every(put(body)) == []


def test_whoever_goes_on_elsewhere_goes_on_at_the_same_line(stage, put, monkeypatch):
    monkeypatch.setattr(lines, "PIECE", 10)
    put("".join(f'"é{n}"\n' for n in range(50)).encode())
    start, found = 0, []
    while start is not None:
        some, start = Lines(KEY, parts=stage.parts).take(start, 7)
        found += some
    assert found == [f"é{n}" for n in range(50)]


def test_a_long_object_is_read_once_and_in_pieces(stage, put, monkeypatch):
    monkeypatch.setattr(lines, "PIECE", 1000)
    body = b"".join(b"%d\n" % n for n in range(10_000))
    assert every(put(body), 100) == list(range(10_000))
    assert stage.parts.inputs.reads == -(-len(body) // 1000)


@pytest.mark.parametrize("piece", [4, 1000])
@pytest.mark.parametrize(
    ("line", "why"),
    [
        (b"{", "not JSON"),
        (b"1 2", "not JSON"),
        (b'"\xff"', "not UTF-8"),
        (b"NaN", "not JSON"),
        (b'{"a":1,"a":2}', "twice"),
        (b"[" * 40 + b"]" * 40, "deeper"),
    ],
)
def test_a_broken_line_is_told_by_its_byte(put, monkeypatch, line, why, piece):
    monkeypatch.setattr(lines, "PIECE", piece)
    with pytest.raises(InvalidInput, match=rf"{KEY}: the line at byte 4: .*{why}"):
        every(put(b"1\n2\n" + line + b"\n3\n"))


@pytest.mark.parametrize("end", [b"", b"\n3\n"])
def test_a_line_that_is_too_long_is_told_by_its_byte_and_not_held(put, monkeypatch, end):
    monkeypatch.setattr(lines, "MAX_BODY", 50)
    monkeypatch.setattr(lines, "PIECE", 20)
    fits, long = json.dumps("x" * 48).encode(), json.dumps("x" * 49).encode()
    assert every(put(fits + b"\n" + fits + end))[0] == "x" * 48
    with pytest.raises(InvalidInput, match="the line at byte 51"):
        every(put(fits + b"\n" + long + end))


def test_a_page_of_long_lines_is_refused_before_it_fills_the_memory(put, monkeypatch):
    monkeypatch.setattr(lines, "MOST_HELD", 100)
    body = b'"0123456789"\n' * 9
    assert len(every(put(body), 8)) == 9
    with pytest.raises(InvalidInput, match="for the children of one page"):
        every(put(body), 9)


def test_an_object_that_changes_meanwhile_is_not_read_on(stage, put, monkeypatch):
    monkeypatch.setattr(lines, "PIECE", 4)
    found = put(b"1\n2\n3\n4\n")
    assert found.take(0, 2) == ([1, 2], 4)
    put(b"5\n6\n7\n8\n")
    with pytest.raises(InvalidInput, match="has changed"):
        found.take(4, 2)


@pytest.mark.parametrize(
    "key",
    [
        "inputs/bob/x",
        "inputs/annie/x",
        "inputs/ann",
        "inputs/ann/",
        "inputs/ann//x",
        "inputs/ann/../bob/x",
        "inputs/ann/./x",
        "inputs/ann/x\ny",
        "payloads/ann/x",
        "/inputs/ann/x",
        "Inputs/ann/x",
        "inputs/ann/" + "x" * 1020,
        "",
        None,
        7,
    ],
)
def test_a_key_of_anybody_else_is_none(key):
    with pytest.raises(InvalidInput, match=r"workflow\.map\.object"):
        check_key(key, "ann", "workflow.map.object")


@pytest.mark.parametrize("key", ["inputs/ann/x", "inputs/ann/2026/11/äöü x.jsonl", "inputs/ann/...x"])
def test_a_key_of_the_tenants_own_is_one(key):
    check_key(key, "ann", "object")

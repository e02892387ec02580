"""Long inputs: any part of what is put is got, and an object that has changed meanwhile is not read on."""

from io import BytesIO
from itertools import count
from tempfile import TemporaryFile

import pytest

from chalicelib.domain.errors import InvalidInput

_numbers = count(1)


@pytest.fixture
def key():
    return f"inputs/ann/{next(_numbers)} of ümlauts.jsonl"


def test_any_part_of_it_is_got(inputs, key):
    inputs.put(key, BytesIO(b"0123456789"))
    assert [inputs.read(key, start, 4).body for start in (0, 4, 8)] == [b"0123", b"4567", b"89"]
    assert inputs.read(key, 0, 4).size == 10


def test_beyond_its_end_there_is_nothing(inputs, key):
    inputs.put(key, BytesIO(b"0123"))
    assert inputs.read(key, 4, 10).body == b""


def test_an_empty_one_has_nothing(inputs, key):
    inputs.put(key, BytesIO(b""))
    piece = inputs.read(key, 0, 10)
    assert (piece.body, piece.size) == (b"", 0)


def test_a_file_is_put_from_where_it_stands(inputs, key):
    with TemporaryFile() as file:
        file.write(b"x" * 3_000_000 + b"end")
        file.seek(10)
        inputs.put(key, file)
    assert inputs.read(key, 2_999_990, 10).body == b"end"
    assert inputs.read(key, 0, 1).size == 2_999_993


def test_what_was_never_put_is_not_there(inputs, key):
    with pytest.raises(InvalidInput, match="there is no inputs/ann/"):
        inputs.read(key, 0, 10)


def test_the_same_content_is_the_same_version_and_another_is_not(inputs, key):
    inputs.put(key, BytesIO(b"0123"))
    first = inputs.read(key, 0, 2)
    inputs.put(key, BytesIO(b"0123"))
    assert inputs.read(key, 2, 2, first.version).body == b"23"
    inputs.put(key, BytesIO(b"4567"))
    with pytest.raises(InvalidInput, match="has changed"):
        inputs.read(key, 2, 2, first.version)
    assert inputs.read(key, 2, 2).body == b"67"

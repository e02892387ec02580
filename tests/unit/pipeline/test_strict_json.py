"""The one reader of what comes from outside: strictly, or refused with the reason; and never slow."""

import json
import math
import time
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.domain.errors import InvalidInput, ResultNotJson, TooLarge
from chalicelib.pipeline.strict_json import MAX_DEPTH, MAX_DIGITS, MAX_VALUES, read, write, write_readable
from tests.support.names import named

LIMIT = 1_000_000


def reading(body: bytes, limit: int = LIMIT):
    return read(body, name="body", limit=limit)


NOT_JSON = [
    b"",
    b" ",
    b"\n",
    b"hello",
    b"'a'",
    b"{a: 1}",
    b"{'a': 1}",
    b'{"a" 1}',
    b'{"a": }',
    b'{"a": 1,}',
    b'{,"a": 1}',
    b'{"a": 1 "b": 2}',
    b'{"a"}',
    b"{1: 2}",
    b"{null: 2}",
    b"[1,]",
    b"[,1]",
    b"[1 2]",
    b"[1",
    b"1]",
    b"[",
    b"]",
    b"{",
    b"}",
    b"[}",
    b"{]",
    b'"',
    b'"abc',
    b'"\\"',
    b'"\\x41"',
    b'"\\u12"',
    b'"\\u12g4"',
    b'"a\nb"',
    b'"a\tb"',
    b'"a\x00b"',
    b"01",
    b"-",
    b"+1",
    b"1.",
    b".5",
    b"1e",
    b"1e+",
    b"0x10",
    b"1_000",
    b"1,2",
    b"1 2",
    b"{} {}",
    b"tru",
    b"True",
    b"None",
    b"nul",
    b"undefined",
    b"// comment\n1",
    b"/* c */ 1",
    b"[1] // c",
    b"\x001",
    b"1\x00",
    b"=1",
    b"<a/>",
    b"\\",
]
ELSE = {
    "not a number": (b"NaN", "NaN is not JSON"),
    "not a number, inside": (b'{"a":[NaN]}', "NaN is not JSON"),
    "infinity": (b"Infinity", "Infinity is not JSON"),
    "minus infinity": (b"[-Infinity]", "-Infinity is not JSON"),
    "a float too large": (b"1e400", "1e400 is out of range"),
    "a float too small": (b"-1e400", "-1e400 is out of range"),
    "a long float": (b"1" + b"0" * 400 + b".0", "out of range"),
    "39 digits": (b"1" * 39, "more than 38 digits"),
    "39 digits, negative": (b"-" + b"1" * 39, "more than 38 digits"),
    "5,000 digits": (b"[" + b"9" * 5000 + b"]", "more than 38 digits"),
    "a name twice": (b'{"a":1,"a":2}', "'a' stands twice"),
    "a name twice, inside": (b'[{"b":{"a":1,"c":2,"a":1}}]', "'a' stands twice"),
    "a name twice, written differently": (b'{"a":1,"\\u0061":2}', "'a' stands twice"),
    "the empty name twice": (b'{"":1,"":2}', "'' stands twice"),
    "33 arrays": (b"[" * 33 + b"]" * 33, "nested deeper than 32"),
    "33 objects": (b'{"a":' * 33 + b"1" + b"}" * 33, "nested deeper than 32"),
    "33 of both": (b'[{"a":' * 17 + b"1" + b"}]" * 17, "nested deeper than 32"),
    "a million arrays": (b"[" * 1_000_000, "nested deeper than 32"),
    "too many values": (b"[" + b"0," * MAX_VALUES + b"0]", "more than 100,000 values"),
    "too many empty objects": (b"[" + b"{}," * 60_000 + b"{}]", "more than 100,000 values"),
    "half a pair": (b'"\\ud800"', "half of a surrogate pair"),
    "the other half": (b'"\\udc00"', "half of a surrogate pair"),
    "two halves, wrongly": (b'"\\udc00\\ud800"', "half of a surrogate pair"),
    "half a pair in a name": (b'{"\\ud800":1}', "half of a surrogate pair"),
    "half a pair, deep": (b'[[{"a":["x\\ud83dx"]}]]', "half of a surrogate pair"),
    "half a pair, encoded": (b'"\xed\xa0\x80"', "not UTF-8 at byte 1"),
    "latin-1": ('"é"'.encode("latin-1"), "not UTF-8 at byte 1"),
    "UTF-16": ('{"a":1}'.encode("utf-16"), "not UTF-8 at byte 0"),
    "UTF-16 without a mark": ('{"a":1}'.encode("utf-16-le"), "not JSON"),
    "UTF-32": ('{"a":1}'.encode("utf-32"), "not UTF-8 at byte 0"),
    "an overlong slash": (b'"\xc0\xaf"', "not UTF-8 at byte 1"),
    "a broken end": (b'"\xe2\x82', "not UTF-8 at byte 1"),
    "a byte order mark": (b"\xef\xbb\xbf{}", "BOM"),
    "gzip": (b"\x1f\x8b\x08\x00", "not UTF-8 at byte 1"),
}


def test_the_table_of_bad_input_is_long():
    assert len(NOT_JSON) + len(ELSE) >= 90


@pytest.mark.parametrize("body", NOT_JSON, ids=named)
def test_what_is_not_json_is_refused_with_the_place(body):
    with pytest.raises(InvalidInput, match=r"body: not JSON: .+ at line \d+, column \d+"):
        reading(body)


@pytest.mark.parametrize(("body", "why"), ELSE.values(), ids=ELSE)
def test_what_only_lax_readers_take_is_refused_with_the_reason(body, why):
    with pytest.raises(InvalidInput, match=why) as refused:
        reading(body)
    assert refused.value.argument == "body"


def test_what_is_too_large_is_not_even_looked_at():
    with pytest.raises(TooLarge, match="11 bytes are more than the limit of 10"):
        reading(b"\xff" * 11, limit=10)
    assert reading(b'"12345678"', limit=10) == "12345678"


@pytest.mark.parametrize(
    ("body", "value"),
    [
        (b"null", None),
        (b" [ ] ", []),
        (b"-0", 0),
        (b"1e2", 100.0),
        (b"1E-2", 0.01),
        (b"1e-400", 0.0),
        (b"9" * MAX_DIGITS, int("9" * MAX_DIGITS)),
        (b"-" + b"9" * MAX_DIGITS, -int("9" * MAX_DIGITS)),
        (b"[" * MAX_DEPTH + b"]" * MAX_DEPTH, json.loads("[" * MAX_DEPTH + "]" * MAX_DEPTH)),
        (b'"[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[["', "[" * 38),
        (b'"' + b"," * 200_000 + b'"', "," * 200_000),
        (b'"\\"[\\\\"', '"[\\'),
        (b'{"a":{"a":1},"b":{"a":2}}', {"a": {"a": 1}, "b": {"a": 2}}),
        (b'"\\ud83d\\ude00"', "\U0001f600"),
        ('"é\U0001f600\u2028"'.encode(), "é\U0001f600\u2028"),
        (b'"\\u0000"', "\0"),
        (b'"\\\\ud800"', "\\ud800"),
        (b'{"":0}', {"": 0}),
        (b"[" + b"0," * 99_998 + b"0]", [0] * 99_999),
    ],
    ids=lambda value: repr(value)[:40],
)
def test_what_is_strict_json_is_read(body, value):
    assert reading(body) == value


@pytest.mark.parametrize(
    "body",
    [
        b'"' + b'\\"' * 500_000,
        b'"' + b"a" * 999_998 + b'"',
        b'"' * 999_999,
        b"{" + b",".join(b'"%d":0' % n for n in range(60_000)) + b',"59999":0}',
        b'["\\ud83d\\ude00' * 90_000,
        b"[" * 500_000 + b"]" * 500_000,
        b"]" * 500_000 + b"[" * 500_000,
        b'"\\' * 400_000,
    ],
    ids=[
        "escaped quotes",
        "one string",
        "quotes",
        "one name twice",
        "pairs",
        "brackets",
        "inside out",
        "backslashes",
    ],
)
def test_no_body_takes_longer_than_its_length_deserves(body):
    """The slowest of these takes a third of a second; quadratic readers take hours for it."""
    begun = time.process_time()
    with suppress(InvalidInput):
        reading(body)
    assert time.process_time() - begun < 60


@given(st.binary(max_size=200))
def test_no_bytes_whatever_do_more_than_be_refused(body):
    try:
        value = reading(body)
    except InvalidInput:
        return
    assert reading(write(value).encode()) == value


JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(10**38) + 1, 10**38 - 1)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=20,
)


@given(JSON)
def test_what_is_written_is_read_back(value):
    assert reading(write_readable(value, name="x", limit=LIMIT).encode()) == value


@pytest.mark.parametrize(
    "value",
    [float("nan"), math.inf, -math.inf, "\ud800", {"\udfff": 1}, object(), b"x", {1, 2}, {(1,): 2}],
    ids=named,
)
def test_what_json_cannot_hold_is_not_written(value):
    with pytest.raises(ResultNotJson):
        write(value)
    with pytest.raises(InvalidInput, match="x: "):
        write_readable(value, name="x", limit=LIMIT)


def test_a_loop_is_not_written():
    loop: list = []
    loop.append(loop)
    with pytest.raises(ResultNotJson):
        write(loop)
    deep: list = []
    for _ in range(100_000):
        deep = [deep]
    with pytest.raises(ResultNotJson):
        write(deep)


def test_text_is_written_compactly_and_as_it_is():
    assert write({"a": [1, None, "é"]}) == '{"a":[1,null,"é"]}'


@pytest.mark.parametrize(
    ("value", "limits"),
    [
        ("aaa", {"limit": 4}),
        ([[1]], {"depth": 1}),
        ([1, 2], {"values": 1}),
        (10**38, {}),
        ({1: 0, "1": 0}, {}),
    ],
    ids=named,
)
def test_what_could_not_be_read_back_is_not_written_either(value, limits):
    with pytest.raises(InvalidInput):
        write_readable(value, **{"name": "x", "limit": LIMIT, **limits})

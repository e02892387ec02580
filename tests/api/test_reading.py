"""Whatever is sent, the answer is ours and is no server error; cursors and times come back as they were."""

import string
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from chalicelib.domain.errors import InvalidInput
from chalicelib.entrypoints.api.cursor import unwrap, wrap
from chalicelib.entrypoints.api.document import rfc3339
from chalicelib.entrypoints.api.reading import moment
from chalicelib.entrypoints.api.routes import ROUTES
from tests.api.desk import Caller, concrete

ONE_DESK = settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=300)

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=10), inner, max_size=4),
    max_leaves=12,
)
FIELDS = [
    "task",
    "args",
    "delay",
    "at",
    "expires",
    "lane",
    "max_attempts",
    "tags",
    "jobs",
    "limit",
    "dry_run",
    "reason",
]
BODIES = VALUES | st.dictionaries(
    st.sampled_from(FIELDS), VALUES | st.sampled_from(["add", "echo", "typed"]), max_size=5
)
POSTS = [route for route in ROUTES if route.method == "POST"]
GETS = [route for route in ROUTES if route.method == "GET"]
PRINTABLE = st.text(st.sampled_from(string.printable[:95]), max_size=30)


@ONE_DESK
@given(route=st.sampled_from(POSTS), body=BODIES)
def test_no_body_is_a_server_error(ann: Caller, route, body: Any):
    assert ann.post(concrete(route.path), body).status < 500


@ONE_DESK
@given(route=st.sampled_from(POSTS), raw=st.binary(max_size=200))
def test_no_bytes_are_a_server_error(ann: Caller, route, raw: bytes):
    assert ann.post(concrete(route.path), raw=raw).status < 500


@ONE_DESK
@given(
    route=st.sampled_from(GETS),
    name=st.sampled_from(["state", "since", "until", "limit", "cursor", "task", "tag", "reason"]) | PRINTABLE,
    value=PRINTABLE | st.text(max_size=20),
)
def test_no_query_is_a_server_error(ann: Caller, route, name: str, value: str):
    path = concrete(route.path)
    assert ann.get(f"{path}?{_quoted(name)}={_quoted(value)}").status < 500


@ONE_DESK
@given(path=st.text(st.characters(codec="ascii", exclude_characters="?#\\[]"), max_size=40))
def test_no_path_is_a_server_error(ann: Caller, path: str):
    assert ann.get(f"/{path.lstrip('/')}").status < 500


@ONE_DESK
@given(
    name=st.sampled_from(
        ["Prefer", "Idempotency-Key", "Content-Type", "Authorization", "Content-Encoding", "Accept"]
    ),
    value=st.text(st.characters(codec="latin-1", exclude_characters="\r\n"), max_size=60),
)
def test_no_header_is_a_server_error(ann: Caller, name: str, value: str):
    assert ann.post("/jobs", {"task": "add", "args": {"a": 1}}, headers={name: value}).status < 500


def _quoted(text: str) -> str:
    from urllib.parse import quote

    return quote(text, safe="")


@given(st.text(min_size=1, max_size=100))
def test_a_cursor_comes_back_as_it_was_given_out(place: str):
    assert unwrap(wrap(place)) == place
    assert (wrap(None), unwrap(None)) == (None, None)


@given(
    place=st.text(min_size=1, max_size=40),
    at=st.integers(min_value=0),
    by=st.integers(min_value=1, max_value=255),
)
def test_a_damaged_cursor_is_refused(place: str, at: int, by: int):
    good = wrap(place) or ""
    at %= len(good)
    damaged = good[:at] + chr(33 + (ord(good[at]) - 33 + by) % 94) + good[at + 1 :]
    with suppress(InvalidInput):
        assert unwrap(damaged) == place  # the last character may hold bits that mean nothing


TIMES = st.datetimes(min_value=datetime(1970, 1, 2), max_value=datetime(9998, 1, 1))  # noqa: DTZ001 - zones are put on


@given(at=TIMES, minutes=st.integers(min_value=-1439, max_value=1439))
@example(at=datetime(2024, 2, 29, 23, 59, 59, 999999), minutes=-1439)  # noqa: DTZ001
def test_a_time_is_read_in_any_zone(at: datetime, minutes: int):
    known = at.replace(tzinfo=UTC)
    sign, size = "-" if minutes < 0 else "+", abs(minutes)
    local = at + timedelta(minutes=minutes)
    text = f"{local.isoformat()}{sign}{size // 60:02d}:{size % 60:02d}"
    assert moment(text, "at") == known
    assert moment(text.replace("T", "t"), "at") == known


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("2026-01-01T00:00:00Z", 0),
        ("2026-01-01t00:00:00z", 0),
        ("2026-01-01T00:00:00.5Z", 0.5),
        ("2026-01-01T00:00:00.123456789Z", 0.123456),
        ("2026-01-01T00:00:00-00:00", 0),
        ("2025-12-31T12:00:01-12:00", 1),
    ],
)
def test_every_way_of_the_rfc_to_write_a_time_is_read(text: str, seconds: float):
    assert moment(text, "at") == datetime(2026, 1, 1, tzinfo=UTC) + timedelta(seconds=seconds)


@given(TIMES)
def test_the_times_that_we_write_we_read(at: datetime):
    known = at.replace(tzinfo=UTC)
    assert moment(rfc3339(known), "at") == known.replace(microsecond=known.microsecond // 1000 * 1000)

"""The readers of what comes from outside, each as a function of bytes: it refuses them in its own words, or what it takes holds together.

Whatever else happens is a finding. Used by the fuzzer (`fuzz.py`), which looks for such bytes, and by the tests, which try a few.
"""

import json
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta

from chalicelib.domain.errors import InvalidInput, NewerMessage
from chalicelib.entrypoints.api.body import read_body
from chalicelib.entrypoints.api.cursor import unwrap, wrap
from chalicelib.entrypoints.api.headers import idempotency_key, wish_to_wait
from chalicelib.entrypoints.api.reading import moment
from chalicelib.entrypoints.api.submission import NewJob
from chalicelib.pipeline import json_patch, strict_json
from chalicelib.pipeline.ids import is_id, is_tenant, time_of
from chalicelib.pipeline.messages import decode, encode
from chalicelib.pipeline.public_address import address_of, is_public
from chalicelib.pipeline.timetable import Rule, zone
from chalicelib.pipeline.token_claims import bearer
from chalicelib.pipeline.token_form import MOST_KID, an_object, kid_of
from chalicelib.pipeline.trust import TokenRefused, Trust
from chalicelib.pipeline.workflows.reading import read_node, to_json

LIMIT = 4096
Target = Callable[[bytes], None]


def strict(data: bytes) -> None:
    """What is taken is written and read back as the same, and Python's own reader sees the same."""
    value = strict_json.read(data, name="body", limit=LIMIT)
    text = strict_json.write(value)
    assert strict_json.read(text.encode(), name="body", limit=8 * LIMIT) == value
    assert json.loads(data) == value


def body(data: bytes) -> None:
    """A job as callers send it."""
    job = read_body(data, {"content-type": "application/json"}, NewJob)
    assert isinstance(job.task, str)


def message(data: bytes) -> None:
    """A message that is taken says what it says when it is written again."""
    wakeup = decode(data.decode("utf-8", "surrogateescape"), "default")
    assert is_id(wakeup.job_id)
    assert decode(encode(wakeup), "default") == wakeup


def cursor(data: bytes) -> None:
    """A cursor that is taken is one that a page could have given."""
    text = data.decode("latin-1")
    place = unwrap(text)
    assert place is not None
    assert unwrap(wrap(place)) == place


def ids(data: bytes) -> None:
    """An id has a time, and a tenant is plain."""
    text = data.decode("utf-8", "replace")
    if is_id(text):
        assert datetime(1970, 1, 1, tzinfo=UTC) <= time_of(text) < datetime(9999, 1, 1, tzinfo=UTC)
    if is_tenant(text):
        assert text.isascii()
        assert not {*text} & {*"#/\\ \n\0"}


def times(data: bytes) -> None:
    """A time is one of this world."""
    found = moment(data.decode("utf-8", "replace"), "at")
    assert found is not None
    assert found.tzinfo is UTC


def cron(data: bytes) -> None:
    """A rule that is taken has a next time after any moment, and after that a later one."""
    rule = Rule(cron=data.decode("utf-8", "replace"), timezone="Europe/Berlin")
    rule.check()
    timetable, at = rule.timetable(), datetime(2026, 3, 29, 0, 30, tzinfo=UTC)
    for _ in range(2):
        found = timetable.after(at)
        assert found is None or found > at
        at = found or at


def zones(data: bytes) -> None:
    """A zone that is taken tells the time."""
    found = zone(data.decode("utf-8", "replace"))
    assert abs(datetime(2026, 7, 1, tzinfo=found).utcoffset() or timedelta(0)) < timedelta(days=1)


def workflow(data: bytes) -> None:
    """A tree that is taken is written and read back as the same."""
    node = read_node(strict_json.read(data, name="workflow", limit=LIMIT))
    assert read_node(to_json(node)) == node


def patch(data: bytes) -> None:
    """A patch makes new arguments of old ones, which stay as they were."""
    operations = strict_json.read(data, name="patch", limit=LIMIT)
    if not isinstance(operations, list) or not all(isinstance(one, dict) for one in operations):
        raise InvalidInput("patch", "no list of operations: the door's type says so")
    json_patch.check(operations)
    before = {"a": [1, {"b": 2}], "c": "d"}
    json_patch.apply(operations, before)
    assert before == {"a": [1, {"b": 2}], "c": "d"}


def urls(data: bytes) -> None:
    """An address that is taken is a plain name with a dot, asked for on port 443."""
    address = address_of(data.decode("utf-8", "replace"))
    assert address.port == 443
    assert address.host.isascii()
    assert "." in address.host
    assert not is_public(address.host), "it is a name, no address"
    assert "\r" not in address.target
    assert "\n" not in address.target


def headers(data: bytes) -> None:
    """Header values."""
    text = data.decode("latin-1")
    wish_to_wait(text)
    idempotency_key(text)


def token(data: bytes) -> None:
    """A bearer token whose form is taken is plain, has three parts, and names a key."""
    text = data.decode("utf-8", "replace")
    assert 1 <= len(kid_of(text, "RS256")) <= MOST_KID
    assert text.isascii()
    assert text.count(".") == 2


def claims(data: bytes) -> None:
    """What a token says makes a caller of a plain tenant, with scopes that may be given, for a day at most."""
    now = datetime(2026, 1, 1, 12, tzinfo=UTC)
    found = bearer(
        an_object(data, LIMIT), Trust(issuer="https://i.org", audience="a", algorithm="RS256"), now
    )
    assert is_tenant(found.tenant)
    assert found.scopes <= {"submit", "read", "operate"}
    assert found.name.isprintable()
    assert found.expires is not None
    assert timedelta(minutes=-1) < found.expires - now < timedelta(days=1, minutes=1)


TARGETS: Mapping[str, Target] = {
    one.__name__: one
    for one in (
        *(strict, body, message, cursor, ids, times, cron, zones, workflow, patch, urls, headers),
        *(token, claims),
    )
}

SEEDS: Mapping[str, tuple[bytes, ...]] = {
    "strict": (b'{"a": [1, -2.5e3, "\\u00e9", null, true]}', b"[[[[1]]]]"),
    "body": (b'{"task": "add", "args": {"a": 1}, "tags": ["x"], "delay": 5, "at": null}',),
    "message": (b'{"v":1,"tenant":"t","job":"01KDWPVNG0FMNSVKE1CC0RQBKJ","epoch":3,"delay":5}',),
    "cursor": ((wrap("01KDWPVNG0FMNSVKE1CC0RQBKJ") or "").encode(),),
    "ids": (b"01KDWPVNG0FMNSVKE1CC0RQBKJ", b"acme-1.x_y"),
    "times": (b"2026-01-31T09:30:00.123+05:30", b"1970-01-01T00:00:00Z"),
    "cron": (b"0 3 * * *", b"*/5 1-3,7 1,15 JAN-MAR MON#2", b"0 0 L 2 *"),
    "zones": (b"Europe/Berlin", b"UTC", b"America/Argentina/Buenos_Aires"),
    "workflow": (
        b'{"chain": [{"task": "a", "args": {}}, {"group": [{"task": "b", "into": "x"}], "on_error": "collect"}]}',
        b'{"map": {"task": "a", "into": "x"}, "items": [1, 2], "size": 2}',
        b'{"chord": [{"task": "a"}], "then": {"task": "b", "into": "x"}}',
    ),
    "patch": (b'[{"op": "add", "path": "/a/-", "value": 1}, {"op": "move", "from": "/c", "path": "/a/0"}]',),
    "urls": (b"https://hooks.example.org/x?y=1", b"https://hooks.example.org:443/"),
    "headers": (b"respond-async, wait=10", b"order-17"),
    "token": (b"eyJhbGciOiJSUzI1NiIsImtpZCI6ImsifQ.e30.AAAA",),  # {"alg":"RS256","kid":"k"}, {}
    "claims": (
        b'{"iss":"https://i.org","aud":"a","sub":"s","exp":1767270000,"tenant":"t","scope":"jobline:read x"}',
        b'{"iss":"https://i.org","aud":["b","a"],"sub":"s","exp":1767270000.5,"iat":1,"tenant":"t","scope":["jobline:submit"]}',
    ),
}
"""Something that each takes: where the fuzzer begins."""


def refuses(target: Target, data: bytes) -> bool:
    """Whether the bytes are refused in the reader's own words. Anything else that is raised is a finding, and rises."""
    try:
        target(data)
    except (InvalidInput, NewerMessage, TokenRefused):
        return True
    return False

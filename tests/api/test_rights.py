"""Keys at the door: what is no key, and what has become none. tests/security has the matrix of who may do what."""

from datetime import timedelta

import pytest

from chalicelib.entrypoints.api.routes import ROUTES
from chalicelib.pipeline.api_keys import Gate
from chalicelib.pipeline.ports import ApiKey
from tests.api.desk import Caller, Desk, concrete

KEYED = [route for route in ROUTES if route.scope is not None]
OPEN = [route for route in ROUTES if route.scope is None]

TOKENS = {
    "none": None,
    "nonsense": "secret",
    "well formed, never given out": "jl_0123456789_" + "a" * 40,
    "upper case": "JL_0123456789_" + "A" * 40,
    "too long": "jl_0123456789_" + "a" * 4000,
    "empty": "",
    "not ASCII": "jl_\u00e9",
}


def _ask(caller: Caller, route, **options):
    body = route.example if route.body is not None else None
    return caller.ask(route.method, concrete(route.path), body, **options)


@pytest.mark.parametrize("token", TOKENS.values(), ids=TOKENS)
def test_without_a_valid_key_nothing_is_told_not_even_why(desk: Desk, token):
    for route in KEYED:
        reply = _ask(desk.nobody(token), route)
        assert (reply.status, reply.slug) == (401, "unauthenticated"), route
        assert reply.headers["WWW-Authenticate"] == 'Bearer realm="jobline"'
        assert reply.body["detail"] == "the API key is missing, wrong, expired or revoked"


@pytest.mark.parametrize("route", OPEN, ids=lambda route: route.path)
def test_an_open_route_needs_no_key_but_checks_one_that_is_given(desk: Desk, route):
    assert _ask(desk.nobody(), route).status == 200
    assert _ask(desk.nobody("jl_0123456789_" + "a" * 40), route).status == 401


def test_only_the_bearer_scheme_counts(desk: Desk, ann: Caller):
    given = {
        f"Bearer {ann.token}": 200,
        f"bearer {ann.token}": 200,
        f"BEARER  {ann.token} ": 200,
        f"Basic {ann.token}": 401,
        f"{ann.token}": 401,
        f"Token {ann.token}": 401,
        f"Bearer{ann.token}": 401,
        f"Bearer {ann.token} {ann.token}": 401,
        f"Bearer {ann.token},": 401,
        f"Bearer {ann.token[:-1]}": 401,
        f"Bearer {ann.token[:-1]}\u0130": 401,
        "": 401,
    }
    for authorization, status in given.items():
        assert ann.get("/lanes", headers={"Authorization": authorization}).status == status, authorization


def test_the_secret_is_what_opens_not_the_id(desk: Desk, ann: Caller, bob: Caller):
    mixed = ann.token.rpartition("_")[0] + "_" + bob.token.rpartition("_")[2]
    assert desk.nobody(mixed).get("/lanes").status == 401


def test_a_key_works_until_it_expires(desk: Desk):
    caller = desk.caller(expires=desk.world.now() + timedelta(minutes=10))
    assert caller.get("/lanes").status == 200
    desk.world.advance(timedelta(minutes=10))
    assert caller.get("/lanes").status == 401


def test_a_revoked_key_is_refused_within_a_minute(desk: Desk, ann: Caller):
    assert ann.get("/lanes").status == 200
    desk.api_keys.revoke(ann.token.split("_")[1], desk.world.now())
    desk.world.advance(Gate.REMEMBER)
    assert ann.get("/lanes").status == 401


def test_rights_are_looked_at_before_the_body(desk: Desk):
    reply = desk.caller("read").post("/jobs", raw=b"[" * 100_000, headers={"Content-Type": "text/plain"})
    assert reply.status == 403


def test_no_row_holds_a_secret(desk: Desk, ann: Caller):
    stored: ApiKey = next(iter(desk.api_keys.by_id.values()))
    assert ann.token.rpartition("_")[2] not in repr(stored)

"""Bearer tokens at the door, where a stage believes an issuer: beside API keys, told apart by their form, and closed whenever in doubt."""

import builtins
import logging
from dataclasses import replace
from datetime import timedelta

import pytest

from chalicelib import wiring
from chalicelib.entrypoints.api import door
from chalicelib.entrypoints.api.request import Raw
from tests.api.desk import Caller, Desk
from tests.security.ground import counted
from tests.support.issuer import Issuer

INVALID = 'Bearer realm="jobline", error="invalid_token"'


@pytest.fixture
def issuer(desk: Desk) -> Issuer:
    """A stage that believes it."""
    issuer = Issuer(desk.world)
    desk.parts = replace(desk.parts, tokens=issuer.tokens())
    wiring.use(desk.parts)
    return issuer


def test_a_token_and_a_key_of_one_tenant_see_the_same_jobs(desk: Desk, issuer: Issuer, ann: Caller):
    bearer = desk.nobody(issuer.token())
    job = bearer.submit()
    assert ann.get(f"/jobs/{job}").body == bearer.get(f"/jobs/{job}").body
    assert desk.nobody(issuer.token(tenant="bob")).get(f"/jobs/{job}").status == 404


def test_a_token_may_what_its_scopes_say(desk: Desk, issuer: Issuer):
    reader = desk.nobody(issuer.token(scope="jobline:read"))
    assert reader.get("/jobs").status == 200
    refused = reader.post("/jobs", {"task": "add", "args": {"a": 1}})
    assert (refused.status, refused.slug) == (403, "forbidden")
    assert refused.body["detail"] == "this token lacks the scope 'submit'"
    assert refused.headers["WWW-Authenticate"] == (
        'Bearer realm="jobline", error="insufficient_scope", scope="submit"'
    )


def test_an_administrators_token_is_one_only_where_the_stage_says_so(desk: Desk, issuer: Issuer):
    admin = issuer.token(scope="jobline:admin")
    assert desk.nobody(admin).get("/tenants").status == 401
    desk.parts = replace(desk.parts, tokens=issuer.tokens(scopes=frozenset({"admin"})))
    wiring.use(desk.parts)
    assert desk.nobody(admin).get("/tenants").status == 200


def test_me_says_who_the_token_says(desk: Desk, issuer: Issuer):
    me = desk.nobody(issuer.token()).get("/me").body
    ends = desk.world.now() + timedelta(seconds=300)
    assert me == {
        "id": me["id"],
        "name": "shop-web",
        "tenant": "ann",
        "scopes": ["operate", "read", "submit"],
        "expires_at": f"{ends:%Y-%m-%dT%H:%M:%S}.000Z",
    }


def test_who_changed_what_names_the_tokens_subject(desk: Desk, issuer: Issuer, caplog):
    caplog.set_level(logging.INFO)
    bearer = desk.nobody(issuer.token())
    bearer.post(f"/jobs/{bearer.submit()}/cancel")
    line = next(one for one in caplog.records if getattr(one, "action", "") == "changed")
    assert (line.__dict__["key_name"], line.__dict__["tenant"]) == ("shop-web", "ann")


@pytest.mark.parametrize(
    "claims", [{"exp": 1}, {"tenant": "../x"}, {"aud": "x"}, {"key": "stranger"}], ids=str
)
def test_a_refused_token_is_told_nothing_but_that(desk: Desk, issuer: Issuer, claims):
    reply = desk.nobody(issuer.token(**claims)).get("/jobs")
    assert (reply.status, reply.slug) == (401, "unauthenticated")
    assert reply.body["detail"] == "the token is not accepted"
    assert reply.headers["WWW-Authenticate"] == INVALID


def test_an_open_route_checks_a_token_that_is_given(desk: Desk, issuer: Issuer):
    assert desk.nobody(issuer.token()).get("/health").status == 200
    assert desk.nobody(issuer.token(exp=1)).get("/health").status == 401


def test_a_token_costs_no_call(desk: Desk, issuer: Issuer):
    calls = counted(desk)
    bearer = desk.nobody(issuer.token())
    assert bearer.get("/me").status == 200
    assert calls == []


def test_a_key_is_not_shown_to_the_issuer_and_costs_what_it_did(desk: Desk, issuer: Issuer, ann: Caller):
    calls = counted(desk)
    assert ann.get("/me").status == 200
    assert calls == ["api_keys.find", "items.write"]
    assert issuer.asked == []


def test_where_no_issuer_is_believed_a_token_is_what_it_always_was(desk: Desk):
    calls = counted(desk)
    reply = desk.nobody(Issuer(desk.world).token()).get("/jobs")
    assert reply.status == 401
    assert reply.body["detail"] == "the API key is missing, wrong, expired or revoked"
    assert reply.headers["WWW-Authenticate"] == 'Bearer realm="jobline"'
    assert calls == []


def test_only_bearers_have_tokens(desk: Desk, issuer: Issuer):
    token = issuer.token()
    for authorization in (token, f"Basic {token}", f"DPoP {token}", f"Token {token}", f"Bearer{token}"):
        assert desk.nobody().get("/jobs", headers={"Authorization": authorization}).status == 401


def test_a_silent_issuer_closes_the_door_to_tokens_and_to_nobody_else(
    desk: Desk, issuer: Issuer, ann: Caller
):
    issuer.down = True
    reply = desk.nobody(issuer.token()).get("/jobs")
    assert (reply.status, reply.slug) == (503, "unavailable")
    assert reply.headers["Retry-After"]
    assert "WWW-Authenticate" not in reply.headers
    assert ann.get("/jobs").status == 200


@pytest.mark.parametrize("missing", ["jwt", "cryptography"])
def test_without_the_libraries_the_door_stays_closed_to_tokens_and_the_log_says_why(
    desk: Desk, issuer: Issuer, ann: Caller, missing, monkeypatch, caplog
):
    real = builtins.__import__

    def without(name, *args, **options):
        if name == missing:
            raise ImportError(name)
        return real(name, *args, **options)

    monkeypatch.setattr(builtins, "__import__", without)
    reply = desk.nobody(issuer.token()).get("/jobs")
    assert (reply.status, reply.slug) == (500, "internal")
    assert "cryptography" not in reply.text
    assert "name both in requirements.in" in caplog.text
    assert ann.get("/jobs").status == 200


def asked(desk: Desk, event_headers: dict, every: dict) -> int:
    """As API Gateway asks: the last of each header, and all of them."""
    event = {
        "resource": "/jobs",
        "path": "/jobs",
        "httpMethod": "GET",
        "headers": event_headers,
        "multiValueHeaders": every,
        "queryStringParameters": None,
        "multiValueQueryStringParameters": None,
        "pathParameters": None,
        "stageVariables": None,
        "body": None,
        "isBase64Encoded": False,
        "requestContext": {
            "httpMethod": "GET",
            "resourcePath": "/jobs",
            "path": "/api/jobs",
            "identity": {"sourceIp": "127.0.0.1"},
        },
    }
    from app import app

    return app(event, None)["statusCode"]


def test_two_credentials_are_none_whichever_comes_last(desk: Desk, issuer: Issuer, ann: Caller):
    wiring.use(desk.parts)
    good, key = f"Bearer {issuer.token()}", f"Bearer {ann.token}"
    bad = f"Bearer {issuer.token(exp=1)}"
    for one in (good, key):
        assert asked(desk, {"Authorization": one}, {"Authorization": [one]}) == 200
    for pair in ([good, bad], [bad, good], [good, good], [key, good], [good, key], [key, key]):
        assert asked(desk, {"Authorization": pair[-1]}, {"Authorization": pair}) == 401
        spelled = {"authorization": [pair[0]], "AUTHORIZATION": [pair[1]]}
        assert asked(desk, {"authorization": pair[-1]}, spelled) == 401


def test_a_token_counts_as_nobodys_key(desk: Desk, issuer: Issuer):
    desk.nobody(issuer.token()).submit()
    assert desk.api_keys.by_id == {}
    raw = Raw(
        id="-",
        method="GET",
        path="/me",
        names={},
        query={},
        headers={"authorization": f"Bearer {issuer.token()}"},
        body=b"",
    )
    assert door.answer(raw).status == 200

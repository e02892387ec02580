"""A stage that asks for AWS signatures: who asks is what API Gateway says of them, and nothing that a client sends."""

from dataclasses import replace
from typing import Any

import pytest

from app import app
from chalicelib import wiring
from chalicelib.pipeline.api_keys import admit_role
from tests.api.desk import Caller, Desk
from tests.security.ground import counted
from tests.support.issuer import Issuer

ROLE = "arn:aws:iam::123456789012:role/shop"
SESSION = "arn:aws:sts::123456789012:assumed-role/shop/i-0abc"


@pytest.fixture
def signed(desk: Desk) -> Desk:
    """Such a stage, where role shop may read for tenant ann."""
    desk.parts = replace(desk.parts, signed=True)
    wiring.use(desk.parts)
    admit_role(ROLE, tenant="ann", scopes=frozenset({"read"}), name="shop", parts=desk.parts)
    return desk


def asked(
    path: str, signer: Any = None, method: str = "GET", headers: dict[str, str] | None = None, **more: Any
) -> int:
    """The status, when API Gateway says that these credentials signed."""
    identity = {"sourceIp": "203.0.113.7", **({} if signer is None else {"userArn": signer})}
    event = {
        "resource": path,
        "path": path,
        "httpMethod": method,
        "headers": headers or {},
        "multiValueHeaders": {},
        "multiValueQueryStringParameters": None,
        "pathParameters": None,
        "stageVariables": None,
        "body": None,
        "isBase64Encoded": False,
        "requestContext": {
            "httpMethod": method,
            "resourcePath": path,
            "path": f"/api{path}",
            "identity": identity,
            **more,
        },
    }
    return int(app(event, None)["statusCode"])


def test_a_session_of_a_role_may_what_the_role_may(signed: Desk):
    assert asked("/jobs", SESSION) == 200
    assert asked("/jobs", SESSION, "POST") == 403
    assert asked("/tenants", SESSION) == 403


def test_a_role_is_told_who_it_is(signed: Desk):
    assert asked("/me", SESSION) == 200


@pytest.mark.parametrize(
    "signer",
    [
        "arn:aws:sts::123456789012:assumed-role/other/i-0abc",
        "arn:aws:sts::999999999999:assumed-role/shop/i-0abc",
        "arn:aws:iam::123456789012:user/shop",
        "arn:aws:iam::123456789012:root",
        "AROAEXAMPLE:i-0abc",
        "x" * 10_000,
        "",
    ],
)
def test_credentials_of_nobody_that_we_know_may_nothing(signed: Desk, signer):
    assert asked("/jobs", signer) == 403


@pytest.mark.parametrize("signer", [None, 7, ["x"], {"userArn": SESSION}])
def test_a_request_that_is_not_signed_is_nobodys(signed: Desk, signer):
    assert asked("/jobs", signer) == 401


def test_open_paths_stay_open(signed: Desk):
    assert asked("/health") == asked("/health", "arn:aws:iam::123456789012:root") == 200
    assert asked("/health", headers={"Authorization": "Bearer x"}) == 200


def test_no_header_makes_anybody_somebody(signed: Desk, ann: Caller):
    issuer = Issuer(signed.world)
    signed.parts = replace(signed.parts, tokens=issuer.tokens())
    wiring.use(signed.parts)
    for headers in (
        {"Authorization": f"Bearer {ann.token}"},
        {"Authorization": f"Bearer {issuer.token()}"},
        {"userArn": SESSION},
        {"X-Amzn-Iam-User-Arn": SESSION, "x-amz-caller": SESSION},
    ):
        assert asked("/jobs", headers=headers) == 401


def test_no_other_word_of_the_event_makes_anybody_somebody(signed: Desk):
    said = {"userArn": SESSION}
    assert asked("/jobs", authorizer={"iam": said, **said}, userArn=SESSION) == 401


def test_where_signatures_are_not_asked_for_they_are_nobodys_word(desk: Desk, ann: Caller):
    admit_role(ROLE, tenant="ann", scopes=frozenset({"admin"}), name="shop", parts=desk.parts)
    wiring.use(desk.parts)
    assert asked("/jobs", SESSION) == 401
    assert asked("/jobs", SESSION, headers={"Authorization": "AWS4-HMAC-SHA256 Credential=x"}) == 401
    assert asked("/tenants", SESSION, headers={"Authorization": f"Bearer {ann.token}"}) == 403


def test_a_role_costs_what_a_key_does(signed: Desk):
    calls = counted(signed)
    assert [asked("/me", SESSION), asked("/me", SESSION)] == [200, 200]
    assert calls == ["api_keys.find", "items.write"], "remembered for a minute, noted once a day"

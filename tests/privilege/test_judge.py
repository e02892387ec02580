"""The judge of these tests judges as IAM does, and as another engine does that others keep."""

from typing import Any

import pytest
from ministack.core import iam_evaluator as other

from infra.names import FUNCTIONS
from tests.privilege.iam import Ask, Policy, Unjudgeable, allowed, covers, grants, without
from tests.privilege.played import Played
from tests.privilege.proof import asked, policy_of

pytestmark = pytest.mark.timeout(1200)  # the day is played within the first test, and machines can be busy

TABLE = "arn:aws:dynamodb:us-east-1:123456789012:table/t"
ANY_TABLE = "arn:aws:dynamodb:*:*:table/t"


def said(effect: str, action: str, resource: str = ANY_TABLE, **more: Any) -> dict[str, Any]:
    return {"Sid": "S", "Effect": effect, "Action": [action], "Resource": [resource], **more}


def may(*statements: dict[str, Any], action: str = "dynamodb:GetItem", on: str = TABLE, **keys: Any) -> bool:
    document = {"Version": "2012-10-17", "Statement": [*statements]}
    given = {name.replace("__", ":"): value for name, value in keys.items()}
    return allowed(document, Ask(action=action, resource=on, keys=given))


def test_what_nobody_allows_is_refused():
    assert not may()
    assert not may(said("Allow", "dynamodb:PutItem"))
    assert may(said("Allow", "dynamodb:GetItem"))


def test_a_deny_wins_wherever_it_stands():
    allow, deny = said("Allow", "dynamodb:GetItem"), said("Deny", "dynamodb:*")

    assert not may(allow, deny)
    assert not may(deny, allow)


def test_actions_know_no_case_and_resources_do():
    assert may(said("Allow", "DynamoDB:getitem"))
    assert not may(said("Allow", "dynamodb:GetItem", ANY_TABLE.replace("/t", "/T")))


@pytest.mark.parametrize(
    ("pattern", "arn", "is_covered"),
    [
        ("*", TABLE, True),
        (ANY_TABLE, TABLE, True),
        (ANY_TABLE, TABLE + "2", False),
        (ANY_TABLE, TABLE + "/index/attention", False),
        ("arn:aws:dynamodb:*:*:table/?", TABLE, True),
        ("arn:aws:dynamodb:*:table/t", TABLE, False),  # a wildcard stays within its part
        (
            "arn:aws:s3:::b-????????????-*/payloads/*",
            "arn:aws:s3:::b-123456789012-us-east-1/payloads/a/b",
            True,
        ),
        (
            "arn:aws:s3:::b-????????????-*/payloads/*",
            "arn:aws:s3:::b-12345678901-us-east-1/payloads/a/b",
            False,
        ),
        ("arn:aws:s3:::b/payloads/*", "arn:aws:s3:::b/deploy/state.json", False),
        ("arn:aws:sqs:*:*:a.c", "arn:aws:sqs:us-east-1:123456789012:abc", False),
    ],
)
def test_a_pattern_covers_what_it_says(pattern: str, arn: str, is_covered: bool):
    assert covers(pattern, arn) == is_covered


def test_a_condition_fails_without_its_key_and_holds_with_any_of_several():
    leading = {"ForAnyValue:StringLike": {"dynamodb:LeadingKeys": ["apikey#*"]}}
    statement = said("Allow", "dynamodb:GetItem", Condition=leading)

    assert not may(statement)
    assert not may(statement, dynamodb__leadingkeys=("job#1", "apikey"))
    assert may(statement, dynamodb__leadingkeys=("job#1", "apikey#2"))


def test_a_variable_stands_for_what_the_request_brings():
    ours = {"StringEquals": {"aws:ResourceAccount": "${aws:PrincipalAccount}"}}
    statement = said("Allow", "dynamodb:GetItem", Condition=ours)

    assert may(statement, aws__resourceaccount=("1",), aws__principalaccount=("1",))
    assert not may(statement, aws__resourceaccount=("2",), aws__principalaccount=("1",))


@pytest.mark.parametrize(
    "unknown",
    [
        {"NotAction": ["s3:*"]},
        {"Condition": {"StringNotEquals": {"aws:ResourceAccount": "1"}}},
        {"Condition": {"ForAllValues:StringLike": {"dynamodb:LeadingKeys": ["a"]}}},
        {"Condition": {"StringEquals": {"aws:ResourceAccount": "${aws:username}"}}},
    ],
)
def test_what_the_judge_has_not_learnt_it_does_not_judge(unknown: dict[str, Any]):
    with pytest.raises(Unjudgeable):
        may(said("Allow", "dynamodb:GetItem", **unknown))


@pytest.mark.parametrize("function", FUNCTIONS)
def test_two_judges_agree_on_every_request_and_every_grant_less(stage: Played, function: str):
    document = policy_of(function, stage)
    poorer = [without(document, grant) for grant in grants(document)]
    asks = list({str(ask): ask for ask in asked(function, stage)}.values())
    asks += [ask for ask in stage.record.asks("people") if ask.action == "dynamodb:PutItem"]
    for ask in asks:
        for one in (document, *poorer):
            assert allowed(one, ask) == _other_allows(one, ask), str(ask)


def _other_allows(document: Policy, ask: Ask) -> bool:
    """What the emulator's engine says; it knows no variables, so it is given what they stand for."""
    account = ask.keys.get("aws:principalaccount", ("",))[0]
    filled = _filled(document, account)
    context = other.EvalContext(
        principal_arn=f"arn:aws:sts::{account}:assumed-role/function/x",
        principal_type="AssumedRole",
        principal_account=account,
        action=ask.action,
        resource_arn=ask.resource,
        region="us-east-1",
        # Of a key that IAM knows as one value, it takes one.
        service_context={
            name: [*values] if name == "dynamodb:leadingkeys" else values[0]
            for name, values in ask.keys.items()
        },
    )
    return bool(other.evaluate(context, [other.parse_policy_document(filled)]).decision == "Allow")


def _filled(value: Any, account: str) -> Any:
    if isinstance(value, str):
        return value.replace("${aws:PrincipalAccount}", account)
    if isinstance(value, dict):
        return {name: _filled(one, account) for name, one in value.items()}
    return [_filled(one, account) for one in value]

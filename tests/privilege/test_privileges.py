"""Least privilege, both ways: all that each function asks for is allowed, and nothing is allowed that it never asks for."""

from collections.abc import Iterator

import pytest

from infra.names import FUNCTIONS
from tests.privilege.iam import Ask, Grant, allowed, grants, without
from tests.privilege.platform import NO_RESOURCE
from tests.privilege.played import Played
from tests.privilege.proof import asked, granting, policy_of, refused, unused

pytestmark = pytest.mark.timeout(1200)  # the day is played within the first test, and machines can be busy

FED, SEALED_FOR = "lambda:functionarn", "kms:encryptioncontext:stage"
"""Keys of a condition that name the stage where the resource does not: mappings and master keys have names of their own."""

each_function = pytest.mark.parametrize("function", FUNCTIONS)


@each_function
def test_all_that_a_function_asks_for_is_allowed(stage: Played, function: str):
    missing = refused(policy_of(function, stage), asked(function, stage))

    assert not missing, f"{function} asks for what it may not: {', '.join(missing)}"


@each_function
def test_nothing_is_granted_that_a_function_never_needs(stage: Played, function: str):
    idle = unused(policy_of(function, stage), asked(function, stage))

    assert not idle, f"{function} may what it never asks for: {', '.join(idle)}"


@each_function
def test_a_grant_that_is_taken_away_is_missed_by_name(stage: Played, function: str):
    document, asks = policy_of(function, stage), asked(function, stage)
    for grant in grants(document):
        missed = refused(without(document, grant), asks)

        assert missed, f"nobody misses {grant}"
        assert all(word.startswith(f"{grant.action} on ") for word in missed)


@each_function
def test_a_grant_too_many_is_named(stage: Played, function: str):
    names = stage.names
    table = f"arn:aws:dynamodb:*:*:table/{names.table}"
    for action, on in (
        ("dynamodb:DeleteItem", table),
        ("dynamodb:BatchGetItem", f"{table}/index/attention"),
        ("sqs:SendMessage", f"arn:aws:sqs:*:*:{names.queues['dead-letters']}"),
        ("logs:CreateLogGroup", f"arn:aws:logs:*:*:log-group:{names.log_groups[function]}:*"),
        ("sqs:SendMessage", f"arn:aws:sqs:*:*:{names.queues['high']}"),  # granted twice
    ):
        document = granting(policy_of(function, stage), action, on=on)

        told = unused(document, asked(function, stage))

        assert f"{action} on {on} (More)" in told


@each_function
def test_another_app_or_stage_with_such_names_is_out_of_reach(stage: Played, function: str):
    document = policy_of(function, stage)
    prefix = stage.names.prefix
    for ask in asked(function, stage):
        if ask.resource == "*":
            continue
        for other in (
            f"{prefix}2",
            f"{prefix}-2",
            f"{prefix[:-1]}",
            f"other-{stage.names.stage}",
            f"x{prefix}",
        ):
            assert prefix in ask.resource or any(
                prefix in ask.keys.get(name, ("",))[0] for name in (FED, SEALED_FOR)
            ), ask
            assert not allowed(document, _elsewhere(ask, prefix, other)), f"{other}: {ask}"


def _elsewhere(ask: Ask, prefix: str, other: str) -> Ask:
    keys = {
        **ask.keys,
        **{
            name: tuple(value.replace(prefix, other) for value in ask.keys[name])
            for name in ask.keys
            if name in {FED, SEALED_FOR}
        },
    }
    return Ask(action=ask.action, resource=ask.resource.replace(prefix, other), keys=keys)


@each_function
def test_a_bucket_of_that_name_in_another_account_is_out_of_reach(stage: Played, function: str):
    document = policy_of(function, stage)
    asks = [ask for ask in asked(function, stage) if ask.action.startswith("s3:")]
    assert asks
    for ask in asks:
        assert not allowed(document, _of_account(ask, "210987654321")), str(ask)


def _of_account(ask: Ask, account: str) -> Ask:
    return Ask(action=ask.action, resource=ask.resource, keys={**ask.keys, "aws:resourceaccount": (account,)})


@each_function
def test_no_function_writes_a_credential_that_people_write(stage: Played, function: str):
    # given what people ask for when they make a key
    made = [ask for ask in stage.record.asks("people") if ask.action == "dynamodb:PutItem" and _of_key(ask)]
    document = policy_of(function, stage)
    forgiving = {
        **document,
        "Statement": [statement for statement in document["Statement"] if statement["Effect"] == "Allow"],
    }

    assert made
    for ask in made:
        revoking = Ask(action="dynamodb:UpdateItem", resource=ask.resource, keys=ask.keys)
        for one in (ask, revoking):
            assert not allowed(document, one)
            assert allowed(forgiving, one), "it is the Deny that says no"


def _of_key(ask: Ask) -> bool:
    return any(key.startswith("apikey#") for key in ask.keys.get("dynamodb:leadingkeys", ()))


@each_function
def test_everything_is_meant_only_where_aws_takes_nothing_else(stage: Played, function: str):
    for grant in grants(policy_of(function, stage)):
        if grant.resource == "*":
            assert grant.action in NO_RESOURCE, f"{grant} needs a resource, or its reason in platform.py"
        else:
            assert stage.names.prefix in grant.resource or grant.sid in {"TurnLanes", "Seal", "Open"}
        assert "*" not in grant.action


def test_every_exception_is_made_use_of(stage: Played):
    used = {grant.action for function in FUNCTIONS for grant in _on_everything(function, stage)}

    assert used == set(NO_RESOURCE)
    assert all("https://docs.aws.amazon.com/" in reason for reason in NO_RESOURCE.values())


def _on_everything(function: str, stage: Played) -> Iterator[Grant]:
    return (grant for grant in grants(policy_of(function, stage)) if grant.resource == "*")

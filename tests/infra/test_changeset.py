"""An update is known before it is done, and what would lose data is not done."""

import re
from typing import Any

import boto3
import pytest

from infra import changeset
from infra.changeset import Change, WouldLoseData
from infra.deploy import rendered
from infra.names import Names
from infra.stack import TEMPLATE, StackFailed, describe, wait

NAMES = Names(app="jobline", stage="test")
BUCKET = NAMES.bucket(account="000000000000", region="us-east-1")
BODY = rendered(NAMES.table, BUCKET)
VALUES = {"App": "jobline", "Stage": "test", "Watched": "false"}


@pytest.fixture
def cloud(emulator: Any) -> Any:
    emulator.reset()
    return boto3.client("cloudformation", **emulator.client_options)


def propose(cloud: Any, label: str, body: str = BODY, **values: str) -> changeset.ChangeSet | None:
    return changeset.propose(cloud, NAMES.stack, {**VALUES, **values}, label=label, body=body)


@pytest.fixture
def standing(cloud: Any) -> Any:
    proposed = propose(cloud, "first")
    assert proposed
    changeset.execute(cloud, proposed)
    return cloud


def without(*resources: str) -> str:
    """The template without these resources, and what refers to them."""
    body = BODY
    for resource in resources:
        body = re.sub(rf"^  {resource}:\n(?:(?:   .*)?\n)+?(?=^  \S|^\S|\Z)", "", body, flags=re.MULTILINE)
    return body


def test_what_a_first_deploy_would_make_is_known_before_anything_is_made(cloud):
    proposed = propose(cloud, "first")

    assert {change.effect for change in proposed.changes} == {"add"}
    assert {"Table", "Payloads", "HighLane", "DeadLetters", "Events"} <= {
        c.resource for c in proposed.changes
    }
    changeset.check(proposed.changes)
    assert describe(cloud, NAMES.stack)["StackStatus"] == "REVIEW_IN_PROGRESS"


def test_a_proposal_that_is_discarded_leaves_nothing(cloud):
    changeset.discard(cloud, propose(cloud, "first"))

    stack = describe(cloud, NAMES.stack)
    assert stack is None or stack["StackStatus"] == "DELETE_COMPLETE"


def test_a_proposal_that_nobody_answered_is_in_nobodys_way(cloud):
    propose(cloud, "first")

    changeset.execute(cloud, propose(cloud, "second"))

    assert describe(cloud, NAMES.stack)["StackStatus"] == "CREATE_COMPLETE"


def test_nothing_to_change_is_no_proposal_and_no_failure(standing):
    assert propose(standing, "second") is None


def test_a_change_that_loses_nothing_is_named_and_done(standing):
    proposed = propose(standing, "second", VisibilityTimeout="400")

    assert {c.resource for c in proposed.changes} >= {"HighLane", "LowLane"}
    assert {c.effect for c in proposed.changes} == {"modify"}
    changeset.check(proposed.changes)
    changeset.execute(standing, proposed)
    (value,) = [
        each["ParameterValue"]
        for each in describe(standing, NAMES.stack)["Parameters"]
        if each["ParameterKey"] == "VisibilityTimeout"
    ]
    assert value == "400"


def test_a_parameter_that_is_not_given_again_keeps_its_value(standing):
    changeset.execute(standing, propose(standing, "second", VisibilityTimeout="400"))

    assert propose(standing, "third") is None


LOSSES = {
    "a queue goes": (without("UndeliveredFromTheTopic", "Undelivered", "Undelivered"), "Undelivered"),
    "the table is renamed": (BODY.replace("TableName: jobline-test\n", "TableName: another\n"), "Table"),
    "the table gets other keys": (
        BODY.replace("AttributeName: sk, KeyType: RANGE", "AttributeName: attention, KeyType: RANGE"),
        "Table",
    ),
    "the bucket is renamed": (
        BODY.replace(f"BucketName: {BUCKET}", "BucketName: another-bucket"),
        "Payloads",
    ),
}


def test_a_change_that_loses_data_is_refused_by_name(standing):
    for what, (body, lost) in LOSSES.items():
        assert body != BODY, what
        proposed = propose(standing, what.replace(" ", "-"), body)

        with pytest.raises(WouldLoseData, match=lost):
            changeset.check(proposed.changes)


def test_a_stack_that_never_stood_is_cleared_away(cloud, emulator):
    # given a first creation that failed, its bucket's name being taken: CloudFormation would refuse to touch what it left
    boto3.client("s3", **emulator.client_options).create_bucket(Bucket="taken")
    with pytest.raises(StackFailed):
        changeset.execute(cloud, propose(cloud, "first", TEMPLATE.read_text(), BucketName="taken"))
    assert describe(cloud, NAMES.stack)["StackStatus"] == "ROLLBACK_COMPLETE"

    changeset.execute(cloud, propose(cloud, "second"))

    assert describe(cloud, NAMES.stack)["StackStatus"] == "CREATE_COMPLETE"
    wait(cloud, NAMES.stack)


def test_what_an_earlier_stack_left_behind_is_taken_in_again(standing, emulator):
    # given a stage that was taken down and kept its data
    standing.delete_stack(StackName=NAMES.stack)
    dynamodb = boto3.client("dynamodb", **emulator.client_options)
    assert dynamodb.list_tables()["TableNames"] == [NAMES.table]

    proposed = propose(standing, "again")

    taken = {change.resource for change in proposed.changes if change.effect == "import"}
    assert taken == {"Table", "Payloads"}


def test_the_names_that_outlive_a_stack_stand_in_plain_letters():
    assert f"TableName: {NAMES.table}\n" in BODY
    assert f"BucketName: {BUCKET}\n" in BODY
    assert len(BODY.splitlines()) == len(TEMPLATE.read_text().splitlines())


def change(**facts: str) -> Change:
    given = {
        "action": "Modify",
        "resource": "X",
        "type": "AWS::DynamoDB::Table",
        "name": "",
        "replacement": "False",
    }
    return Change(**{**given, "properties": (), **facts})


@pytest.mark.parametrize(
    ("facts", "endangers"),
    [
        ({}, False),
        ({"action": "Add"}, False),
        ({"action": "Import"}, False),
        ({"action": "Remove"}, True),
        ({"action": "Dynamic"}, True),
        ({"replacement": "True"}, True),
        ({"replacement": "Conditional"}, True),
        ({"type": "AWS::CloudWatch::Alarm", "action": "Remove"}, False),
        ({"type": "AWS::S3::Bucket", "action": "Remove"}, True),
        ({"type": "AWS::SQS::Queue", "replacement": "True"}, True),
        ({"type": "AWS::Logs::LogGroup", "action": "Remove"}, True),
    ],
)
def test_what_endangers_data(facts, endangers):
    assert change(**facts).endangers == endangers

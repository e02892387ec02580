"""The stack set up for real, in both clouds, and looked at through the services themselves."""

import json
from collections.abc import Iterator
from typing import Any

import pytest
from botocore.exceptions import ClientError

from infra.stack import POLLS, StackFailed, provision

QUEUES = ("high", "default", "low", "dead-letters")


def attributes(sqs: Any, name: str) -> dict[str, str]:
    url = sqs.get_queue_url(QueueName=name)["QueueUrl"]
    return sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["All"])["Attributes"]


def test_the_outputs_name_what_was_made(stood_up):
    assert stood_up["Table"] == "jobline-test"
    assert stood_up["Bucket"] == "jobline-test-payloads"
    lanes = [stood_up[key] for key in ("HighLane", "DefaultLane", "LowLane", "DeadLetters")]
    assert [url.rpartition("/")[2] for url in lanes] == [f"jobline-test-{name}" for name in QUEUES]


@pytest.mark.usefixtures("stood_up")
def test_lanes_hide_keep_and_redrive_as_the_template_says(connect):
    sqs = connect("sqs")
    dead = attributes(sqs, "jobline-test-dead-letters")
    for name in ("high", "default", "low"):
        lane = attributes(sqs, f"jobline-test-{name}")
        redrive = json.loads(lane["RedrivePolicy"])
        assert redrive["deadLetterTargetArn"] == dead["QueueArn"]
        assert int(redrive["maxReceiveCount"]) == 10
        assert lane["VisibilityTimeout"] == "360"
        assert lane["SqsManagedSseEnabled"] == "true"
        assert int(lane["MessageRetentionPeriod"]) < int(dead["MessageRetentionPeriod"])


@pytest.mark.usefixtures("stood_up")
def test_the_table_has_its_keys_and_its_sparse_index(connect):
    table = connect("dynamodb").describe_table(TableName="jobline-test")["Table"]

    keys = [(key["AttributeName"], key["KeyType"]) for key in table["KeySchema"]]
    assert keys == [("pk", "HASH"), ("sk", "RANGE")]
    assert table["BillingModeSummary"]["BillingMode"] == "PAY_PER_REQUEST"
    (index,) = table["GlobalSecondaryIndexes"]
    assert index["IndexName"] == "attention"
    assert [key["AttributeName"] for key in index["KeySchema"]] == ["attention", "attention_at"]
    types = {column["AttributeName"]: column["AttributeType"] for column in table["AttributeDefinitions"]}
    assert types == {"pk": "S", "sk": "S", "attention": "S", "attention_at": "N"}


@pytest.mark.usefixtures("stood_up")
def test_the_bucket_is_there_and_encrypted(connect):
    answer = connect("s3").get_bucket_encryption(Bucket="jobline-test-payloads")

    (rule,) = answer["ServerSideEncryptionConfiguration"]["Rules"]
    assert rule["ApplyServerSideEncryptionByDefault"]["SSEAlgorithm"] == "AES256"


def test_the_emulator_takes_the_policies_that_the_in_process_cloud_leaves_out(emulator):
    import boto3

    emulator.reset()
    provision(boto3.client("cloudformation", **emulator.client_options), app="jobline", stage="test")

    for name in QUEUES:
        policy = json.loads(
            attributes(boto3.client("sqs", **emulator.client_options), f"jobline-test-{name}")["Policy"]
        )
        assert policy["Statement"][0]["Sid"] == "DenyPlainHttp"
    s3 = boto3.client("s3", **emulator.client_options)
    assert "DenyPlainHttp" in s3.get_bucket_policy(Bucket="jobline-test-payloads")["Policy"]
    assert all(
        s3.get_public_access_block(Bucket="jobline-test-payloads")["PublicAccessBlockConfiguration"].values()
    )


def test_setting_up_twice_changes_nothing(connect, stood_up):
    again = provision(
        connect("cloudformation"), app="jobline", stage="test", parameters={"DeletionProtection": "false"}
    )

    assert again == stood_up


@pytest.mark.usefixtures("stood_up")
def test_a_changed_parameter_reaches_a_stack_that_stands(connect):
    provision(connect("cloudformation"), app="jobline", stage="test", parameters={"VisibilityTimeout": "7"})

    assert attributes(connect("sqs"), "jobline-test-low")["VisibilityTimeout"] == "7"


def test_two_stages_live_side_by_side(connect):
    for stage in ("one", "two"):
        provision(connect("cloudformation"), app="jobline", stage=stage)

    tables = connect("dynamodb").list_tables()["TableNames"]
    assert sorted(tables) == ["jobline-one", "jobline-two"]


def test_the_bucket_may_have_another_name(connect):
    outputs = provision(
        connect("cloudformation"),
        app="jobline",
        stage="test",
        parameters={"BucketName": "somebody-elses-idea"},
    )

    assert outputs["Bucket"] == "somebody-elses-idea"


class Scripted:
    """A CloudFormation that tells a story: it answers each look with the next status, and the last one for ever."""

    def __init__(
        self, *statuses: str, update: str | None = None, events: tuple[dict[str, str], ...] = ()
    ) -> None:
        self.statuses: Iterator[str | None] = iter(statuses)
        self.status: str | None = None
        self.update = update
        self.events = events
        self.looks = 0
        self.asked: list[str] = []

    def describe_stacks(self, StackName):  # noqa: N803 - boto3's name
        self.looks += 1
        self.status = next(self.statuses, self.status)
        if self.status == "absent":
            message = f"Stack with id {StackName} does not exist"
            raise ClientError({"Error": {"Code": "ValidationError", "Message": message}}, "DescribeStacks")
        return {"Stacks": [{"StackStatus": self.status, "Outputs": []}]}

    def create_stack(self, **_):
        self.asked.append("create")

    def update_stack(self, **_):
        self.asked.append("update")
        if self.update:
            raise ClientError({"Error": {"Code": "ValidationError", "Message": self.update}}, "UpdateStack")

    def describe_stack_events(self, **_):
        return {"StackEvents": list(self.events)}


def event(resource: str, status: str, reason: str = "", *, physical: str = "") -> dict[str, str]:
    return {
        "StackId": "the-stack",
        "PhysicalResourceId": physical,
        "LogicalResourceId": resource,
        "ResourceStatus": status,
        "ResourceStatusReason": reason,
    }


def go(cloud: Any) -> list[float]:
    pauses: list[float] = []
    provision(cloud, app="jobline", stage="test", pause=pauses.append)
    return pauses


def test_it_waits_for_as_long_as_the_stack_is_at_it():
    cloud = Scripted("absent", "CREATE_IN_PROGRESS", "CREATE_IN_PROGRESS", "CREATE_COMPLETE")

    pauses = go(cloud)

    assert cloud.asked == ["create"]
    assert pauses == [0.1, 0.2]


def test_a_stack_that_is_as_it_should_be_is_left_alone():
    cloud = Scripted("CREATE_COMPLETE", update="No updates are to be performed.")

    assert go(cloud) == []


def test_another_refusal_of_an_update_is_not_swallowed():
    with pytest.raises(ClientError, match="ROLLBACK_COMPLETE state and can not be updated"):
        go(
            Scripted(
                "ROLLBACK_COMPLETE", update="Stack is in ROLLBACK_COMPLETE state and can not be updated."
            )
        )


def test_a_failure_tells_what_failed_this_time_and_why():
    # given a stack that failed before, was asked again, and failed again; CloudFormation tells the newest first
    cloud = Scripted(
        "UPDATE_ROLLBACK_COMPLETE",
        "UPDATE_IN_PROGRESS",
        "UPDATE_ROLLBACK_COMPLETE",
        events=(
            event("jobline-test", "UPDATE_ROLLBACK_COMPLETE", physical="the-stack"),
            event("Payloads", "CREATE_FAILED", "cancelled"),
            event("Table", "UPDATE_FAILED", "no more tables"),
            event("jobline-test", "UPDATE_IN_PROGRESS", physical="the-stack"),
            event("LowLane", "UPDATE_FAILED", "long ago"),
        ),
    )

    with pytest.raises(StackFailed) as failure:
        go(cloud)

    assert failure.value.status == "UPDATE_ROLLBACK_COMPLETE"
    assert failure.value.reasons == ["Table: no more tables", "Payloads: cancelled"]
    assert "no more tables" in str(failure.value)


def test_it_does_not_wait_for_ever():
    cloud = Scripted("absent", "CREATE_IN_PROGRESS")

    with pytest.raises(StackFailed, match="still CREATE_IN_PROGRESS"):
        go(cloud)

    assert cloud.looks == 1 + POLLS


def test_a_stack_that_vanishes_meanwhile_is_a_failure():
    with pytest.raises(StackFailed, match="is gone"):
        go(Scripted("absent", "CREATE_IN_PROGRESS", "absent"))

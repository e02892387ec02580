"""The meter: every call is counted, and charged as AWS would charge it."""

from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError
from botocore.stub import Stubber

from bench.meter import Meter, metering

JOB = {"pk": {"S": "job#20260101#A"}, "sk": {"S": "01A"}, "state": {"S": "QUEUED"}}
DUE = {**JOB, "attention": {"S": "due#1"}, "attention_at": {"N": "1"}}
KEY = {"pk": JOB["pk"], "sk": JOB["sk"]}
NOWHERE: dict[str, Any] = {
    "region_name": "us-east-1",
    "endpoint_url": "http://127.0.0.1:9",
    "aws_access_key_id": "x",
    "aws_secret_access_key": "x",
}
REFUSED = "ConditionalCheckFailedException"


class Wire:
    """A client whose answers are told beforehand, and the meter on it."""

    def __init__(self, service: str) -> None:
        self.meter = Meter()
        with metering(self.meter):
            self.client: Any = boto3.session.Session().client(service, **NOWHERE)  # type: ignore[call-overload]  # any
        self.stub = Stubber(self.client)
        self.stub.activate()

    def put(self, item, **answer):
        self.stub.add_response("put_item", answer)
        self.client.put_item(TableName="t", Item=item)

    def refused(self, **answer):
        self.stub.add_client_error("put_item", REFUSED, modeled_fields=answer)
        with pytest.raises(ClientError):
            self.client.put_item(TableName="t", Item=JOB)

    def tally(self, operation, phase="set-up"):
        return self.meter.phases[phase][operation]


@pytest.fixture
def dynamodb() -> Wire:
    return Wire("dynamodb")


@pytest.fixture
def sqs() -> Wire:
    return Wire("sqs")


def test_a_write_is_charged_by_what_was_there_too(dynamodb):
    dynamodb.put({**JOB, "args": {"S": "x" * 2000}})
    dynamodb.put(JOB)
    assert dynamodb.tally("dynamodb.PutItem").write_units == 4


def test_a_refused_write_is_charged_by_the_row_that_is_there(dynamodb):
    dynamodb.put({**JOB, "args": {"S": "x" * 2000}})
    dynamodb.refused()
    tally = dynamodb.tally("dynamodb.PutItem")
    assert (tally.calls, tally.refused, tally.write_units) == (2, 1, 4)


def test_a_refused_write_to_a_row_that_the_meter_has_not_seen_is_charged_by_what_came_along(dynamodb):
    dynamodb.refused(Item={**JOB, "args": {"S": "x" * 3000}})
    assert dynamodb.tally("dynamodb.PutItem").write_units == 3
    dynamodb.refused()
    assert dynamodb.tally("dynamodb.PutItem").write_units == 4


def test_a_call_that_failed_otherwise_is_counted_and_not_charged(dynamodb):
    dynamodb.stub.add_client_error("put_item", "AccessDeniedException")
    with pytest.raises(ClientError):
        dynamodb.client.put_item(TableName="t", Item=JOB)
    tally = dynamodb.tally("dynamodb.PutItem")
    assert (tally.calls, tally.write_units) == (1, 0)


def test_an_update_is_charged_by_the_row_that_it_returns(dynamodb):
    dynamodb.put(JOB)
    large = {**JOB, "result": {"S": "x" * 1500}}
    dynamodb.stub.add_response("update_item", {"Attributes": large})
    dynamodb.client.update_item(TableName="t", Key=KEY, ReturnValues="ALL_NEW")
    assert dynamodb.tally("dynamodb.UpdateItem").write_units == 2


def test_an_update_that_returns_nothing_cannot_be_charged(dynamodb):
    dynamodb.stub.add_response("update_item", {})
    with pytest.raises(NotImplementedError, match="update"):
        dynamodb.client.update_item(TableName="t", Key=KEY)


def test_a_call_that_the_meter_does_not_know_is_an_error_and_not_free(dynamodb):
    dynamodb.stub.add_response("batch_write_item", {})
    with pytest.raises(NotImplementedError, match="BatchWriteItem"):
        dynamodb.client.batch_write_item(RequestItems={"t": [{"DeleteRequest": {"Key": KEY}}]})


def test_a_deletion_is_charged_by_what_is_deleted(dynamodb):
    dynamodb.put({**JOB, "text": {"S": "x" * 2000}})
    for answer in ({}, {}):
        dynamodb.stub.add_response("delete_item", answer)
        dynamodb.client.delete_item(TableName="t", Key=KEY)
    assert dynamodb.tally("dynamodb.DeleteItem").write_units == 2 + 1


def test_entering_staying_in_moving_in_and_leaving_the_index_are_charged(dynamodb):
    for item in (DUE, DUE, {**DUE, "attention_at": {"N": "2"}}, JOB):
        dynamodb.put(item)
    tally = dynamodb.tally("dynamodb.PutItem")
    assert tally.index_units == 1 + 0 + 2 + 1
    assert tally.write_units == 4


def test_the_largest_row_of_each_state_is_kept(dynamodb):
    dynamodb.put(JOB)
    dynamodb.put({**JOB, "state": {"S": "DEAD"}, "args": {"S": "x" * 100}})
    dynamodb.put({**JOB, "state": {"S": "DEAD"}})
    dynamodb.put({"pk": {"S": "watermark"}, "sk": {"S": "fast"}, "at": {"N": "1"}})
    plain = 2 + 14 + 2 + 3 + 5 + 6
    assert dynamodb.meter.row_bytes == {"QUEUED": plain, "DEAD": plain - 2 + 4 + 100}


def test_reads_are_charged_by_what_they_found(dynamodb):
    large = {**JOB, "args": {"S": "x" * 5000}}
    dynamodb.stub.add_response("get_item", {"Item": large})
    dynamodb.stub.add_response("get_item", {})
    dynamodb.stub.add_response("query", {"Items": [large, large]})
    dynamodb.stub.add_response("batch_get_item", {"Responses": {"t": [large, JOB]}})
    dynamodb.client.get_item(TableName="t", Key=KEY, ConsistentRead=True)
    dynamodb.client.get_item(TableName="t", Key=KEY)
    dynamodb.client.query(TableName="t", ConsistentRead=True)
    dynamodb.client.batch_get_item(RequestItems={"t": {"Keys": [KEY]}})
    assert dynamodb.tally("dynamodb.GetItem").read_units == 2 + 0.5
    assert dynamodb.tally("dynamodb.Query").read_units == 3
    assert dynamodb.tally("dynamodb.BatchGetItem").read_units == 1 + 0.5


def test_what_the_service_says_is_set_beside_what_the_rule_says(dynamodb):
    dynamodb.put(JOB, ConsumedCapacity={"TableName": "t", "CapacityUnits": 1.0})
    dynamodb.put(
        {**JOB, "args": {"S": "x" * 2000}}, ConsumedCapacity={"TableName": "t", "CapacityUnits": 1.0}
    )
    assert (dynamodb.meter.told.writes, dynamodb.meter.told.writes_alike) == (2, 1)


def test_an_sqs_call_is_a_request_for_each_64_kibibytes(sqs):
    entries = [{"Id": str(number), "MessageBody": "x" * 10_000} for number in range(7)]
    sent = {"Successful": [], "Failed": []}
    sqs.stub.add_response("send_message_batch", sent)
    sqs.stub.add_response("send_message_batch", sent)
    sqs.client.send_message_batch(QueueUrl="q", Entries=entries[:6])
    sqs.client.send_message_batch(QueueUrl="q", Entries=entries)
    tally = sqs.tally("sqs.SendMessageBatch")
    assert (tally.calls, tally.requests, tally.entries) == (2, 3, 13)


def test_a_receive_that_finds_nothing_is_a_request_too_and_told_apart(sqs):
    sqs.stub.add_response("receive_message", {})
    sqs.stub.add_response("receive_message", {"Messages": [{"Body": "x"}]})
    sqs.client.receive_message(QueueUrl="q")
    sqs.client.receive_message(QueueUrl="q")
    tally = sqs.tally("sqs.ReceiveMessage")
    assert (tally.calls, tally.requests, tally.empty, tally.entries) == (2, 2, 1, 1)


def test_attempts_of_boto3s_own_are_requests(sqs):
    sqs.stub.add_response("receive_message", {"ResponseMetadata": {"RetryAttempts": 2}})
    sqs.client.receive_message(QueueUrl="q")
    assert sqs.tally("sqs.ReceiveMessage").requests == 3


def test_phases_are_counted_apart(dynamodb):
    dynamodb.put(JOB)
    with dynamodb.meter.during("jobs"):
        dynamodb.put(JOB)
        dynamodb.put(JOB)
    dynamodb.put(JOB)
    assert dynamodb.tally("dynamodb.PutItem").calls == 2
    assert dynamodb.tally("dynamodb.PutItem", "jobs").calls == 2


def test_clients_made_outside_are_not_metered():
    meter = Meter()
    with metering(meter):
        pass
    client = boto3.session.Session().client("dynamodb", **NOWHERE)
    with Stubber(client) as stub:
        stub.add_response("put_item", {})
        client.put_item(TableName="t", Item=JOB)
    assert not meter.phases

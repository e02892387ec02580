"""The quick cloud: what it judges it judges as AWS does, or the race on it would measure something else."""

import threading

import pytest
from botocore.exceptions import ClientError

from bench.quick.cloud import QuickCloud
from bench.quick.queues import Queues
from bench.quick.server import Server
from bench.quick.tables import REFUSED, Refused, Tables
from bench.quick.words import Unknown, changed, holds

KEY = {"pk": {"S": "a"}, "sk": {"S": "b"}}
ROW = {**KEY, "ready": {"N": "0"}, "attempts": {"N": "0"}, "history": {"L": []}}
URL = "http://127.0.0.1:1/000000000000/q"


class Asker:
    def __init__(self):
        self.over = False
        self.answers = []

    def say(self, answer):
        self.answers.append(answer)

    @property
    def bodies(self):
        return [[one["Body"] for one in answer.get("Messages", [])] for answer in self.answers]


class Timed:
    """Queues, and the time that they see."""

    def __init__(self):
        self.now = 0.0
        self.queues = Queues(clock=lambda: self.now)
        self.ask = self.queues.verbs

    def send(self, *bodies, **how):
        entries = [{"Id": str(n), "MessageBody": body, **how} for n, body in enumerate(bodies)]
        return self.ask["SendMessageBatch"]({"QueueUrl": URL, "Entries": entries})

    def receive(self, **how):
        who = Asker()
        self.queues.receive({"QueueUrl": URL, "MaxNumberOfMessages": 10, **how}, who)
        return who

    def later(self, seconds):
        self.now += seconds
        self.queues.tick()


@pytest.fixture
def timed():
    return Timed()


def test_a_message_is_received_once_until_its_visibility_is_over(timed):
    timed.send("one", "two")
    assert timed.receive(VisibilityTimeout=5).bodies == [["one", "two"]]
    timed.later(4.9)
    assert timed.receive().bodies == [[]]
    timed.later(0.2)
    assert timed.receive().bodies == [["one", "two"]]


def test_a_deleted_message_is_not_seen_again(timed):
    timed.send("one")
    [got] = timed.receive(VisibilityTimeout=5).answers[0]["Messages"]
    entry = {"Id": "0", "ReceiptHandle": got["ReceiptHandle"]}
    timed.ask["DeleteMessageBatch"]({"QueueUrl": URL, "Entries": [entry]})
    timed.later(6)
    assert timed.receive().bodies == [[]]


def test_a_visibility_that_is_changed_counts_from_then_on(timed):
    timed.send("one")
    [got] = timed.receive(VisibilityTimeout=5).answers[0]["Messages"]
    timed.later(4)
    timed.ask["ChangeMessageVisibility"](
        {"QueueUrl": URL, "ReceiptHandle": got["ReceiptHandle"], "VisibilityTimeout": 5}
    )
    timed.later(4)
    assert timed.receive().bodies == [[]]
    timed.later(2)
    assert timed.receive().bodies == [["one"]]


def test_a_long_poll_is_answered_by_the_next_message_or_when_its_time_is_over(timed):
    first, second, gone = (timed.receive(WaitTimeSeconds=20) for _ in range(3))
    assert not first.answers
    timed.send("one")
    assert first.bodies == [["one"]]
    second.over = True
    timed.send("two")
    assert gone.bodies == [["two"]]  # not to who has gone
    last = timed.receive(WaitTimeSeconds=1)
    timed.later(1)
    assert last.bodies == [[]]


def test_a_delayed_message_comes_later(timed):
    timed.send("one", DelaySeconds=3)
    assert timed.receive().bodies == [[]]
    timed.later(3)
    assert timed.receive().bodies == [["one"]]


def test_a_put_that_must_be_the_first_is_refused_twice():
    tables = Tables().verbs
    put = {"TableName": "t", "Item": ROW, "ConditionExpression": "attribute_not_exists(pk)"}
    tables["PutItem"](put)
    for _ in range(2):
        with pytest.raises(Refused) as refused:
            tables["PutItem"](put)
        assert refused.value.answer["__type"].endswith(REFUSED)


CLAIM = {
    "TableName": "t",
    "Key": KEY,
    "ConditionExpression": "#ready = :zero",
    "UpdateExpression": "SET #attempts = #attempts + :one, #history = list_append(#history, :entry) REMOVE #ready",
    "ExpressionAttributeNames": {"#ready": "ready", "#attempts": "attempts", "#history": "history"},
    "ExpressionAttributeValues": {":zero": {"N": "0"}, ":one": {"N": "1"}, ":entry": {"L": [{"S": "x"}]}},
    "ReturnValues": "ALL_NEW",
    "ReturnValuesOnConditionCheckFailure": "ALL_OLD",
}
CLAIMED = {**KEY, "attempts": {"N": "1"}, "history": {"L": [{"S": "x"}]}}


def test_an_update_by_equality_is_taken_once_and_the_refusal_brings_the_row():
    tables = Tables().verbs
    tables["PutItem"]({"TableName": "t", "Item": ROW})
    assert tables["UpdateItem"](CLAIM) == {"Attributes": CLAIMED}
    with pytest.raises(Refused) as refused:
        tables["UpdateItem"](CLAIM)
    assert refused.value.answer["Item"] == CLAIMED


def test_a_statement_of_a_batch_means_the_same():
    tables = Tables().verbs
    tables["PutItem"]({"TableName": "t", "Item": ROW})
    statement = {
        "Statement": 'UPDATE "t" SET "attempts"="attempts"+? SET "history"[9999]=? REMOVE "ready"'
        ' WHERE "pk"=? AND "sk"=? AND "ready"=? RETURNING ALL NEW *',
        "Parameters": [{"N": "1"}, {"S": "x"}, KEY["pk"], KEY["sk"], {"N": "0"}],
        "ReturnValuesOnConditionCheckFailure": "ALL_OLD",
    }
    once, twice = tables["BatchExecuteStatement"]({"Statements": [statement, statement]})["Responses"]
    assert once["Item"] == CLAIMED
    assert (twice["Error"]["Code"], twice["Error"]["Item"]) == ("ConditionalCheckFailed", CLAIMED)


@pytest.mark.parametrize(
    ("condition", "held"),
    [
        ("attribute_exists(n) AND n < :two", True),
        ("attribute_exists(n) AND n >= :two", False),
        ("(n = :two) OR (attribute_not_exists(m) AND n <> :two)", True),
        ("m < :two", False),
        ("size(n) = :two", True),  # in words that are not known: it is believed
    ],
)
def test_a_condition_is_judged_where_its_words_are_known(condition, held):
    assert holds(condition, {"n": {"N": "1"}}, {}, {":two": {"N": "2"}}) is held


def test_an_update_in_unknown_words_is_no_silent_success():
    with pytest.raises(Unknown):
        changed("SET a[0] = :v", {}, {}, {":v": {"S": "x"}})


def test_by_boto3_it_is_a_cloud_and_without_memory_it_forgets():
    server = Server(remembers=False)
    threading.Thread(target=server.serve, daemon=True).start()
    cloud = QuickCloud()
    cloud.port = server.port
    dynamodb, sqs = cloud.client("dynamodb"), cloud.client("sqs")
    url = sqs.create_queue(QueueName="q")["QueueUrl"]
    attributes = {"a": {"DataType": "String", "StringValue": "b"}}
    sent = sqs.send_message(QueueUrl=url, MessageBody="x", MessageAttributes=attributes)
    assert sent["MD5OfMessageAttributes"] == "bef8bf215374a0a228d67533b1a488be"  # as moto reckons it
    assert "Messages" not in sqs.receive_message(QueueUrl=url)
    for _ in range(2):
        dynamodb.put_item(TableName="t", Item=ROW, ConditionExpression="attribute_not_exists(pk)")
    with pytest.raises(ClientError, match="not found"):
        dynamodb.describe_table(TableName="unmade")
    with pytest.raises(ClientError, match="does not know"):
        dynamodb.list_tables()
    assert server.asked["PutItem"] == 2

"""The pump on a queue that a server holds."""

import threading
import time

import pytest

from jobline.local.invoke import Function
from jobline.local.pump import Pump
from tests.support.waiting import until

pytestmark = pytest.mark.slow

TRACE = "Root=1-5759e988-bd862e3fe1be46a994272793;Parent=53995c3f42cd8ad8;Sampled=1"


def waiting_in(sqs, url):
    names = ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"]
    counts = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=names)["Attributes"]
    return [int(counts[name]) for name in names]


@pytest.fixture
def lane(sqs):
    return sqs.create_queue(QueueName="lane", Attributes={"VisibilityTimeout": "180"})["QueueUrl"]


def test_a_record_carries_all_that_the_message_does(sqs, lane):
    sqs.send_message(
        QueueUrl=lane,
        MessageBody='{"text": "Grüße \\u2028"}',
        MessageAttributes={
            "colour": {"DataType": "String", "StringValue": "blue"},
            "blob": {"DataType": "Binary", "BinaryValue": b"\x00\xff"},
        },
        MessageSystemAttributes={"AWSTraceHeader": {"DataType": "String", "StringValue": TRACE}},
    )
    seen = []

    Pump(sqs, "lane", Function("consume", lambda event, _: seen.append(event), timeout=10)).turn(
        threading.Event()
    )

    [record] = seen[0]["Records"]
    assert record["body"] == '{"text": "Grüße \\u2028"}'
    assert record["attributes"]["AWSTraceHeader"] == TRACE
    assert record["attributes"]["ApproximateReceiveCount"] == "1"
    assert abs(int(record["attributes"]["SentTimestamp"]) / 1000 - time.time()) < 60
    assert record["messageAttributes"]["colour"] == {
        "stringValue": "blue",
        "stringListValues": [],
        "binaryListValues": [],
        "dataType": "String",
    }
    assert record["messageAttributes"]["blob"]["binaryValue"] == "AP8="
    assert len(record["md5OfBody"]) == len(record["md5OfMessageAttributes"]) == 32
    assert record["eventSourceARN"] == "arn:aws:sqs:us-east-1:000000000000:lane"
    assert waiting_in(sqs, lane) == [0, 0]


def test_only_what_failed_stays_and_it_stays_invisible(sqs, lane):
    entries = [{"Id": str(n), "MessageBody": str(n)} for n in range(10)]
    sqs.send_message_batch(QueueUrl=lane, Entries=entries)

    def odd(event, context):
        failed = [one["messageId"] for one in event["Records"] if int(one["body"]) % 2]
        return {"batchItemFailures": [{"itemIdentifier": one} for one in failed]}

    Pump(sqs, "lane", Function("consume", odd, timeout=10)).turn(threading.Event())

    assert waiting_in(sqs, lane) == [0, 5]


def test_a_waiting_pump_hears_of_a_message_at_once(sqs, lane):
    heard, stop = threading.Event(), threading.Event()
    pump = Pump(sqs, "lane", Function("consume", lambda *_: heard.set(), timeout=10), wait=20)
    thread = threading.Thread(target=pump.run, args=(stop,))
    thread.start()

    sent = time.monotonic()
    sqs.send_message(QueueUrl=lane, MessageBody="{}")
    assert heard.wait(60)
    took = time.monotonic() - sent
    until(lambda: waiting_in(sqs, lane) == [0, 0])
    stop.set()
    sqs.send_message(QueueUrl=lane, MessageBody="{}")  # the last poll need not be waited for either
    thread.join(60)

    assert took < 15, "that is not before the poll was over"
    assert not thread.is_alive()

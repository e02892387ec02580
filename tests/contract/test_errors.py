"""What a service's trouble becomes: Unavailable when it may pass by itself, ServiceRefused when it does not."""

import socket
import threading
from contextlib import contextmanager, suppress
from dataclasses import replace
from datetime import timedelta
from types import SimpleNamespace

import pytest
from botocore import exceptions as boto
from botocore.parsers import ResponseParserError

from chalicelib.adapters.aws.payloads import AwsPayloads
from chalicelib.adapters.aws.queue import SqsQueue
from chalicelib.adapters.aws.side_tables import DynamoApiKeys, DynamoKeys, DynamoQuarantine
from chalicelib.adapters.aws.store import DynamoStore
from chalicelib.adapters.memory import Inline as InlineCrew
from chalicelib.domain.errors import ServiceRefused, Unavailable
from chalicelib.domain.job import Place, Stored, Wakeup
from chalicelib.domain.lifecycle import change
from chalicelib.pipeline.ids import first_id
from chalicelib.pipeline.ports import ApiKey, KeyClaim, Oddity
from tests.contract.law import cases
from tests.contract.rows import DAY, MS, NOW, new_id, plain

SHA = "ab" * 32
KEY = ApiKey(
    id="k", secret_sha256=SHA, tenant="t", scopes=frozenset({"read"}), name="", created=NOW, expires=None
)

CALLS = {
    "create": lambda ports: ports.store.create(plain()),
    "write": lambda ports: ports.store.write(new_id(), change(next(cases()).event)),
    "read": lambda ports: ports.store.read(new_id()),
    "unattended": lambda ports: ports.store.unattended(NOW - MS, NOW),
    "newest": lambda ports: list(ports.store.newest(first_id(NOW), NOW - MS)),
    "due": lambda ports: ports.store.due(NOW, 10),
    "dead": lambda ports: ports.store.dead(None, 10),
    "watermark": lambda ports: ports.store.watermark("fast"),
    "move_watermark": lambda ports: ports.store.move_watermark("fast", None, NOW),
    "hold": lambda ports: ports.keys.hold(
        KeyClaim(tenant="t", key="k", request_hash="h", job_id=new_id(), until=NOW + DAY), NOW
    ),
    "put a small payload": lambda ports: ports.payloads.put(new_id(), b"x" * 400, NOW),
    "put a large payload": lambda ports: ports.payloads.put(new_id(), b"x" * 9000, NOW),
    "get a small payload": lambda ports: ports.payloads.get(
        new_id(), Stored(place=Place.ITEM, sha256=SHA, size=400)
    ),
    "get a large payload": lambda ports: ports.payloads.get(
        new_id(), Stored(place=Place.OBJECT, sha256=SHA, size=9000)
    ),
    "extend": lambda ports: ports.queue.extend("default", "receipt", timedelta(seconds=1)),
    "depths": lambda ports: ports.queue.depths(),
    "add": lambda ports: ports.api_keys.add(KEY),
    "find": lambda ports: ports.api_keys.find("k"),
    "revoke": lambda ports: ports.api_keys.revoke("k", NOW),
    "keep": lambda ports: ports.quarantine.keep(Oddity(message_id="m", lane="low", body="", why="", at=NOW)),
}

ANSWERS = {  # what services say, by their documentation -> whether it may pass
    ("ProvisionedThroughputExceededException", 400): Unavailable,
    ("ThrottlingException", 400): Unavailable,
    ("RequestLimitExceeded", 400): Unavailable,
    ("InternalServerError", 500): Unavailable,
    ("ServiceUnavailable", 503): Unavailable,
    ("RequestThrottled", 403): Unavailable,
    ("OverLimit", 403): Unavailable,
    ("KmsThrottled", 400): Unavailable,
    ("SlowDown", 503): Unavailable,
    ("RequestTimeout", 400): Unavailable,
    ("503", 503): Unavailable,
    ("", 502): Unavailable,
    ("TransactionConflictException", 400): Unavailable,
    ("AccessDeniedException", 400): ServiceRefused,
    ("AccessDenied", 403): ServiceRefused,
    ("ResourceNotFoundException", 400): ServiceRefused,
    ("ValidationException", 400): ServiceRefused,
    ("NoSuchBucket", 404): ServiceRefused,
    ("AWS.SimpleQueueService.NonExistentQueue", 400): ServiceRefused,
    ("InvalidAddress", 404): ServiceRefused,
    ("ItemCollectionSizeLimitExceededException", 400): ServiceRefused,
    ("UnrecognizedClientException", 400): ServiceRefused,
    ("KMSAccessDeniedException", 400): ServiceRefused,
}

BREAKS = {  # what botocore raises when there is no answer
    "connect timeout": (boto.ConnectTimeoutError(endpoint_url="u"), Unavailable),
    "read timeout": (boto.ReadTimeoutError(endpoint_url="u"), Unavailable),
    "refused": (boto.EndpointConnectionError(endpoint_url="u"), Unavailable),
    "closed": (boto.ConnectionClosedError(endpoint_url="u"), Unavailable),
    "broken off": (boto.IncompleteReadError(actual_bytes=1, expected_bytes=2), Unavailable),
    "broken stream": (boto.ResponseStreamingError(error="x"), Unavailable),
    "no answer of this protocol": (ResponseParserError("<html>"), Unavailable),
    "no credentials just now": (boto.CredentialRetrievalError(provider="p", error_msg="m"), Unavailable),
    "no credentials at all": (boto.NoCredentialsError(), ServiceRefused),
    "a parameter of the wrong kind": (boto.ParamValidationError(report="x"), ServiceRefused),
    "no region": (boto.NoRegionError(), ServiceRefused),
}


def ports_on(aws, *, table: str, bucket: str, names) -> SimpleNamespace:
    """The adapters on other names than the stage's."""
    clients = aws.clients
    return SimpleNamespace(
        store=DynamoStore(clients, table, InlineCrew()),
        keys=DynamoKeys(clients, table),
        payloads=AwsPayloads(clients, table, bucket),
        queue=SqsQueue(clients, names, InlineCrew()),
        api_keys=DynamoApiKeys(clients, table),
        quarantine=DynamoQuarantine(clients, table),
    )


@contextmanager
def answering(clients, reply):
    """Let every service answer every call with what `reply` returns or raises, without asking it."""
    events = [client.meta.events for client in (clients.dynamodb, clients.sqs, clients.s3)]
    for one in events:
        one.register_first("before-call.*.*", reply)
    try:
        yield
    finally:
        for one in events:
            one.unregister("before-call.*.*", reply)


def error(code: str, status: int):
    def reply(**_):
        said = {"Error": {"Code": code, "Message": "no"}, "ResponseMetadata": {"HTTPStatusCode": status}}
        return SimpleNamespace(status_code=status, headers={}), said

    return reply


def breaking(problem):
    def reply(**_):
        raise problem

    return reply


@pytest.fixture
def ready(aws):
    """The queues' addresses are known, as after the first call of a process."""
    for lane in aws.settings.queues:
        aws.queue.url(lane)
    return aws


@pytest.mark.parametrize("call", CALLS.values(), ids=CALLS)
@pytest.mark.parametrize(
    ("said", "meant"), [(("InternalServerError", 500), Unavailable), (("AccessDenied", 403), ServiceRefused)]
)
def test_every_call_says_in_our_words_what_went_wrong(ready, call, said, meant):
    with answering(ready.clients, error(*said)), pytest.raises(meant, match=said[0]):
        call(ready)


@pytest.mark.parametrize("call", CALLS.values(), ids=CALLS)
def test_every_call_says_so_when_there_is_no_answer(ready, call):
    with (
        answering(ready.clients, breaking(boto.ReadTimeoutError(endpoint_url="u"))),
        pytest.raises(Unavailable),
    ):
        call(ready)


@pytest.mark.parametrize(("said", "meant"), ANSWERS.items(), ids=str)
def test_an_answer_passes_or_does_not(ready, said, meant):
    with answering(ready.clients, error(*said)), pytest.raises(meant):
        ready.store.read(new_id())


@pytest.mark.parametrize(("problem", "meant"), BREAKS.values(), ids=BREAKS)
def test_no_answer_passes_and_a_bad_question_does_not(ready, problem, meant):
    with answering(ready.clients, breaking(problem)), pytest.raises(meant):
        ready.store.read(new_id())


@pytest.mark.parametrize("said", [("InternalServerError", 500), ("AccessDenied", 403)])
def test_a_send_never_raises(ready, said):
    wakeup = Wakeup(tenant="t", job_id=new_id(), epoch=0)
    with answering(ready.clients, error(*said)):
        assert list(ready.queue.send([wakeup])) == [wakeup]


def test_an_address_that_cannot_be_had_is_a_send_that_failed(aws):
    aws.drain()
    queue = SqsQueue(aws.clients, aws.settings.queues, InlineCrew())
    wakeup = Wakeup(tenant="t", job_id=new_id(), epoch=0)
    with answering(aws.clients, error("InternalServerError", 500)):
        assert list(queue.send([wakeup])) == [wakeup]
    assert queue.send([wakeup]) == []


@pytest.mark.parametrize("call", CALLS.values(), ids=CALLS)
def test_what_is_not_there_is_refused(aws, call):
    none = ports_on(
        aws, table="no-such-table", bucket="no-such-bucket-here", names={"default": "no-such-queue"}
    )
    with pytest.raises(ServiceRefused):
        call(none)


def test_a_missing_object_is_the_payloads_trouble_and_a_missing_bucket_is_not(aws):
    stored = aws.payloads.put(new_id(), b"x" * 9000, NOW)
    none = ports_on(aws, table=aws.table, bucket="no-such-bucket-here", names={})
    with pytest.raises(ServiceRefused):
        none.payloads.get(new_id(), replace(stored))


@contextmanager
def a_server_that_says(words: bytes):
    """A loopback port where every connection is told the same, whatever it asks."""
    listening = socket.create_server(("127.0.0.1", 0))
    listening.settimeout(0.1)
    over = threading.Event()

    def serve():
        while not over.is_set():
            try:
                connection, _ = listening.accept()
            except TimeoutError:
                continue
            with connection:
                connection.settimeout(2)
                with suppress(OSError):
                    connection.recv(65536)
                    connection.sendall(words)

    thread = threading.Thread(target=serve)
    thread.start()
    try:
        yield f"http://127.0.0.1:{listening.getsockname()[1]}"
    finally:
        over.set()
        thread.join(timeout=5)
        listening.close()


GARBAGE = {
    "a page in place of an error": b"HTTP/1.1 500 Oh\r\nContent-Length: 6\r\n\r\n<html>",
    "half an answer": b'HTTP/1.1 200 OK\r\nContent-Length: 600\r\n\r\n{"Item":',
    "nothing": b"",
    "no HTTP": b"220 smtp\r\n",
    "a proxy's page": b"HTTP/1.1 502 Bad Gateway\r\nContent-Length: 6\r\n\r\n<html>",
}


@pytest.mark.parametrize("words", GARBAGE.values(), ids=GARBAGE)
@pytest.mark.parametrize("call", ["read", "get a large payload", "depths"])
def test_an_answer_that_is_none_may_pass(monkeypatch, words, call):
    # boto3 itself asks three times; its pauses are none of ours.
    monkeypatch.setattr("botocore.endpoint.time.sleep", lambda _: None)
    with a_server_that_says(words) as url, pytest.raises(Unavailable):
        CALLS[call](elsewhere(monkeypatch, url))


def test_a_port_where_nobody_listens_may_pass(monkeypatch):
    monkeypatch.setattr("botocore.endpoint.time.sleep", lambda _: None)
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    with pytest.raises(Unavailable):
        CALLS["read"](elsewhere(monkeypatch, f"http://127.0.0.1:{port}"))


def elsewhere(monkeypatch, url) -> SimpleNamespace:
    """The adapters, with their services at another address."""
    from chalicelib.adapters.aws.clients import Clients

    for name, value in {
        "AWS_ENDPOINT_URL": url,
        "AWS_DEFAULT_REGION": "us-east-1",
        "AWS_ACCESS_KEY_ID": "x",
        "AWS_SECRET_ACCESS_KEY": "x",
    }.items():
        monkeypatch.setenv(name, value)
    aws = SimpleNamespace(clients=Clients())
    return ports_on(aws, table="table", bucket="bucket", names={"default": "queue"})

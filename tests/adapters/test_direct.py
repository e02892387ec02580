"""Calls that go to DynamoDB directly: the request is botocore's to the last byte that counts, the answer reads as botocore reads it."""

import itertools
import json
import socket
import threading
import zlib
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from functools import wraps
from types import SimpleNamespace

import pytest
import wrapt
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.client import BaseClient
from botocore.credentials import Credentials
from botocore.exceptions import BotoCoreError, ClientError, EndpointConnectionError, ReadTimeoutError
from botocore.handlers import inject_api_version_header_if_needed
from botocore.hooks import EventAliaser, HierarchicalEmitter

from chalicelib.adapters.aws.clients import Clients
from chalicelib.adapters.aws.direct import calls
from chalicelib.adapters.aws.direct.ears import Ears
from chalicelib.adapters.aws.direct.sigv4 import JSON, Keys, Signer
from chalicelib.settings import BadSetting, Settings

KEY = {"pk": {"S": "job#1"}, "sk": {"S": "ÄÖ 1"}}
UPDATE = {
    "TableName": "jobline-dev",
    "Key": KEY,
    "UpdateExpression": "SET #a = :a",
    "ExpressionAttributeNames": {"#a": "a"},
    "ExpressionAttributeValues": {":a": {"N": "1"}},
    "ReturnValues": "ALL_NEW",
}
PUT = {"TableName": "jobline-dev", "Item": {**KEY, "body": {"B": b"\x00\xff"}}}
GET = {"TableName": "jobline-dev", "Key": KEY}
DONE = {"Attributes": {**KEY, "a": {"N": "1"}, "list": {"L": [{"S": 'a "B" here'}]}}}
REFUSED = {
    "__type": "com.amazonaws.dynamodb.v20120810#ConditionalCheckFailedException",
    "message": "The conditional request failed",
    "Item": KEY,
}
THROTTLED = {"__type": "com.amazonaws.dynamodb.v20120810#ThrottlingException", "message": "slow down"}


class Endpoint:
    """A loopback port that gives these answers in turn, the last one again and again, and knows what it was asked."""

    def __init__(self, *answers: tuple[int, object], keeps_lines: bool = True) -> None:
        self.asked: list[tuple[dict[str, str], bytes]] = []
        self._answers = itertools.chain(answers, itertools.repeat(answers[-1]))
        self._keeps_lines = keeps_lines
        self._listening = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self._listening.getsockname()[1]}"
        self.lines = 0
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self) -> None:
        while True:
            try:
                line, _ = self._listening.accept()
            except OSError:
                return
            self.lines += 1
            threading.Thread(target=self._serve, args=(line,), daemon=True).start()

    def _serve(self, line: socket.socket) -> None:
        with line, line.makefile("rb") as heard:
            while first := heard.readline():
                assert first.split()[0] == b"POST"
                headers = dict(self._headers(heard))
                self.asked.append((headers, heard.read(int(headers["content-length"]))))
                status, told = next(self._answers)
                if told is None:
                    heard.readline()  # says nothing until the other side has gone
                    return
                body = told if isinstance(told, bytes) else json.dumps(told).encode()
                head = f"HTTP/1.1 {status} X\r\nContent-Length: {len(body)}\r\nx-amz-crc32: {zlib.crc32(body)}\r\n\r\n"
                line.sendall(head.encode() + body)
                if not self._keeps_lines:
                    return

    def _headers(self, heard):
        while (text := heard.readline().decode().strip()) != "":
            name, _, value = text.partition(":")
            yield name.lower(), value.strip()

    def close(self) -> None:
        self._listening.close()


@contextmanager
def endpoint(*answers, **how):
    found = Endpoint(*answers, **how)
    try:
        yield found
    finally:
        found.close()


@pytest.fixture
def made(monkeypatch):
    """A client for an endpoint, direct or not."""
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIDEXAMPLE")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "secret/+x")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "eu-central-1")
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    monkeypatch.setattr("botocore.endpoint.time.sleep", lambda _: None)  # boto3's pauses are none of ours

    def make(at: Endpoint, *, direct: bool = True, read_timeout: float = 5, service: str = "dynamodb"):
        monkeypatch.setenv("AWS_ENDPOINT_URL", at.url)
        return Clients(direct=direct)._make(service, read_timeout)

    return make


@pytest.mark.parametrize("token", [None, "a-session/token=="])
@pytest.mark.parametrize("body", [b"{}", '{"TableName":"ä"}'.encode(), b"x" * 5000])
def test_a_signature_is_botocores(token, body):
    theirs = AWSRequest(
        "POST",
        "https://dynamodb.eu-central-1.amazonaws.com/",
        headers={"content-type": JSON, "x-amz-target": "DynamoDB_20120810.UpdateItem"},
        data=body,
    )
    SigV4Auth(Credentials("AKID", "secret/+x", token), "dynamodb", "eu-central-1").add_auth(theirs)
    at = datetime.strptime(theirs.headers["X-Amz-Date"], "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC)
    ours = Signer("dynamodb.eu-central-1.amazonaws.com", "eu-central-1", "dynamodb").headers(
        "DynamoDB_20120810.UpdateItem", body, Keys("AKID", "secret/+x", token), at
    )
    assert ours["authorization"] == theirs.headers["Authorization"]


def test_a_day_or_a_secret_later_the_key_is_another():
    signer, day = Signer("h", "r", "s"), datetime(2026, 11, 21, 23, 59, 59, tzinfo=UTC)
    first = signer.headers("t", b"", Keys("a", "b", None), day)
    assert first == Signer("h", "r", "s").headers("t", b"", Keys("a", "b", None), day)
    for keys, at in ((Keys("a", "c", None), day), (Keys("a", "c", None), day.replace(month=12))):
        assert signer.headers("t", b"", keys, at) == Signer("h", "r", "s").headers("t", b"", keys, at)


@pytest.mark.parametrize(
    ("verb", "params", "answer"),
    [
        ("update_item", UPDATE, (200, DONE)),
        ("update_item", UPDATE, (400, REFUSED)),
        ("put_item", PUT, (200, {})),
        ("get_item", GET, (200, {})),
        ("get_item", GET, (200, {"Item": {**KEY, "body": {"B": "AP8="}, "all": {"BS": ["AP8="]}}})),
        ("get_item", GET, (200, {"Item": {"in": {"M": {"B": {"S": "x"}, "deep": {"B": "AP8="}}}}})),
    ],
)
def test_request_and_answer_are_what_they_are_by_botocore(made, verb, params, answer):
    said = {}
    for direct in (True, False):
        with endpoint(answer) as at:
            try:
                found = getattr(made(at, direct=direct), verb)(**params)
            except ClientError as error:
                found = {**error.response, "kind": type(error).__name__, "words": str(error)}
            [(headers, body)] = at.asked
        found.pop("ResponseMetadata")
        target = headers["x-amz-target"], headers["content-type"]
        said[direct] = (found, json.loads(body), target)
    assert said[True] == said[False]


SEND = {
    "QueueUrl": "https://sqs.eu-central-1.amazonaws.com/1/q",
    "Entries": [
        {
            "Id": "0",
            "MessageBody": "ä",
            "MessageGroupId": "t",
            "DelaySeconds": 3,
            "MessageSystemAttributes": {"AWSTraceHeader": {"DataType": "String", "StringValue": "Root=1"}},
        }
    ],
}
SENT = {
    "Successful": [{"Id": "0", "MessageId": "m", "MD5OfMessageBody": "B0"}],
    "Failed": [{"Id": "1", "SenderFault": False, "Code": "InternalError"}],
}


def test_messages_are_sent_as_botocore_sends_them(made, monkeypatch):
    # given a function whose invocation has a trace, by which Lambda knows a loop
    monkeypatch.setenv("AWS_LAMBDA_FUNCTION_NAME", "f")
    monkeypatch.setenv("_X_AMZN_TRACE_ID", "Root=1-2;Lineage=3")
    said = {}
    for direct in (True, False):
        with endpoint((200, SENT)) as at:
            found = made(at, direct=direct, service="sqs").send_message_batch(**SEND)
            [(headers, body)] = at.asked
        assert ("user-agent" in headers) != direct
        found.pop("ResponseMetadata")
        told = {name: headers[name] for name in ("x-amz-target", "content-type", "x-amzn-trace-id")}
        said[direct] = (found, json.loads(body), told)
    assert said[True] == said[False]


def test_messages_that_sqs_refuses_are_botocores_affair(made):
    no_queue = {"__type": "com.amazonaws.sqs#QueueDoesNotExist", "message": "none"}
    with endpoint((400, no_queue)) as at:
        client = made(at, service="sqs")
        with pytest.raises(ClientError, match="QueueDoesNotExist"):
            client.send_message_batch(**SEND)
        assert ["user-agent" in headers for headers, _ in at.asked] == [False, True]


def test_lines_are_kept(made):
    with endpoint((200, DONE)) as at:
        client = made(at)
        for _ in range(5):
            client.update_item(**UPDATE)
        assert (len(at.asked), at.lines) == (5, 1)


def test_a_line_that_the_other_side_has_closed_is_not_used(made):
    with endpoint((200, DONE), keeps_lines=False) as at:
        client = made(at)
        for _ in range(3):
            client.update_item(**UPDATE)
        assert at.lines >= 3
        assert client._way.odd == 0


@pytest.mark.parametrize("odd", [(500, b"<html>"), (400, THROTTLED), (503, {}), (200, b"no JSON")])
def test_what_is_out_of_the_ordinary_goes_the_ordinary_way(made, odd):
    with endpoint(odd, (200, DONE)) as at:
        found = made(at).update_item(**UPDATE)
        assert found["Attributes"] == DONE["Attributes"]
        # botocore asked again, and said who it is
        assert ["Boto" in headers.get("user-agent", "") for headers, _ in at.asked] == [False, True]


def test_who_understands_no_answer_asks_no_more(made):
    with endpoint((403, {"__type": "InvalidSignatureException", "message": "no"})) as at:
        client = made(at)
        for _ in range(calls.ODD_AT_MOST + 2):
            with pytest.raises(ClientError, match="InvalidSignature"):
                client.update_item(**UPDATE)
        asked_directly = ["user-agent" not in headers for headers, _ in at.asked]
        assert asked_directly.count(True) == calls.ODD_AT_MOST


def test_an_answer_that_does_not_come_is_waited_for_once(made):
    # Whoever called has a time of his own, and tries again within it.
    with endpoint((200, None)) as at:
        with pytest.raises(ReadTimeoutError):
            made(at, read_timeout=0.2).update_item(**UPDATE)
        assert len(at.asked) == 1


def test_where_nobody_listens_botocore_says_so(made):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        nobody = SimpleNamespace(url=f"http://127.0.0.1:{taken.getsockname()[1]}")
    with pytest.raises(EndpointConnectionError):
        made(nobody).update_item(**UPDATE)


def test_who_watches_botocores_events_sees_direct_calls(made):
    seen = []
    with endpoint((200, DONE)) as at:
        client = made(at)
        for event in (
            "provide-client-params",
            "before-parameter-build",
            "before-call",
            "before-send",
            "after-call",
        ):
            client.meta.events.register(
                f"{event}.dynamodb.UpdateItem", lambda event_name, **_: seen.append(event_name)
            )
        client.update_item(**UPDATE)
        assert [name.split(".")[0] for name in seen] == [
            "provide-client-params", "before-parameter-build", "before-call", "before-send", "after-call",
        ]  # fmt: skip
        assert len(at.asked) == 1


def test_a_traced_call_is_botocores_for_its_tracer_knows_no_other(made, monkeypatch):
    monkeypatch.setattr(calls, "traced", lambda: True)
    with endpoint((200, DONE)) as at:
        made(at).update_item(**UPDATE)
        assert "Boto" in at.asked[0][0]["user-agent"]


def agent(call):
    """What a tracer or an agent makes of botocore's calls: the same, and something of its own."""

    @wraps(call)
    def told(*args, **kwargs):
        return call(*args, **kwargs)

    return told


@pytest.mark.parametrize(
    "wrap", [agent, lambda call: wrapt.FunctionWrapper(call, lambda c, _, a, k: c(*a, **k))]
)
def test_who_has_put_something_around_botocores_calls_gets_them_all(made, monkeypatch, wrap):
    with endpoint((200, DONE)) as at:
        client = made(at)
        client.update_item(**UPDATE)
        with monkeypatch.context() as patch:
            patch.setattr(BaseClient, "_make_api_call", wrap(BaseClient._make_api_call))
            client.update_item(**UPDATE)
        client.update_item(**UPDATE)
        assert ["user-agent" in headers for headers, _ in at.asked] == [False, True, False]


def test_who_need_not_see_them_is_let_past_but_not_what_it_was_put_around(made, monkeypatch):
    plain = BaseClient._make_api_call
    ours, around_another = agent(plain), agent(agent(plain))
    calls.let_past(ours, around=plain)
    calls.let_past(around_another, around=agent(plain))
    with endpoint((200, DONE)) as at:
        client = made(at)
        for wrapper in (ours, around_another):
            with monkeypatch.context() as patch:
                patch.setattr(BaseClient, "_make_api_call", wrapper)
                client.update_item(**UPDATE)
        assert ["user-agent" in headers for headers, _ in at.asked] == [False, True]


def test_who_begins_to_listen_later_is_heard_and_who_ceases_is_not(made):
    seen = []

    def listen(**_):
        seen.append(1)

    with endpoint((200, DONE)) as at:
        client = made(at)
        for _ in range(2):
            client.update_item(**UPDATE)
            client.meta.events.register("before-call.dynamodb.UpdateItem", listen)
            client.update_item(**UPDATE)
            client.put_item(**PUT)
            client.meta.events.unregister("before-call.dynamodb.UpdateItem", listen)
        assert (len(seen), len(at.asked)) == (2, 6)


def test_only_others_than_botocore_are_heard():
    def listen(**_):
        pass

    events, name, ears = EventAliaser(HierarchicalEmitter()), "dynamodb.UpdateItem", Ears()
    events.register("before-call", inject_api_version_header_if_needed)  # botocore's own
    assert not ears.hear(events, name)
    for event in ("before-send", "before-call.dynamodb", "provide-client-params.dynamodb.UpdateItem"):
        events.register(event, listen)
        assert ears.hear(events, name)
        events.unregister(event, listen)
        assert not ears.hear(events, name)
    events.register("before-send.dynamodb.PutItem", listen)
    assert (ears.hear(events, name), ears.hear(events, "dynamodb.PutItem")) == (False, True)


def test_whoever_cannot_be_asked_for_listeners_is_told_all():
    assert Ears().hear(SimpleNamespace(), "dynamodb.UpdateItem")


@pytest.mark.parametrize(
    "said", [b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n", b"x"]
)
def test_an_answer_of_another_kind_is_left_to_botocore_and_after_some_all_are(made, said, monkeypatch):
    monkeypatch.setattr(calls, "ODD_AT_MOST", 2)
    with speaker(said) as at:
        client = made(at)
        for _ in range(3):
            with suppress(BotoCoreError, ClientError):
                client.get_item(**GET)
        assert client._way is False


@contextmanager
def speaker(said):
    """A port that says just this to whoever asks anything."""
    with socket.create_server(("127.0.0.1", 0)) as listening:

        def speak():
            with suppress(OSError):
                while True:
                    line, _ = listening.accept()
                    with line:
                        line.recv(65536)
                        line.sendall(said)

        threading.Thread(target=speak, daemon=True).start()
        yield SimpleNamespace(url=f"http://127.0.0.1:{listening.getsockname()[1]}")


def test_where_there_is_a_proxy_botocore_finds_its_way(made, monkeypatch):
    with endpoint((200, DONE)) as at:
        client = made(at)
        monkeypatch.setenv("NO_PROXY", "")
        monkeypatch.setenv("HTTP_PROXY", at.url)
        client.update_item(**UPDATE)
        assert client._way is False


@pytest.mark.parametrize("broken", ["signed", "encoded", "parsed", "_answer"])
def test_a_bug_in_direct_calls_is_nobodys_trouble_and_after_some_there_are_none(made, monkeypatch, broken):
    monkeypatch.setattr(calls._Way, broken, None)
    with endpoint((200, DONE)) as at:
        client = made(at)
        for _ in range(calls.ODD_AT_MOST + 1):
            assert client.update_item(**UPDATE)["Attributes"] == DONE["Attributes"]
        assert client._way is False


def test_a_botocore_that_keeps_its_things_elsewhere_is_left_to_itself(made, monkeypatch):
    monkeypatch.setattr(calls, "_way", lambda client: client._endpoint.is_not_what_it_was)
    with endpoint((200, DONE)) as at:
        client = made(at)
        assert client.update_item(**UPDATE)["Attributes"] == DONE["Attributes"]
        assert client._way is False


def test_where_no_line_can_be_opened_botocore_tries_and_after_some_always(made, monkeypatch):
    def refuse(*_):
        raise TimeoutError

    monkeypatch.setattr(calls.Lines, "_opened", refuse)
    with endpoint((200, DONE)) as at:
        client = made(at)
        for _ in range(calls.ODD_AT_MOST + 1):
            client.update_item(**UPDATE)
        assert client._way is False
        assert len(at.asked) == calls.ODD_AT_MOST + 1


def test_it_is_asked_for(made):
    with endpoint((200, DONE)) as at:
        assert not isinstance(made(at, direct=False), calls.DirectCalls)
        assert isinstance(made(at), calls.DirectCalls)


def test_the_setting_has_two_words():
    assert Settings.from_env({}).direct_calls
    assert Settings.from_env({"JOBLINE_DIRECT_CALLS": "on"}).direct_calls
    assert not Settings.from_env({"JOBLINE_DIRECT_CALLS": "off"}).direct_calls
    with pytest.raises(BadSetting, match="JOBLINE_DIRECT_CALLS"):
        Settings.from_env({"JOBLINE_DIRECT_CALLS": "no"})

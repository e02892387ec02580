"""X-Ray's exporter alone: what it sends for a few spans. (The journey shows it in the whole.)"""

import json
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from contextvars import copy_context
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError
from botocore.stub import Stubber

from chalicelib.adapters.crew import ThreadCrew
from chalicelib.adapters.tracing import Header, Tracing, tracer
from chalicelib.adapters.tracing.xray import XRay

ROOT = "1-67891233-00000000000000000000000a"
SENDER = "1-67891233-00000000000000000000000b"
PARENT = "53995c3f42cd8ad8"
SAMPLED = f"Root={ROOT};Parent={PARENT};Sampled=1"
UNSAMPLED = f"Root={ROOT};Parent={PARENT};Sampled=0"
CARRIED = f"Root={SENDER};Parent={PARENT};Sampled=1"


class Daemon:
    """The socket to which spans are sent."""

    def __init__(self, listening: socket.socket, monkeypatch: pytest.MonkeyPatch) -> None:
        from aws_xray_sdk.core import xray_recorder

        self._socket = listening
        self.environment = {"_X_AMZN_TRACE_ID": SAMPLED, "AWS_XRAY_DAEMON_ADDRESS": "set"}
        address = f"127.0.0.1:{listening.getsockname()[1]}"
        monkeypatch.setenv("AWS_XRAY_DAEMON_ADDRESS", address)
        self.tracer: Tracing = tracer("shop-prod", self.environment)
        with self.tracer.invocation():  # loads it
            pass
        xray_recorder.emitter.set_daemon_address(address)

    def spans(self) -> list[dict[str, Any]]:
        """What came, oldest first."""
        found = []
        with suppress(BlockingIOError):
            while True:
                found.append(json.loads(self._socket.recv(65_536).partition(b"\n")[2]))
        return found


@pytest.fixture
def daemon(monkeypatch: pytest.MonkeyPatch) -> Iterator[Daemon]:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as listening:
        listening.bind(("127.0.0.1", 0))
        listening.setblocking(False)
        yield Daemon(listening, monkeypatch)


@contextmanager
def table(*answers: Any) -> Iterator[Any]:
    """A client that answers without a network."""
    client = boto3.client("dynamodb", "us-east-1", aws_access_key_id="x", aws_secret_access_key="x")
    with Stubber(client) as stub:
        for answer in answers:
            if isinstance(answer, str):
                stub.add_client_error("describe_limits", answer, "secret words")
            else:
                stub.add_response("describe_limits", answer)
        yield client


def test_spans_are_sent_as_they_end_each_below_the_one_around_it(daemon: Daemon):
    with daemon.tracer.invocation(), daemon.tracer.span("outer"):
        daemon.tracer.note(job_id="j1", attempt=2, ratio=0.5)
        with daemon.tracer.span("inner"):
            pass
        [inner] = daemon.spans()
    [outer] = daemon.spans()
    assert (inner["name"], inner["parent_id"], inner["trace_id"]) == ("inner", outer["id"], ROOT)
    assert (outer["name"], outer["parent_id"], outer["trace_id"]) == ("outer", PARENT, ROOT)
    assert outer["type"] == inner["type"] == "subsegment"
    assert outer["annotations"] == {"job_id": "j1", "attempt": 2, "ratio": 0.5}


def test_what_a_message_carried_is_a_segment_in_its_senders_trace(daemon: Daemon):
    with daemon.tracer.invocation(), daemon.tracer.span("batch"):
        with daemon.tracer.span("job", carried=CARRIED), daemon.tracer.span("task"):
            assert daemon.tracer.trace_id() == SENDER
        with daemon.tracer.span("afterwards"):
            assert daemon.tracer.trace_id() == ROOT
    task, job, afterwards, batch = daemon.spans()
    assert (job["name"], job["trace_id"], job["parent_id"]) == ("shop-prod-job", SENDER, PARENT)
    assert "type" not in job
    assert job["annotations"]["invocation_trace"] == ROOT
    assert (task["trace_id"], task["parent_id"]) == (SENDER, job["id"])
    assert (afterwards["trace_id"], afterwards["parent_id"]) == (ROOT, batch["id"])


def test_the_header_names_the_open_span(daemon: Daemon):
    with daemon.tracer.invocation(), daemon.tracer.span("send"):
        header = daemon.tracer.header()
    [send] = daemon.spans()
    assert header == f"Root={ROOT};Parent={send['id']};Sampled=1"


def test_calls_of_any_boto3_client_are_spans(daemon: Daemon):
    with table({}) as client, daemon.tracer.invocation(), daemon.tracer.span("task"):
        client.describe_limits()
    call, task = daemon.spans()
    assert (call["name"], call["namespace"], call["aws"]["operation"]) == (
        "dynamodb",
        "aws",
        "DescribeLimits",
    )
    assert call["parent_id"] == task["id"]


def test_calls_outside_of_any_span_are_left_alone(daemon: Daemon, caplog: pytest.LogCaptureFixture):
    # given a warm process in which X-Ray has been loaded, and then an invocation that is not sampled
    with table({}, {}) as client:
        client.describe_limits()
        daemon.environment["_X_AMZN_TRACE_ID"] = UNSAMPLED
        with daemon.tracer.invocation(), daemon.tracer.span("task"):
            client.describe_limits()
    assert daemon.spans() == []
    assert caplog.records == []


def test_a_call_that_fails_is_marked_and_fails_as_it_did(daemon: Daemon):
    with (
        table("ThrottlingException") as client,
        daemon.tracer.invocation(),
        daemon.tracer.span("task"),
        pytest.raises(ClientError),
    ):
        client.describe_limits()
    call, task = daemon.spans()
    assert call["fault"]
    assert "fault" not in task


def test_an_exception_marks_the_span_by_its_type_and_not_by_its_words(daemon: Daemon):
    with pytest.raises(ValueError), daemon.tracer.invocation(), daemon.tracer.span("task"):
        raise ValueError("secret")
    [span] = daemon.spans()
    assert (span["fault"], span["annotations"]["error"]) == (True, "ValueError")
    assert "secret" not in json.dumps(span)


def test_spans_on_helping_threads_hang_where_their_caller_was(daemon: Daemon):
    # given a batch whose messages are handled on many threads, some joined and some not
    def handle(number: int) -> None:
        with daemon.tracer.span(f"job{number}", carried=CARRIED if number % 2 else None):
            both.wait()
            with daemon.tracer.span(f"task{number}"):
                both.wait()

    both = threading.Barrier(4, timeout=30)
    with daemon.tracer.invocation(), daemon.tracer.span("batch"):
        ThreadCrew(8).each(handle, range(4))

    # then nobody took another's place
    found = {span["name"].removeprefix("shop-prod-"): span for span in daemon.spans()}
    assert len(found) == 9
    for number in range(4):
        job, task = found[f"job{number}"], found[f"task{number}"]
        assert task["parent_id"] == job["id"]
        assert job["trace_id"] == task["trace_id"] == (SENDER if number % 2 else ROOT)
        assert job["parent_id"] == (PARENT if number % 2 else found["batch"]["id"])


def test_a_thread_that_goes_on_after_its_span_does_no_harm(daemon: Daemon):
    # given a task that was given up, whose thread then still makes a call
    done: list[str | None] = []
    with table({}) as client:
        go = threading.Event()
        with daemon.tracer.invocation(), daemon.tracer.span("job", carried=CARRIED):
            context = copy_context()

            def late() -> None:
                assert go.wait(30)
                client.describe_limits()
                daemon.tracer.note(late=True)
                with daemon.tracer.span("send"):
                    done.append(daemon.tracer.header())

            thread = threading.Thread(target=context.run, args=(late,))
            thread.start()
        assert [span["name"] for span in daemon.spans()] == ["shop-prod-job"]
        go.set()
        thread.join(30)
    assert len(done) == 1
    assert daemon.spans() == []


def test_names_and_notes_are_cut_to_what_xray_takes(daemon: Daemon):
    with daemon.tracer.invocation(), daemon.tracer.span("GET /jobs/{id}?x=ü" + "x" * 300):
        daemon.tracer.note(senders="x" * 5000)
    [span] = daemon.spans()
    assert span["name"].startswith("GET /jobs/_id__x=_x")
    assert len(span["name"]) == 200
    assert len(span["annotations"]["senders"]) == 1000


def test_the_platforms_own_segment_is_not_written_to(daemon: Daemon):
    with daemon.tracer.invocation():
        daemon.tracer.note(job_id="j1", fault=True)
        with XRay("shop-prod").inside(Header(trace_id=ROOT, parent=PARENT, sampled=True)):
            pass
    assert daemon.spans() == []

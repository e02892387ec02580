"""Tracing from the zip alone, beside the runtime's boto3: the SDK is there for whom is sampled, and nobody else loads it."""

import json
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import suppress
from typing import Any

import pytest

from bench.cold_start.room import Room, room
from chalicelib.domain.job import Wakeup
from chalicelib.pipeline.messages import encode
from infra.packaging.bundle import Bundle

pytestmark = pytest.mark.slow  # Chalice downloads what the functions need

INVOCATION, SENDER = "1-67891233-00000000000000000000000a", "1-67891233-00000000000000000000000b"
PARENT = "53995c3f42cd8ad8"
JOB = "01J00000000000000000000000"

ALONE = """
import json, sys
sys.path[:0] = {paths!r}
import app
class Context:
    aws_request_id, function_name = "1", "consume_default"
    def get_remaining_time_in_millis(self): return 60_000
before = sorted({{"aws_xray_sdk", "wrapt"}} & set(sys.modules))
try:
    app.consume_default(json.loads({event!r}), Context())
    ended = "answered"
except Exception as error:
    ended = type(error).__name__
found = {{name: sys.modules[name].__file__ for name in ("aws_xray_sdk", "wrapt", "botocore") if name in sys.modules}}
print(json.dumps({{"before": before, "ended": ended, "found": found}}))
"""
"""One invocation. There are no credentials, so its first call ends at botocore's signer: nothing leaves this machine."""


@pytest.fixture(scope="module")
def rooms(bundle: Bundle) -> Iterator[Room]:
    with room(bundle.path) as made:
        yield made


def event(*, sampled: bool) -> dict[str, Any]:
    """A batch of one message, sent from a trace of its own."""
    return {
        "Records": [
            {
                "messageId": "m1",
                "receiptHandle": "r1",
                "body": encode(Wakeup(tenant="ann", job_id=JOB, epoch=1)),
                "attributes": {"AWSTraceHeader": f"Root={SENDER};Parent={PARENT};Sampled={int(sampled)}"},
            }
        ]
    }


def invoke(rooms: Room, *, sampled: bool) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    """What the process says at its end, and the spans that it sent to the socket in the daemon's place."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as daemon:
        daemon.bind(("127.0.0.1", 0))
        daemon.setblocking(False)
        run = subprocess.run(
            [
                *(sys.executable, "-I", "-S", "-B", "-c"),
                ALONE.format(
                    paths=[str(rooms.task), str(rooms.runtime)], event=json.dumps(event(sampled=sampled))
                ),
            ],
            env={
                "AWS_DEFAULT_REGION": "us-east-1",
                "AWS_EC2_METADATA_DISABLED": "true",
                "AWS_LAMBDA_FUNCTION_NAME": "jobline-dev-consume_default",
                "AWS_SHARED_CREDENTIALS_FILE": "/dev/null",
                "AWS_XRAY_DAEMON_ADDRESS": f"127.0.0.1:{daemon.getsockname()[1]}",
                "JOBLINE_STAGE": "dev",
                "LAMBDA_TASK_ROOT": str(rooms.task),
                "_HANDLER": "app.consume_default",
                "_X_AMZN_TRACE_ID": f"Root={INVOCATION};Parent={PARENT};Sampled={int(sampled)}",
            },
            text=True,
            capture_output=True,
            timeout=280,
            check=False,
        )
        assert run.returncode == 0, run.stderr
        assert "not_traced" not in run.stderr
        return json.loads(run.stdout.splitlines()[-1]), list(_received(daemon))


def _received(daemon: socket.socket) -> Iterator[dict[str, Any]]:
    """What came. It is all there already: the sender has ended."""
    with suppress(BlockingIOError):
        while True:
            yield json.loads(daemon.recv(65_536).partition(b"\n")[2])


def test_a_sampled_job_is_traced_with_what_the_zip_has_and_the_runtimes_botocore(rooms):
    told, spans = invoke(rooms, sampled=True)

    assert told["before"] == [], "importing the app imports what only sampled invocations need"
    assert told["ended"] == "WholeBatchFailed"
    places = {name: path.startswith(str(rooms.task)) for name, path in told["found"].items()}
    assert places == {"aws_xray_sdk": True, "wrapt": True, "botocore": False}
    named = {span["name"]: span for span in spans}
    job = named["jobline-dev-job-default"]
    assert (job["trace_id"], job["parent_id"]) == (SENDER, PARENT)
    assert job["annotations"]["job_id"] == JOB
    assert (named["dynamodb"]["trace_id"], named["dynamodb"]["parent_id"]) == (SENDER, job["id"])
    assert named["batch"]["trace_id"] == INVOCATION


def test_what_is_not_sampled_loads_no_sdk_and_sends_nothing(rooms):
    told, spans = invoke(rooms, sampled=False)

    assert (told["ended"], spans) == ("WholeBatchFailed", [])
    assert told["found"].keys() == {"botocore"}

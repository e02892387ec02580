"""A whole stage in one process, as Lambda would run it on moto: jobs are submitted over HTTP, run, fail, are cancelled, swept.

    python -m tests.observability.journey

All of it happens twice: in invocations that X-Ray does not sample, and then in such as it does. Lines of the log go to standard error and metrics
to standard output, as on Lambda. After each round a line `FACTS {...}` on both says what there was: the invocations' traces, the jobs, and
whether the SDK was loaded.
"""

import json
import os
import sys
from datetime import timedelta
from itertools import count
from typing import Any

SECRET = "canary-in-the-arguments"
ENVIRONMENT_SECRET = "canary-in-the-environment"
HEADER_SECRET = "canary-in-a-header"

_numbers = count(1)
FACTS: dict[str, Any] = {"invocations": {}, "jobs": {}}
TRACES: dict[str, str] = {}  # body -> AWSTraceHeader: moto loses it in SendMessageBatch


def environment() -> None:
    """What Lambda sets, and what a person might."""
    os.environ.update(
        AWS_DEFAULT_REGION="us-east-1",
        AWS_LAMBDA_FUNCTION_NAME="jobline-trip",
        LAMBDA_TASK_ROOT="/var/task",
        JOBLINE_STAGE="trip",
        JOBLINE_TASKS="tests.observability.errands",
        PARTNER_PASSWORD=ENVIRONMENT_SECRET,
    )


def invocation(name: str) -> None:
    """A new invocation begins: Lambda gives it a trace."""
    number = next(_numbers)
    root, parent = f"1-67891233-{number:024x}", f"{number:016x}"
    os.environ["_X_AMZN_TRACE_ID"] = (
        f"Root={root};Parent={parent};Sampled={os.environ['SAMPLED']};Lineage=1:a87bd80c:0"
    )
    FACTS["invocations"].setdefault(name, []).append({"trace": root, "segment": parent})


def remember(params: dict[str, Any], **_: Any) -> None:
    """What SQS would keep of an entry."""
    for entry in params["Entries"]:
        attributes = entry.get("MessageSystemAttributes", {})
        if "AWSTraceHeader" in attributes:
            TRACES[entry["MessageBody"]] = attributes["AWSTraceHeader"]["StringValue"]


def main() -> None:
    environment()
    import botocore.handlers
    from moto import mock_aws

    botocore.handlers.BUILTIN_HANDLERS.append(("provide-client-params.sqs.SendMessageBatch", remember))
    with mock_aws():
        set_out()
        for sampled in "01":
            FACTS.update(invocations={}, jobs={})
            os.environ["SAMPLED"] = sampled
            travel()
            FACTS["loaded"] = [name for name in sys.modules if name.partition(".")[0] == "aws_xray_sdk"]
            for stream in (sys.stdout, sys.stderr):
                print("FACTS", json.dumps(FACTS), file=stream, flush=True)
    os._exit(0)


def set_out() -> None:
    import boto3

    from chalicelib.adapters import json_log
    from infra.stack import provision

    json_log.configure()
    provision(
        boto3.session.Session().client("cloudformation"),
        app="jobline",
        stage="trip",
        parameters={"DeletionProtection": "false"},
        pause=lambda _: None,
    )
    from chalicelib import wiring

    parts = wiring.parts()
    for name in ("fast", "slow"):  # not a month of empty partitions
        parts.store.move_watermark(name, None, parts.world.now() - timedelta(minutes=30))


def travel() -> None:
    import app
    from chalicelib import wiring
    from chalicelib.pipeline.api_keys import create_key
    from chalicelib.pipeline.messages import encode

    parts = wiring.parts()
    token, _ = create_key(
        tenant="ann", scopes=frozenset({"submit", "read", "operate"}), name="trip", parts=parts
    )
    ask = _asker(app, token)
    for task in ("visit", "wander", "stumble"):
        job = ask("POST", "/jobs", {"task": task, "args": {"secret": SECRET}})
        FACTS["jobs"][task] = job["id"]
    late = ask("POST", "/jobs", {"task": "visit", "args": {"secret": SECRET}, "delay": 600})
    FACTS["jobs"]["cancelled"] = late["id"]
    ask("POST", f"/jobs/{late['id']}/cancel", {})
    for _ in range(4):  # the jobs; the second attempt and the job that follows; nothing
        _deliver(app, parts, "default", "consume_default")
    _send(parts, "default", json.dumps({"password": SECRET}))
    _send(parts, "dead-letters", encode(_wakeup(FACTS["jobs"]["visit"])))
    _deliver(app, parts, "default", "consume_default")
    _deliver(app, parts, "dead-letters", "dead_letters")
    invocation("tick")
    app.tick(_scheduled(), _context("tick"))
    FACTS["rows"] = {
        name: ask("GET", f"/jobs/{job_id}", None)["state"] for name, job_id in FACTS["jobs"].items()
    }


def _asker(app: Any, token: str) -> Any:
    from chalice.test import Client

    client = Client(app.app).http

    def ask(method: str, path: str, body: Any) -> Any:
        invocation("api")
        headers = {"Authorization": f"Bearer {token}", "X-Partner-Secret": HEADER_SECRET}
        if body is not None:
            headers["Content-Type"] = "application/json"
        data = b"" if body is None else json.dumps(body).encode()
        answer = client.request(method, path, headers=headers, body=data)
        assert answer.status_code < 300, answer.body
        return json.loads(answer.body)

    return ask


def _wakeup(job_id: str) -> Any:
    from chalicelib.domain.job import Wakeup

    return Wakeup(tenant="ann", job_id=job_id, epoch=0)


def _context(name: str) -> Any:
    from jobline.local.context import Context

    return Context(f"jobline-trip-{name}", timeout=60)


def _scheduled() -> Any:
    from datetime import UTC, datetime

    from jobline.local.tick import scheduled_event

    return scheduled_event("tick", datetime.now(UTC), region="us-east-1")


def _client() -> Any:
    import boto3

    return boto3.session.Session().client("sqs")


def _send(parts: Any, lane: str, body: str) -> None:
    _client().send_message(QueueUrl=parts.queue._queue.url(lane), MessageBody=body)


def _deliver(app: Any, parts: Any, lane: str, handler: str) -> None:
    """One batch, if there is one."""
    from jobline.local.sqs_event import sqs_event

    sqs = _client()
    url = parts.queue._queue.url(lane)
    messages = sqs.receive_message(
        QueueUrl=url, MaxNumberOfMessages=10, WaitTimeSeconds=0, MessageSystemAttributeNames=["All"]
    ).get("Messages", [])
    if not messages:
        return
    for message in messages:
        if message["Body"] in TRACES:
            message["Attributes"]["AWSTraceHeader"] = TRACES[message["Body"]]
    event = sqs_event(messages, queue_arn=f"arn:aws:sqs:us-east-1:000000000000:{lane}", region="us-east-1")
    invocation(handler)
    answer = getattr(app, handler)(event, _context(handler))
    assert answer == {"batchItemFailures": []}, answer
    for message in messages:
        sqs.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])


if __name__ == "__main__":
    main()

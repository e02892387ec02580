"""`POST /jobs` beside a bare Chalice route that makes the same two calls: a conditional put, and a message."""

import json
import os
from contextlib import redirect_stderr, redirect_stdout
from pathlib import Path
from typing import Any
from uuid import uuid4

import boto3
from chalice import Chalice, Response

import app
from bench.measures.ground import TEXT, ground
from bench.measures.sides import Sides, in_turns
from chalicelib.pipeline.api_keys import create_key
from jobline.local.context import Context

BODY = json.dumps({"task": "noop", "args": {"text": TEXT}})
ACCEPTED = 202


def bare(table: str, queue: str) -> Chalice:
    """The route that one would write by hand. It checks no key and no argument."""
    made = Chalice(app_name="bare")
    dynamodb, sqs = boto3.client("dynamodb"), boto3.client("sqs")
    url = sqs.get_queue_url(QueueName=queue)["QueueUrl"]

    @made.route("/jobs", methods=["POST"])
    def submit() -> Response:
        assert made.current_request is not None
        asked: Any = made.current_request.json_body
        job_id = str(uuid4())
        dynamodb.put_item(
            TableName=table,
            Item={
                "pk": {"S": f"job#{job_id}"},
                "sk": {"S": job_id},
                "task": {"S": asked["task"]},
                "args": {"S": json.dumps(asked["args"])},
                "state": {"S": "QUEUED"},
            },
            ConditionExpression="attribute_not_exists(pk)",
        )
        entry: Any = {"Id": "0", "MessageBody": json.dumps({"id": job_id})}
        sqs.send_message_batch(QueueUrl=url, Entries=[entry])
        return Response(body={"id": job_id, "state": "QUEUED"}, status_code=ACCEPTED)

    return made


def event(token: str) -> dict[str, Any]:
    """What API Gateway gives the function."""
    headers = {"Content-Type": "application/json", "Authorization": f"Bearer {token}", "Host": "x"}
    return {
        "resource": "/jobs",
        "path": "/jobs",
        "httpMethod": "POST",
        "headers": headers,
        "multiValueHeaders": {name: [value] for name, value in headers.items()},
        "queryStringParameters": None,
        "multiValueQueryStringParameters": None,
        "pathParameters": None,
        "stageVariables": None,
        "requestContext": {
            "httpMethod": "POST",
            "resourcePath": "/jobs",
            "requestId": "measure",
            "stage": "api",
            "identity": {"sourceIp": "127.0.0.1"},
        },
        "body": BODY,
        "isBase64Encoded": False,
    }


def door(*, requests: int) -> Sides:
    """So many requests of each, in turns. Raises AssertionError where one was not accepted."""
    # What it logs is written, as on Lambda, and read by nobody.
    with (
        Path(os.devnull).open("w", encoding="utf-8") as nobody,
        redirect_stdout(nobody),
        redirect_stderr(nobody),
        ground() as (parts, settings),
    ):
        token, _ = create_key(
            tenant="measure", scopes=frozenset({"submit"}), name="measure", expires=None, parts=parts
        )
        asked = event(token)
        theirs = bare(settings.table, settings.queues["default"])

        def ask(handler: Any) -> None:
            answer = handler(asked, Context("app", timeout=60))
            assert answer["statusCode"] == ACCEPTED, answer

        return in_turns(lambda: ask(app.app), lambda: ask(theirs), turns=requests, warm=min(20, requests))

"""What a tick can list: rows a second of one core's time, from the bytes of a page to jobs, through botocore and the real adapter.

The page is made once and answered again and again before anything is sent: an emulator's own time is not ours.
"""

import json
import time
from io import BytesIO
from typing import Any

import boto3
from botocore.awsrequest import AWSResponse

from chalicelib.adapters.aws.rows import from_item, to_item
from chalicelib.domain.job import Job
from chalicelib.pipeline.task import Options, Registry
from jobline.testing.memory import Jobline

PAGE = 1000
"""Rows of 0.8 KB: what fits into DynamoDB's page of a mebibyte, and some more."""


def rows_a_second(pages: int = 5) -> float:
    """The best of so many pages, by processor time."""
    client = boto3.client("dynamodb", region_name="us-east-1", aws_access_key_id="x", aws_secret_access_key="x")  # noqa: S106
    body = json.dumps({"Items": [to_item(_row())] * PAGE, "Count": PAGE, "ScannedCount": PAGE}).encode()

    def answer(request: Any, **_: Any) -> AWSResponse:
        found = AWSResponse(request.url, 200, {"content-type": "application/x-amz-json-1.0"}, BytesIO(body))
        found._content = body
        return found

    client.meta.events.register("before-send.dynamodb.Query", answer)
    best = float("inf")
    for _ in range(pages):
        began = time.process_time()
        found = client.query(TableName="any", KeyConditionExpression="pk = :pk", ExpressionAttributeValues={":pk": {"S": "x"}})
        for item in found["Items"]:
            from_item(item)
        best = min(best, time.process_time() - began)
    return PAGE / best


def _count(text: str) -> int:
    return len(text)


def _row() -> Job:
    """A plain job that has succeeded."""
    registry = Registry()
    task = registry.add(_count, "count", Options())
    with Jobline(registry=registry) as jobline:
        task.delay("x" * 250)
        jobline.run_until_quiet()
        [row] = jobline.jobs()
    return row

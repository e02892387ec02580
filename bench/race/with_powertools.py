"""The consumer that an AWS engineer writes by hand: Powertools' batch processor and its idempotency, on DynamoDB."""

import json
import os
import sys
import time
from typing import Any

os.environ.setdefault("POWERTOOLS_TRACE_DISABLED", "1")

import boto3
from aws_lambda_powertools.utilities.batch import BatchProcessor, EventType, process_partial_response
from aws_lambda_powertools.utilities.idempotency import (
    DynamoDBPersistenceLayer,
    IdempotencyConfig,
    idempotent_function,
)

from bench.race.child import handler, serve
from bench.race.work import KINDS, TEXT

TABLE, QUEUE = "race-powertools", "race-powertools"
sqs = boto3.client("sqs")
dynamodb = boto3.client("dynamodb")


def prepare() -> None:
    """The idempotency table and the queue."""
    dynamodb.create_table(
        TableName=TABLE,
        BillingMode="PAY_PER_REQUEST",
        KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
    )
    sqs.create_queue(QueueName=QUEUE)


def enqueue(kind: str, jobs: int) -> list[str]:
    """Messages alone, in tens: nobody knows of a job before it runs."""
    url = sqs.get_queue_url(QueueName=QUEUE)["QueueUrl"]
    ids = [f"{time.time_ns()}-{number}" for number in range(jobs)]
    for start in range(0, jobs, 10):
        entries: Any = [
            {
                "Id": str(n),
                "MessageBody": json.dumps({"id": one, "task": kind, "args": {"text": TEXT}}),
            }
            for n, one in enumerate(ids[start : start + 10])
        ]
        sqs.send_message_batch(QueueUrl=url, Entries=entries)
    return ids


def _consumer() -> Any:
    layer = DynamoDBPersistenceLayer(table_name=TABLE)
    processor = BatchProcessor(event_type=EventType.SQS)

    @idempotent_function(
        data_keyword_argument="job",
        persistence_store=layer,
        config=IdempotencyConfig(event_key_jmespath="id"),
        key_prefix="job",
    )
    def run(job: dict[str, Any]) -> Any:
        return KINDS[job["task"]](**job["args"])

    def record_handler(record: Any) -> Any:
        return run(job=json.loads(record.body))

    def consume(event: Any, context: Any) -> Any:
        return process_partial_response(
            event=event, record_handler=record_handler, processor=processor, context=context
        )

    return consume


def result(job_id: str) -> Any:
    """The idempotency record holds it, under the hash of the id."""
    import hashlib

    digest = hashlib.md5(json.dumps(job_id).encode(), usedforsecurity=False).hexdigest()
    row = dynamodb.get_item(TableName=TABLE, Key={"id": {"S": f"job#{digest}"}}, ConsistentRead=True)
    found = row.get("Item", {})
    return json.loads(found["data"]["S"]) if "data" in found else None


def main() -> None:
    """As producer or as function."""
    if sys.argv[1] == "function":
        handler(_consumer())
    else:
        serve({"prepare": prepare, "enqueue": enqueue, "result": result})


if __name__ == "__main__":
    main()

"""The practical limit: boto3 in a loop, with the calls that Jobline makes and nothing else. Nobody would want to run it."""

import json
import sys
import time
from typing import Any

import boto3

from bench.race.child import handler, serve
from bench.race.work import KINDS, TEXT

TABLE, QUEUE = "race-bare", "race-bare"
ACCEPTED, CLAIMED, DONE = "QUEUED", "RUNNING", "SUCCEEDED"
dynamodb, sqs = boto3.client("dynamodb"), boto3.client("sqs")


def prepare() -> None:
    """Its table and its queue."""
    dynamodb.create_table(
        TableName=TABLE,
        BillingMode="PAY_PER_REQUEST",
        KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
    )
    sqs.create_queue(QueueName=QUEUE)


def enqueue(kind: str, jobs: int) -> list[str]:
    """A row each, then the messages in tens."""
    ids = [f"{time.time_ns()}-{number}" for number in range(jobs)]
    for job_id in ids:
        dynamodb.put_item(
            TableName=TABLE,
            Item={
                "id": {"S": job_id},
                "task": {"S": kind},
                "args": {"S": json.dumps({"text": TEXT})},
                "state": {"S": ACCEPTED},
                "ready": {"N": "0"},
                "attempts": {"N": "0"},
            },
            ConditionExpression="attribute_not_exists(id)",
        )
    url = sqs.get_queue_url(QueueName=QUEUE)["QueueUrl"]
    for start in range(0, jobs, 10):
        entries: Any = [{"Id": str(n), "MessageBody": one} for n, one in enumerate(ids[start : start + 10])]
        sqs.send_message_batch(QueueUrl=url, Entries=entries)
    return ids


def consume(event: Any, _context: Any) -> Any:
    """Claim, run, settle: one after the other."""
    for record in event["Records"]:
        job_id = record["body"]
        row = dynamodb.update_item(
            TableName=TABLE,
            Key={"id": {"S": job_id}},
            ConditionExpression="ready = :zero",
            UpdateExpression="SET #state = :state, #owner = :owner, lease = :lease, attempts = attempts + :one REMOVE ready",
            ExpressionAttributeNames={"#state": "state", "#owner": "owner"},
            ExpressionAttributeValues={
                ":zero": {"N": "0"},
                ":one": {"N": "1"},
                ":state": {"S": CLAIMED},
                ":owner": {"S": "me"},
                ":lease": {"N": str(time.time_ns())},
            },
            ReturnValues="ALL_NEW",
        )["Attributes"]
        result = KINDS[row["task"]["S"]](**json.loads(row["args"]["S"]))
        dynamodb.update_item(
            TableName=TABLE,
            Key={"id": {"S": job_id}},
            ConditionExpression="#owner = :owner",
            UpdateExpression="SET #state = :state, #result = :result REMOVE #owner, lease",
            ExpressionAttributeNames={"#state": "state", "#owner": "owner", "#result": "result"},
            ExpressionAttributeValues={
                ":owner": {"S": "me"},
                ":state": {"S": DONE},
                ":result": {"S": json.dumps(result)},
            },
            ReturnValues="ALL_NEW",
        )
    return {"batchItemFailures": []}


def result(job_id: str) -> Any:
    """What became of it; None: nothing yet."""
    row = dynamodb.get_item(TableName=TABLE, Key={"id": {"S": job_id}}, ConsistentRead=True).get("Item", {})
    return json.loads(row["result"]["S"]) if "result" in row else None


def main() -> None:
    """As producer or as function."""
    if sys.argv[1] == "function":
        handler(consume)
    else:
        serve({"prepare": prepare, "enqueue": enqueue, "result": result})


if __name__ == "__main__":
    main()

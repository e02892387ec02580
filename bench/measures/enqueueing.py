"""Enqueueing many jobs from Python beside the raw calls, by as many threads: the same ones, and the batches that take no condition."""

import json
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import boto3
from botocore.config import Config

from bench.measures.ground import TEXT, ground
from bench.measures.sides import Sides, in_turns
from chalicelib.domain.job import Job
from chalicelib.pipeline.enqueue import JobRequest, enqueue

A_REQUEST = 1000
THREADS = 32
"""As many as Jobline's crew has hands."""


def row(job_id: str) -> dict[str, Any]:
    """What a plain job's row holds, about."""
    return {
        "pk": {"S": f"job#20261121#{job_id[-1]}"},
        "sk": {"S": job_id},
        "task": {"S": "noop"},
        "args": {"S": json.dumps({"text": TEXT})},
        "state": {"S": "QUEUED"},
        "ready": {"N": "0"},
    }


class Raw:
    """boto3 alone."""

    def __init__(self, table: str, queue: str) -> None:
        config = Config(max_pool_connections=THREADS)
        self.dynamodb, self.sqs = boto3.client("dynamodb", config=config), boto3.client("sqs", config=config)
        self.table, self.url = table, self.sqs.get_queue_url(QueueName=queue)["QueueUrl"]
        self.pool = ThreadPoolExecutor(THREADS)

    def _each(self, act: Callable[[Any], object], those: Sequence[Any]) -> None:
        for _ in self.pool.map(act, those):
            pass

    def _put(self, job_id: str) -> None:
        self.dynamodb.put_item(
            TableName=self.table, Item=row(job_id), ConditionExpression="attribute_not_exists(pk)"
        )

    def _put_many(self, ids: Sequence[str]) -> None:
        puts: Any = [{"PutRequest": {"Item": row(job_id)}} for job_id in ids]
        self.dynamodb.batch_write_item(RequestItems={self.table: puts})

    def _send(self, ids: Sequence[str]) -> None:
        entries: Any = [{"Id": str(n), "MessageBody": json.dumps({"id": one})} for n, one in enumerate(ids)]
        self.sqs.send_message_batch(QueueUrl=self.url, Entries=entries)

    def same_calls(self, jobs: int) -> None:
        """A conditional put each, and messages in tens."""
        ids = _ids(jobs)
        self._each(self._put, ids)
        self._each(self._send, _cut(ids, 10))

    def batches(self, jobs: int) -> None:
        """Rows in batches of 25, that no condition guards, and messages in tens."""
        ids = _ids(jobs)
        self._each(self._put_many, _cut(ids, 25))
        self._each(self._send, _cut(ids, 10))


def _ids(jobs: int) -> list[str]:
    return [f"{time.time_ns()}-{number}" for number in range(jobs)]


def _cut(ids: Sequence[str], size: int) -> list[Sequence[str]]:
    return [ids[start : start + size] for start in range(0, len(ids), size)]


def enqueueing(*, jobs: int, turns: int) -> dict[str, Sides]:
    """So many jobs of each, in turns: beside the same calls, and beside batches. Raises what kept a job out."""
    with ground() as (parts, settings):
        raw = Raw(settings.table, settings.queues["default"])

        def ours() -> None:
            for start in range(0, jobs, A_REQUEST):
                asked = [JobRequest(task="noop", args={"text": TEXT})] * min(A_REQUEST, jobs - start)
                for answer in enqueue(asked, parts=parts):
                    if not isinstance(answer, Job):
                        raise answer

        return {
            "the same calls": in_turns(ours, lambda: raw.same_calls(jobs), turns=turns),
            "batches without a condition": in_turns(ours, lambda: raw.batches(jobs), turns=turns),
        }

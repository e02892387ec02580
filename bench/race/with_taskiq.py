"""taskiq on SQS. It has no result backend for DynamoDB: this one is twenty lines, one unconditional put a job."""

import asyncio
import json
import os
import sys
from typing import Any

from aiobotocore.session import get_session
from taskiq import AsyncResultBackend, TaskiqResult
from taskiq.cli.worker.args import WorkerArgs
from taskiq.cli.worker.run import start_listen
from taskiq_aio_sqs import SQSBroker

from bench.race import work
from bench.race.child import serve

NAME = "race-taskiq"


class DynamoResults(AsyncResultBackend):
    """A row with the result for each job."""

    async def startup(self) -> None:
        """One client, kept."""
        self._made = get_session().create_client("dynamodb")
        self._db = await self._made.__aenter__()

    async def shutdown(self) -> None:
        """Give it back."""
        await self._made.__aexit__(None, None, None)

    async def set_result(self, task_id: str, result: TaskiqResult) -> None:
        """Put it."""
        item = {
            "id": {"S": task_id},
            "result": {"S": json.dumps(result.return_value)},
            "error": {"BOOL": result.is_err},
        }
        await self._db.put_item(TableName=NAME, Item=item)

    async def is_result_ready(self, task_id: str) -> bool:
        """Whether it is there."""
        return "Item" in await self._db.get_item(TableName=NAME, Key={"id": {"S": task_id}})

    async def get_result(self, task_id: str, with_logs: bool = False) -> TaskiqResult:  # noqa: ARG002, FBT001, FBT002 - its port
        """Read it."""
        item = (await self._db.get_item(TableName=NAME, Key={"id": {"S": task_id}}))["Item"]
        return TaskiqResult(
            is_err=item["error"]["BOOL"], return_value=json.loads(item["result"]["S"]), execution_time=0
        )


broker = SQSBroker(
    sqs_queue_name=NAME,
    endpoint_url=os.environ["AWS_ENDPOINT_URL"],
    aws_access_key_id="local",
    aws_secret_access_key="local",  # noqa: S106 - the emulator's
    max_number_of_messages=10,
    wait_time_seconds=20,
).with_result_backend(DynamoResults())

noop = broker.task(task_name="noop")(work.noop)
real = broker.task(task_name="real")(work.real)


def main() -> None:
    """As producer or as worker."""
    if sys.argv[1] == "worker":
        start_listen(WorkerArgs(broker="bench.race.with_taskiq:broker", modules=[], configure_logging=False))
        return
    loop = asyncio.new_event_loop()

    async def prepared() -> None:
        async with get_session().create_client("sqs") as sqs:
            await sqs.create_queue(QueueName=NAME)
        async with get_session().create_client("dynamodb") as db:
            await db.create_table(
                TableName=NAME,
                BillingMode="PAY_PER_REQUEST",
                KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
                AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
            )
        await broker.startup()

    async def sent(kind: str, jobs: int) -> list[str]:
        task: Any = {"noop": noop, "real": real}[kind]
        return [(await task.kiq(text=work.TEXT)).task_id for _ in range(jobs)]

    async def found(job_id: str) -> Any:
        if not await broker.result_backend.is_result_ready(job_id):
            return None
        return (await broker.result_backend.get_result(job_id)).return_value

    serve(
        {
            "prepare": lambda: loop.run_until_complete(prepared()),
            "enqueue": lambda kind, jobs: loop.run_until_complete(sent(kind, jobs)),
            "result": lambda job_id: loop.run_until_complete(found(job_id)),
        }
    )


if __name__ == "__main__":
    main()

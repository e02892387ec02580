"""Celery on SQS with the DynamoDB result backend, as it comes and tuned; and on Redis."""

import os
import sys
from typing import Any
from urllib.parse import urlsplit

from celery import Celery
from celery.signals import worker_process_init

from bench.race import work
from bench.race.child import serve

HOW = os.environ["RACE_HOW"]  # default, tuned or redis

app = Celery("race")
if HOW == "redis":
    app.conf.update(broker_url=os.environ["RACE_REDIS"], result_backend=os.environ["RACE_REDIS"])
else:
    where = urlsplit(os.environ["AWS_ENDPOINT_URL"]).netloc
    app.conf.update(
        broker_url=f"sqs://local:local@{where}",
        broker_transport_options={"region": "us-east-1", "is_secure": False},
        result_backend=f"dynamodb://local:local@{where}/race-celery-{HOW}",
        task_default_queue=f"race-celery-{HOW}",
    )
if HOW == "tuned":
    app.conf.update(
        worker_prefetch_multiplier=10,
        worker_concurrency=1,
        worker_pool="solo",
        task_acks_late=True,
        worker_disable_rate_limits=True,
        worker_enable_remote_control=False,
        worker_send_task_events=False,
        task_track_started=False,
        broker_transport_options={
            "region": "us-east-1",
            "is_secure": False,
            "wait_time_seconds": 20,
            "polling_interval": 0,
        },
    )


def _own_line(**_: Any) -> None:
    """Its processes are forks that have one connection to the table from their parent: they would read each other's answers."""
    if HOW != "redis":
        app.backend._client = None  # noqa: SLF001 - nothing public makes it anew


worker_process_init.connect(_own_line)

noop = app.task(work.noop, name="noop")
real = app.task(work.real, name="real")


def prepare() -> None:
    """Both make what they need by themselves; asking for a result makes the table."""
    noop.AsyncResult("nobody").state  # noqa: B018 - the asking is what is wanted


def enqueue(kind: str, jobs: int) -> list[str]:
    """One after the other: there is no way to send many."""
    task = {"noop": noop, "real": real}[kind]
    return [task.delay(text=work.TEXT).id for _ in range(jobs)]


def result(job_id: str) -> Any:
    """What became of it; None: nothing yet."""
    found = app.AsyncResult(job_id)
    return found.result if found.successful() else None


def main() -> None:
    """As producer or as worker."""
    if sys.argv[1] == "worker":
        app.worker_main(
            ["worker", "--loglevel=WARNING", "--without-gossip", "--without-mingle"]
            if HOW == "tuned"
            else ["worker"]
        )
    else:
        serve({"prepare": prepare, "enqueue": enqueue, "result": result})


if __name__ == "__main__":
    main()

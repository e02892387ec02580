"""RQ on Redis: what a Flask user would compare with."""

import os
import sys
from typing import Any

from redis import Redis
from rq import Queue, SimpleWorker, Worker

from bench.race import work
from bench.race.child import serve

redis = Redis.from_url(os.environ["RACE_REDIS"])
queue = Queue("race", connection=redis)


def enqueue(kind: str, jobs: int) -> list[str]:
    """In one pipeline, as it offers."""
    prepared = [Queue.prepare_data(work.KINDS[kind], kwargs={"text": work.TEXT}) for _ in range(jobs)]
    return [job.id for job in queue.enqueue_many(prepared)]


def result(job_id: str) -> Any:
    """What became of it; None: nothing yet."""
    job = queue.fetch_job(job_id)
    return job.return_value() if job is not None and job.is_finished else None


def main() -> None:
    """As producer or as worker: out of the box it forks for each job, tuned (`simple`) it does not."""
    if sys.argv[1] == "worker":
        kind = SimpleWorker if os.environ["RACE_HOW"] == "tuned" else Worker
        kind([queue], connection=redis).work(logging_level="WARNING")
    else:
        serve({"prepare": lambda: None, "enqueue": enqueue, "result": result})


if __name__ == "__main__":
    main()

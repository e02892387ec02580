"""One reading: so many jobs submitted and consumed in this process; its processor time a job, as a line of JSON."""

import json
import logging
import os
import sys
import time
from dataclasses import replace
from typing import Any

BATCH = 10


def noop(text: str) -> dict[str, int]:
    """Next to nothing, with a result."""
    return {"length": len(text)}


class Context:
    """What a Lambda handler is given beside its event."""

    aws_request_id = "cpu"

    def get_remaining_time_in_millis(self) -> int:
        """It has a minute."""
        return 60_000


def main(port: str, jobs: int, direct: str) -> None:
    """Submit and consume."""
    os.environ |= {
        "AWS_ENDPOINT_URL": f"http://127.0.0.1:{port}",
        "AWS_ACCESS_KEY_ID": "x",
        "AWS_SECRET_ACCESS_KEY": "x",
        "AWS_DEFAULT_REGION": "us-east-1",
        "NO_PROXY": "127.0.0.1",
        "JOBLINE_METRICS": "on",
        "JOBLINE_STATISTICS": "off",
        "JOBLINE_DIRECT_CALLS": direct,
    }
    answers = os.fdopen(os.dup(1), "w")
    nothing = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nothing, 1)
    os.dup2(nothing, 2)

    import app
    from chalicelib import wiring
    from chalicelib.adapters import json_log
    from chalicelib.adapters.runners import runners
    from chalicelib.pipeline.enqueue import JobRequest
    from chalicelib.pipeline.enqueue import enqueue as accepted
    from chalicelib.pipeline.messages import encode
    from chalicelib.pipeline.task import Options, Registry
    from chalicelib.domain.job import Wakeup
    from chalicelib.settings import Settings

    registry = Registry()
    registry.add(noop, "noop", Options())
    settings = Settings.from_env(os.environ)
    parts = replace(wiring.build(settings), registry=registry, runners=runners(registry, ()))
    wiring.use(parts)
    json_log.configure(logging.INFO)

    def submitted(count: int) -> list[Any]:
        requests = [JobRequest(task="noop", args={"text": "x" * 289})] * count
        return list(accepted(requests, parts=parts))

    def event(rows: list[Any]) -> dict[str, Any]:
        return {
            "Records": [
                {
                    "messageId": row.id,
                    "receiptHandle": "r",
                    "body": encode(Wakeup(tenant=row.tenant, job_id=row.id, epoch=row.epoch)),
                    "attributes": {},
                    "eventSource": "aws:sqs",
                }
                for row in rows
            ]
        }

    consume: Any = app.consume_default
    consume(event(submitted(BATCH)), Context())
    start = time.process_time()
    rows = submitted(jobs)
    enqueued = time.process_time() - start
    events = [event(rows[low : low + BATCH]) for low in range(0, jobs, BATCH)]
    start = time.process_time()
    for one in events:
        assert consume(one, Context()) == {"batchItemFailures": []}
    consumed = time.process_time() - start
    assert parts.store.read(rows[-1].id).state == "SUCCEEDED"
    answers.write(json.dumps({"enqueue": enqueued * 1000 / jobs, "consume": consumed * 1000 / jobs}) + "\n")
    answers.flush()
    os._exit(0)


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]), sys.argv[3])

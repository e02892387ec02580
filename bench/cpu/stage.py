"""Jobline's own doors on the real adapters, before the endpoint: submit and consume, as the producer and as Lambda would."""

import logging
import os
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from chalicelib import wiring
from chalicelib.adapters import json_log
from chalicelib.adapters.runners import runners
from chalicelib.domain.job import Job, Wakeup
from chalicelib.pipeline.enqueue import JobRequest
from chalicelib.pipeline.enqueue import enqueue as accepted
from chalicelib.pipeline.messages import encode
from chalicelib.pipeline.parts import Parts
from chalicelib.pipeline.task import Options, Registry
from chalicelib.settings import Settings

BATCH = 10
TEXT = "x" * 289
"""With its JSON around it, 300 bytes of arguments."""


def noop(text: str) -> dict[str, int]:
    """Next to nothing, with a result."""
    return {"length": len(text)}


class Context:
    """What a Lambda handler is given beside its event."""

    aws_request_id = "cpu"

    def get_remaining_time_in_millis(self) -> int:
        """It has a minute."""
        return 60_000


def wired(port: str, *, direct: str) -> Parts:
    """The parts of this process from now on. What it prints and logs is formatted, and goes nowhere."""
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
    nothing = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nothing, 1)
    os.dup2(nothing, 2)
    settings, registry = Settings.from_env(os.environ), Registry()
    registry.add(noop, "noop", Options())
    parts = replace(wiring.build(settings), registry=registry, runners=runners(registry, ()))
    wiring.use(parts)
    json_log.configure(logging.INFO)
    return parts


def submitted(count: int, parts: Parts) -> list[Job]:
    """So many jobs' rows, their messages sent."""
    requests = [JobRequest(task="noop", args={"text": TEXT})] * count
    rows = []
    for answer in accepted(requests, parts=parts):
        if not isinstance(answer, Job):
            raise answer
        rows.append(answer)
    return rows


def consumed(rows: Sequence[Job]) -> None:
    """What Lambda does with their messages, in tens."""
    import app

    consume: Any = app.consume_default
    for low in range(0, len(rows), BATCH):
        answer = consume(_event(rows[low : low + BATCH]), Context())
        if answer != {"batchItemFailures": []}:
            raise RuntimeError(f"{answer}: a job was given back")


def _event(rows: Sequence[Job]) -> dict[str, Any]:
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

"""The tasks of the journey. Each is told a secret; none tells it."""

import asyncio
import logging
from datetime import timedelta
from typing import Any

import boto3

from chalicelib import Backoff, current_job, task

AT_ONCE = Backoff(base=timedelta(0), cap=timedelta(0))


@task(on_success="follow")
def visit(secret: str) -> dict[str, str]:
    """Call AWS on a client of its own, and log by a logger of its own."""
    boto3.client("s3").list_buckets()
    logging.getLogger("errands").info("visited")
    current_job().logger.info("said by the job's own logger")
    return {"kept": secret}


@task
def follow(job: dict[str, Any]) -> None:
    """Follow a visit."""


@task
async def wander(secret: str) -> str:
    """Call AWS from a coroutine."""
    await asyncio.sleep(0)
    boto3.client("s3").list_buckets()
    return secret


@task(max_attempts=2, backoff=AT_ONCE)
def stumble(secret: str) -> None:
    """Fail with words that quote the arguments."""
    raise ValueError(f"cannot do {secret}")

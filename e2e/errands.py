"""Tasks that let a stage show what it can: they stand in the deployed project, as a user's own would."""

import os
import time
from collections.abc import Callable
from datetime import timedelta

from chalicelib import Backoff, current_job, task

VERSION = 1
"""What a redeploy changes."""

SOON = Backoff(base=timedelta(milliseconds=200), cap=timedelta(seconds=1))


@task
def echo(text: str) -> str:
    """Give back what came."""
    return text


@task(max_attempts=5, backoff=SOON)
def stumble(times: int) -> int:
    """Fail so many times, then say at which attempt it was done."""
    attempt = current_job().attempt
    if attempt <= times:
        raise RuntimeError(f"stumbled at attempt {attempt}")
    return attempt


@task(max_attempts=2, backoff=SOON)
def mend() -> str:
    """Fail until the code is mended."""
    if VERSION == 1:
        raise ValueError("version 1 has a bug")
    return f"mended in version {VERSION}"


@task(max_attempts=10, backoff=SOON)
def pace(number: int, seconds: float) -> list[int]:
    """Take some time; say which code did it."""
    current_job().logger.info("pacing", extra={"version": VERSION})
    time.sleep(seconds)
    return [number, VERSION]


@task(max_attempts=1)
def trespass() -> dict[str, str]:
    """Try what a consumer has no right to, and say how each try was answered."""
    import boto3  # where it is: on Lambda, and only when this runs
    from botocore.exceptions import ClientError

    prefix = f"{os.environ['JOBLINE_APP']}-{os.environ['JOBLINE_STAGE']}"
    tries: dict[str, Callable[[], object]] = {
        "read the whole table": lambda: boto3.client("dynamodb").scan(TableName=prefix),
        "empty another lane": lambda: boto3.client("sqs").receive_message(
            QueueUrl=boto3.client("sqs").get_queue_url(QueueName=f"{prefix}-high")["QueueUrl"]
        ),
        "list all buckets": lambda: boto3.client("s3").list_buckets(),
        "make a role": lambda: boto3.client("iam").create_role(
            RoleName="mine", AssumeRolePolicyDocument="{}"
        ),
    }
    answers = {}
    for name, attempted in tries.items():
        try:
            attempted()
            answers[name] = "allowed"
        except ClientError as error:
            answers[name] = error.response["Error"]["Code"]
    return answers

"""Tasks that let a stage show what it can: they stand in the deployed project, as a user's own would."""

import os
import time
from collections.abc import Callable
from datetime import timedelta
from typing import Any, TypedDict

from chalicelib import (
    Backoff,
    Concurrency,
    Debounce,
    Event,
    Ordered,
    Rate,
    Throttle,
    Unique,
    chord,
    current_job,
    on,
    task,
)

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


# ---------------------------------------------------------------------------------------------------------------- control


@task(unique=Unique(key=("order",)))
def invoice(order: int, seconds: float = 2.0) -> int:
    """One of an order at a time."""
    time.sleep(seconds)
    return order


@task(debounce=Debounce(wait=timedelta(seconds=4), key=("page",)))
def index(page: int, text: str) -> str:
    """The last text of a page, once nobody changes it."""
    return f"{page}: {text}"


@task(throttle=Throttle(limit=2, per=timedelta(minutes=10)))
def scarce() -> None:
    """Two in ten minutes."""


@task(rate=Rate(1, timedelta(seconds=2)))
def paced() -> float:
    """One in two seconds; when it was."""
    return time.time()


@task(concurrency=Concurrency(1))
def alone(seconds: float) -> tuple[float, float]:
    """One at a time; from when to when."""
    began = time.time()
    time.sleep(seconds)
    return began, time.time()


@task
def busy(seconds: float) -> tuple[float, float]:
    """Nothing that limits it; from when to when."""
    began = time.time()
    time.sleep(seconds)
    return began, time.time()


@task(ordered=Ordered(key=("account",)))
def post(account: str, number: int) -> tuple[float, float]:  # noqa: ARG001 - what the order goes by, and which it is
    """One of an account after the other; from when to when."""
    began = time.time()
    time.sleep(0.2)
    return began, time.time()


@task
def long(parts: int, seconds: float) -> list[str]:
    """Longer than an invocation: each part is done once, by whichever invocation gets to it."""
    job = current_job()
    done: list[str] = job.state or []
    for part in range(len(done), parts):
        job.progress(part / parts, f"part {part} of {parts}")
        done = [*done, job.step(f"part {part}", _part, part, seconds)]
        job.checkpoint(done)
    return done


def _part(part: int, seconds: float) -> str:
    time.sleep(seconds)
    return f"part {part} in epoch {current_job().epoch}"


@task
def plus(number: int, more: int) -> int:
    """Add."""
    return number + more


@task
def numbers(count: int) -> list[int]:
    """The first so many."""
    return list(range(count))


@task
def total(numbers: list[int]) -> int:
    """What they come to."""
    return sum(numbers)


@task
def unfold(count: int) -> Any:
    """A workflow takes this task's place."""
    return chord([plus.s(number, 1) for number in range(count)], total.s())


@on("order.paid")
def send_receipt(event: Event[Any]) -> str:
    """What follows when an order was paid."""
    return f"receipt for order {event['payload']['number']}"


@on("order.*")
def audit(event: Event[Any]) -> str:
    """Everything that happens to orders."""
    return str(event["topic"])


@task
def chime() -> None:
    """What a schedule asks for each minute."""


class Thing(TypedDict):
    """What is to be weighed."""

    thing: str


@task(batch=True)
def weigh(jobs: list[Thing]) -> list[tuple[int, int]]:
    """How heavy each is, and how many were weighed together."""
    return [(len(job["thing"]), len(jobs)) for job in jobs]

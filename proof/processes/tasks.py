"""The tasks of the run. Each start is witnessed first; each result can be foretold from the job's number."""

import asyncio
import hashlib
import os
import time
from datetime import timedelta

from chalicelib import Backoff, FinishedJob, current_job, task
from proof.processes.witness import started

SOON = Backoff(base=timedelta(seconds=0.2), cap=timedelta(seconds=2))
PATIENT = 10
"""Attempts of a task that ought to succeed: kills take some of them."""


def answer(number: int) -> int:
    """What every task that succeeds returns."""
    return number * number + 1


@task(max_attempts=PATIENT, backoff=SOON)
def quick(number: int) -> int:
    started()
    return answer(number)


@task(max_attempts=PATIENT, backoff=SOON, lane="high")
async def gentle(number: int) -> int:
    started()
    await asyncio.sleep(0.05)
    return answer(number)


@task(max_attempts=PATIENT, backoff=SOON, lane="low", cpu=True)
def heavy(number: int) -> int:
    started()
    hashlib.pbkdf2_hmac("sha256", b"%d" % number, b"salt", 20_000)
    return answer(number)


@task(max_attempts=PATIENT, backoff=SOON, lane="low")
def slow(number: int) -> int:
    started()
    time.sleep(1 + number % 3)
    return answer(number)


@task(max_attempts=PATIENT, backoff=SOON)
def flaky(number: int) -> int:
    """Fails once or twice."""
    started()
    if current_job().attempt <= 1 + number % 2:
        raise ValueError("as it was told to")
    return answer(number)


@task(max_attempts=3, backoff=SOON)
def always(number: int) -> int:
    started()
    raise KeyError(number)


@task(max_attempts=PATIENT, backoff=SOON, lane="low")
def fatal_once(number: int) -> int:
    """Takes its consumer with it, the first time."""
    started()
    if current_job().attempt == 1:
        os._exit(71)
    return answer(number)


@task(max_attempts=2, backoff=SOON, lane="low")
def fatal(number: int) -> int:  # noqa: ARG001 - all take it
    """Takes its consumer with it, every time."""
    started()
    os._exit(72)


@task(max_attempts=2, backoff=SOON, lane="low", cpu=True)
def fatal_child(number: int) -> int:  # noqa: ARG001
    """Takes only its child process with it."""
    started()
    os._exit(73)


@task(max_attempts=2, backoff=SOON, lane="low", time_limit=timedelta(seconds=2))
def hang(number: int) -> int:
    """Does not hear that its time is over."""
    started()
    time.sleep(15)
    return answer(number)


@task(max_attempts=PATIENT, backoff=SOON, on_success="second")
def first(number: int) -> int:
    started()
    return answer(number)


@task(max_attempts=PATIENT, backoff=SOON)
def second(job: FinishedJob) -> int:
    started()
    return int(job["result"])


@task(max_attempts=2, backoff=SOON, on_failure="mourn")
def doomed(number: int) -> int:
    started()
    raise KeyError(number)


@task(max_attempts=PATIENT, backoff=SOON)
def mourn(job: FinishedJob) -> str:
    started()
    return job["state"]


@task(max_attempts=PATIENT, backoff=SOON, lane="high")
async def obedient(number: int) -> int:
    """Long enough to be cancelled midway."""
    started()
    for _ in range(10):
        current_job().check_cancelled()
        await asyncio.sleep(0.2)
    return answer(number)

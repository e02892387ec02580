"""What happens in the background. It is deployed, or run by `jobline up`, apart from the web application, which knows it by names alone."""

import asyncio
import hashlib
from datetime import timedelta

from chalicelib import chord, current_job, task
from chalicelib.pipeline.workflows.flow import Flow

letters: list[str] = []
"""Stands for a mail server: where the letters of this process went."""


@task(max_attempts=5, time_limit=timedelta(seconds=30))
def send_welcome(address: str) -> str:
    """Instead of `threading.Thread(target=send_welcome)`: a thread, too, but one that is retried, and outlives the web server."""
    if "@" not in address:
        raise ValueError(f"{address!r} is no address")
    letters.append(address)
    return f"sent to {address}"


@task(cpu=True, time_limit=timedelta(minutes=1))
def stretch(passphrase: str, rounds: int = 100_000) -> str:
    """Instead of `multiprocessing.Process(target=stretch)`: a child process, with a time limit that holds."""
    return hashlib.pbkdf2_hmac("sha256", passphrase.encode(), b"salt", rounds).hex()


@task
async def poll(sensor: str, times: int = 3) -> list[str]:
    """Instead of `asyncio.ensure_future(poll(...))`: a coroutine, many at once on one loop, and somebody can ask how far it is."""
    readings = []
    for number in range(times):
        await asyncio.sleep(0)
        readings.append(f"{sensor} {number}")
        current_job().progress((number + 1) / times, f"reading {number + 1} of {times}")
    return readings


@task
def word_count(text: str) -> int:
    """A part of a report."""
    return len(text.split())


@task
def add_up(counts: list[int]) -> dict[str, int]:
    """The report."""
    return {"texts": len(counts), "words": sum(counts)}


@task
def report(texts: list[str]) -> Flow:
    """Instead of a Celery chord with its broker and result backend: a task that returns a workflow, which takes its place."""
    return chord([word_count.s(text) for text in texts], add_up.s())

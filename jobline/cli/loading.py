"""A bounded load: so many jobs at a rate, then a look at every one that was accepted."""

import time
import uuid
from collections import Counter
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from jobline.cli import talk
from jobline.cli.kinds import rfc3339
from jobline.cli.text import now
from jobline.client.errors import ClientError, NotFound
from jobline.client.job import Job, NewJob
from jobline.client.synchronous import Client

FIRST_LOOK, LONGEST_LOOK = 0.2, 3.0
"""Seconds between two looks at them all: ever longer."""

CLOCKS = timedelta(minutes=5)
"""By how much the clocks may differ, here and there."""

Tell = Callable[[str, int], None]


@dataclass(frozen=True, kw_only=True, slots=True)
class Wish:
    """What is asked for; `rate` is a second's, `timeout` in seconds."""

    task: str
    args: Mapping[str, Any]
    jobs: int
    rate: float
    concurrency: int
    timeout: float
    lane: str | None = None


@dataclass(kw_only=True, slots=True)
class Found:
    """What became of it. Accepted is what got a 202; lost is what got one and is not there."""

    tag: str
    accepted: int = 0
    refused: Counter[str] = field(default_factory=Counter)
    succeeded: int = 0
    failed: int = 0
    unfinished: int = 0
    lost: list[str] = field(default_factory=list)
    latencies: list[float] = field(default_factory=list)
    seconds: float = 0.0

    @property
    def fine(self) -> bool:
        """Whether every job was accepted and succeeded."""
        return not self.refused and self.succeeded == self.accepted


def run(client: Client, wish: Wish, *, tell: Tell) -> Found:
    """Do it. Raises what the first submission raises: a task that is not there is told once."""
    began = time.monotonic()
    found = Found(tag=f"load-{uuid.uuid4().hex[:10]}")
    accepted = _submit(client, wish, found, tell)
    found.accepted = len(accepted)
    _look(client, accepted, wish, found, tell)
    found.seconds = time.monotonic() - began
    return found


def _submit(client: Client, wish: Wish, found: Found, tell: Tell) -> set[str]:
    """Submit them, paced; ids of those that were accepted. A slow API slows this down: no more than `concurrency` are ever on their way."""
    new = NewJob(task=wish.task, args=wish.args, tags=(found.tag,), lane=wish.lane)
    ids = {client.submit_job(new).id}
    began, answered = time.monotonic(), 1
    tell("submitted", answered)

    def one() -> str | ClientError:
        try:
            return client.submit_job(new).id
        except ClientError as error:
            return error

    with ThreadPoolExecutor(wish.concurrency) as pool:
        flying = []
        try:
            for number in range(1, wish.jobs):
                wait = began + number / wish.rate - time.monotonic()
                if wait > 0:
                    time.sleep(wait)
                flying.append(pool.submit(one))
                tell("submitted", sum(each.done() for each in flying[-100:]) + max(0, len(flying) - 100) + 1)
        except KeyboardInterrupt:
            pool.shutdown(cancel_futures=True)
            raise
    for each in flying:
        answer = each.result()
        if isinstance(answer, str):
            ids.add(answer)
        else:
            found.refused[str(answer)] += 1
    tell("submitted", wish.jobs)
    return ids


def _look(client: Client, accepted: set[str], wish: Wish, found: Found, tell: Tell) -> None:
    """Look at all of them until they have ended, or the time is over."""
    since = rfc3339(now() - CLOCKS - timedelta(seconds=2 * wish.jobs / wish.rate))
    ended: dict[str, Job] = {}
    wait, waited = FIRST_LOOK, 0.0
    while True:
        seen = set()  # now: what was there and is gone is lost
        for job in client.jobs(tag=found.tag, since=since, limit=100):
            seen.add(job.id)
            if job.ended and job.id in accepted:
                ended[job.id] = job
        tell("ended", len(ended))
        if len(ended) == len(accepted) or waited >= wish.timeout:
            break
        talk.sleep(wait)
        waited, wait = waited + wait, min(LONGEST_LOOK, wait * 1.5)
    for job_id in sorted(accepted - ended.keys()):
        if job_id in seen or _is_there(client, job_id):
            found.unfinished += 1
        else:
            found.lost.append(job_id)
    found.succeeded = sum(job.state == "SUCCEEDED" for job in ended.values())
    found.failed = len(ended) - found.succeeded
    found.latencies = [_latency(job) for job in ended.values()]


def _is_there(client: Client, job_id: str) -> bool:
    try:
        client.job(job_id)
    except NotFound:
        return False
    return True


def _latency(job: Job) -> float:
    begin, end = (datetime.fromisoformat(job.document[name]) for name in ("created_at", "finished_at"))
    return (end - begin).total_seconds()

"""One job on a local stack, followed to its end with all that it led to: what the examples of workflows have in common."""

import time
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from examples.demo.screen import Screen
from jobline.client import Client, Job
from jobline.client.job import TERMINAL
from jobline.local.stack import LocalStack

PAUSE = 0.5  # seconds between two looks, at least
SHARE = (
    4  # and so many times as long as a look takes: the emulator has other things to do than to be looked at
)


class TookTooLong(Exception):
    """The job had no outcome when the time was over."""


@dataclass(frozen=True, kw_only=True)
class Ended:
    """The job as it ended, and how many jobs of which task it took, in which state."""

    job: Job
    jobs: Mapping[str, Counter[str]]
    seconds: float  #: from its submission to its end

    @property
    def count(self) -> int:
        """All of them."""
        return sum(counts.total() for counts in self.jobs.values())


def run_one(
    task: str, args: Mapping[str, Any], *, tasks: str, screen: Screen, logs: Path, seconds: float
) -> Ended:
    """Start a stack with these tasks, submit the job, and say how it goes on. Afterwards nothing runs any more.

    Raises `TookTooLong` once that took so many seconds, `ClientError`, and what the stack raises when it cannot start.
    """
    began = time.monotonic()
    with (
        LocalStack(tasks=tasks, log_dir=logs, say=partial(screen.note, "stack")) as stack,
        Client(stack.api_url, key=stack.api_key) as client,
    ):
        screen.note("stack", f"{stack.api_url}: up after {time.monotonic() - began:.1f} s")
        submitted = time.monotonic()
        handle = client.submit(task, **args)
        screen.note("submitted", f"{task} as job {handle.id}")
        told = ""
        while True:
            looked = time.monotonic()
            job = handle.refresh()
            jobs = _jobs(client, job.document["created_at"])
            words = _words(jobs)
            if words != told:
                screen.note(f"{screen.elapsed:.1f} s", words)
                told = words
            if job.ended:
                return Ended(job=job, jobs=jobs, seconds=time.monotonic() - submitted)
            if time.monotonic() > submitted + seconds:
                raise TookTooLong(f"{task} is {job.state} after {seconds:g} s: {words}")
            time.sleep(max(PAUSE, SHARE * (time.monotonic() - looked)))


def _jobs(client: Client, since: str) -> Mapping[str, Counter[str]]:
    """All jobs of the stage, which is ours alone, by task and state."""
    found: dict[str, Counter[str]] = {}
    for job in client.jobs(since=since, limit=100):
        found.setdefault(job.task, Counter())[job.state] += 1
    return dict(sorted(found.items()))


def _words(jobs: Mapping[str, Counter[str]]) -> str:
    """How many of each task's jobs have ended: `fetch_page 7/12 · read_page 6/6`. Workflows are jobs, but not what a person counts."""
    return " · ".join(
        f"{task} {sum(counts[state] for state in TERMINAL)}/{counts.total()}"
        + (f" ({counts['DEAD']} dead)" if counts["DEAD"] else "")
        for task, counts in jobs.items()
        if not task.startswith("jobline.")
    )

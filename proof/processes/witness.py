"""An independent witness: each start of a handler writes a line to one file, so that attempts are counted without trusting any row."""

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from chalicelib import current_job

WITNESS = "PROOF_WITNESS"  # the file's path, in the processes' environment


@dataclass(frozen=True, kw_only=True, slots=True)
class Start:
    """A handler began to run."""

    job: str
    attempt: int
    epoch: int
    pid: int
    task: str


def started() -> None:
    """Write this start down before anything else happens. One write of one line, appended: no other process's can come into it."""
    path = os.environ.get(WITNESS)
    if path is None:
        return
    job = current_job()
    line = f"{job.id} {job.attempt} {job.epoch} {os.getpid()} {job.task}\n"
    file = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
    try:
        os.write(file, line.encode())
    finally:
        os.close(file)


def starts(path: Path) -> Iterator[Start]:
    """All that was written. Raises ValueError for a line that is none."""
    if not path.exists():
        return
    with path.open(encoding="utf-8") as lines:
        for line in lines:
            job, attempt, epoch, pid, task = line.split()
            yield Start(job=job, attempt=int(attempt), epoch=int(epoch), pid=int(pid), task=task)

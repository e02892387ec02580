"""What happens while a schedule is played: attempts, their effects, and the lines that the story has of them."""

import threading
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from chalicelib.pipeline.task import Task
from jobline.testing.crash import Killed, KilledInThread
from jobline.testing.faults import Fault


@dataclass(frozen=True, kw_only=True)
class Errors:
    """What the task sees when an effect was refused, and when it was done but its reply was lost."""

    refused: Callable[[], BaseException]
    lost: Callable[[], BaseException]


@dataclass(kw_only=True)
class Process:
    """One attempt, as the machine sees it."""

    task: Task[..., object]
    job_id: str
    attempt: int
    started: datetime
    dead: bool = False  #: killed: whatever it still does, no effect happens any more
    hung: bool = False  #: waits for a reply until its time is over
    thread: int = 0  #: the one that runs the task's function

    def killed(self, effect: str) -> BaseException:
        """What rises where the process dies, or has died."""
        kind = Killed if threading.get_ident() == self.thread else KilledInThread
        return kind(f"{effect}: this process is dead")


@dataclass(kw_only=True)
class Line:
    """One line of the story: an effect, by its number, or how an attempt ended."""

    at: datetime
    process: Process
    number: int | None = None
    effect: str = ""
    words: str = "under way when the attempt ended"
    happened: bool = False  #: the effect was done, whatever the task was told


@dataclass(kw_only=True)
class Begun:
    """An effect that is under way."""

    line: Line
    fault: Fault | None
    errors: Errors
    process: Process

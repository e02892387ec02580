"""Calls as an attempt makes them, and a line that a test can wait on."""

import queue
import threading
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any

from chalicelib.domain.errors import InvalidInput, Unavailable
from chalicelib.pipeline.outcome import Outcome
from chalicelib.pipeline.ports import Call, Execution, Facts, Runner, Saved

PATIENCE = timedelta(seconds=30)
"""What takes longer than this hangs. Nothing here takes a second."""


@dataclass
class HeardLine:
    """Keeps what the task says, in order; says what the test wants it to say."""

    said: "queue.SimpleQueue[Any]" = field(default_factory=queue.SimpleQueue)
    cancel: threading.Event = field(default_factory=threading.Event)
    saved: Saved = Saved.GO_ON
    broken: str = ""
    steps: dict[str, str] = field(default_factory=dict)

    def report(self, fraction: float | None, message: str) -> None:
        self.said.put((fraction, message))

    def beat(self) -> None:
        self.said.put("beat")

    def cancelled(self) -> bool:
        return self.cancel.is_set()

    def save(self, text: str) -> Saved:
        self.said.put(("save", text))
        if self.broken:
            raise Unavailable(self.broken)
        return self.saved

    def recall(self, name: str) -> str | None:
        return self.steps.get(name)

    def remember(self, name: str, text: str) -> str:
        if name == "refused":
            raise InvalidInput("name", "too many")
        if self.broken:
            raise Unavailable(self.broken)
        return self.steps.setdefault(name, text)

    def next(self) -> Any:
        """The next thing that the task says; fails if it says nothing for long."""
        return self.said.get(timeout=PATIENCE.total_seconds())


@dataclass
class Started:
    """A task under way."""

    execution: Execution
    line: HeardLine

    def outcome(self) -> Outcome:
        """What happened, once it has ended."""
        assert self.execution.finished(PATIENCE), "the task did not end"
        return self.execution.outcome()


def start(
    runner: Runner,
    task: str,
    *,
    id: str = "01J0",
    line: HeardLine | None = None,
    before: object = None,
    **args: Any,
) -> Started:
    """Start a task with these arguments."""
    line = line or HeardLine()
    call = Call(task=task, args=args, facts=facts_of(id, task, before), line=line)
    return Started(runner.start(call), line)


def start_together(runner: Runner, task: str, *jobs: dict[str, Any]) -> tuple[Execution, list[HeardLine]]:
    """Start a batch task with a job for each of these arguments."""
    lines = [HeardLine() for _ in jobs]
    members = tuple(
        Call(task=task, args=args, facts=facts_of(f"J{number}", task), line=line)
        for number, (args, line) in enumerate(zip(jobs, lines, strict=True))
    )
    return runner.start(replace(members[0], members=members)), lines


def facts_of(id: str, task: str, state: object = None) -> Facts:
    """A job's facts."""
    return Facts(
        id=id,
        task=task,
        tenant="acme",
        attempt=2,
        max_attempts=5,
        epoch=7,
        deadline=datetime(2030, 1, 2, 3, 4, 5, tzinfo=UTC),
        state=state,
    )

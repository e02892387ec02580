"""Plain functions run on a thread each, side by side, and a new attempt never waits for one that hangs."""

import contextvars
import logging
from dataclasses import replace
from typing import Any

from chalicelib.adapters.runners.held import HeldLine
from chalicelib.adapters.runners.pending import Pending, unspeakable
from chalicelib.adapters.runners.spare import SpareThreads
from chalicelib.adapters.runners.window import ThreadWindow, within
from chalicelib.pipeline.outcome import run
from chalicelib.pipeline.ports import Call
from chalicelib.pipeline.task import REGISTRY, Registry, Task

log = logging.getLogger(__name__)


class ThreadRunner:
    """Runs tasks on daemon threads, which hold up no exit."""

    def __init__(self, registry: Registry = REGISTRY) -> None:
        self._registry = registry
        self.threads = SpareThreads()

    def start(self, call: Call) -> "ThreadExecution":
        """Start it now, with the caller's context variables."""
        execution = ThreadExecution(self._registry[call.task], call)
        execution.start(self.threads)
        return execution


class ThreadExecution(Pending):
    """One task on its thread."""

    def __init__(self, task: Task[Any, Any], call: Call) -> None:
        super().__init__()
        self._window = ThreadWindow()
        self._call = self._held(call)
        self._task = within(task, self._window)
        self._context = contextvars.copy_context()
        self._left = False

    def start(self, threads: SpareThreads) -> None:
        """Begin."""
        threads.begin(self._on_its_thread, f"task-{self._call.task}-{self._call.facts.id}")

    def _held(self, call: Call) -> Call:
        members = tuple(self._held(member) for member in call.members)
        return replace(call, line=HeldLine(call.line, self._window.held), members=members)

    def soften(self) -> None:
        """Raise `SoftTimeLimitExceeded` inside the task, as soon as it runs Python again."""
        self._window.soften()

    def stop(self) -> None:
        """Nothing can stop a thread: its line says that it is cancelled, and what it does from now on is discarded."""
        if not self._over.is_set():
            self._left = True
            facts = self._call.facts
            log.warning(
                "%s[%s]: its attempt is over, but a thread cannot be stopped and goes on; cpu=True tasks can be",
                facts.task,
                facts.id,
                extra={
                    "action": "thread_abandoned",
                    "job_id": facts.id,
                    "task": facts.task,
                    "attempt": facts.attempt,
                },
            )

    def _on_its_thread(self) -> bool:
        """Whether the thread may be another task's: not if this one outlived its attempt, or an exception may still be on its way to it."""
        self._context.run(self._work)
        return not self._left and not self._window.softened

    def _work(self) -> None:
        try:
            self.ended(run(self._task, self._call))
        except BaseException as error:  # noqa: BLE001 - whatever it was, the attempt must learn that the thread ended
            self.ended(unspeakable(error))

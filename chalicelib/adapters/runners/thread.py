"""Plain functions run on a thread each: a pool would be blocked for good by tasks that outlive their attempt."""

import contextvars
import logging
import threading
from dataclasses import replace
from typing import Any

from chalicelib.adapters.runners.held import HeldLine
from chalicelib.adapters.runners.pending import Pending, unspeakable
from chalicelib.adapters.runners.window import ThreadWindow, within
from chalicelib.pipeline.outcome import run
from chalicelib.pipeline.ports import Call
from chalicelib.pipeline.task import REGISTRY, Registry, Task

log = logging.getLogger(__name__)


class ThreadRunner:
    """Runs tasks on daemon threads, which hold up no exit. Starting one takes about a tenth of a millisecond."""

    def __init__(self, registry: Registry = REGISTRY) -> None:
        self._registry = registry

    def start(self, call: Call) -> "ThreadExecution":
        """Start it now, with the caller's context variables."""
        execution = ThreadExecution(self._registry[call.task], call)
        execution.start()
        return execution


class ThreadExecution(Pending):
    """One task on its thread."""

    def __init__(self, task: Task[Any, Any], call: Call) -> None:
        super().__init__()
        self._window = ThreadWindow()
        self._call = self._held(call)
        self._task = within(task, self._window)
        self._context = contextvars.copy_context()

    def start(self) -> None:
        """Begin."""
        name = f"task-{self._call.task}-{self._call.facts.id}"
        threading.Thread(target=self._context.run, args=(self._work,), name=name, daemon=True).start()

    def _held(self, call: Call) -> Call:
        members = tuple(self._held(member) for member in call.members)
        return replace(call, line=HeldLine(call.line, self._window.held), members=members)

    def soften(self) -> None:
        """Raise `SoftTimeLimitExceeded` inside the task, as soon as it runs Python again."""
        self._window.soften()

    def stop(self) -> None:
        """Nothing can stop a thread: its line says that it is cancelled, and what it does from now on is discarded."""
        if not self._over.is_set():
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

    def _work(self) -> None:
        try:
            self.ended(run(self._task, self._call))
        except BaseException as error:  # noqa: BLE001 - whatever it was, the attempt must learn that the thread ended
            self.ended(unspeakable(error))

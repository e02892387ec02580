"""Call a handler as Lambda does: JSON in, JSON out, over when its time is up, its errors told apart from its answers."""

import json
import logging
import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from jobline.local.context import Context

log = logging.getLogger(__name__)

Handler = Callable[[dict[str, Any], Context], Any]

ABANDONED_AT_MOST = 8  # threads that outlived their time. Lambda would have killed each with its sandbox
STUCK = 70  # the exit status of a process that ends itself for them


@dataclass(frozen=True, kw_only=True, slots=True)
class Answered:
    """The function returned; this is what Lambda reads of it."""

    value: Any


@dataclass(frozen=True, kw_only=True, slots=True)
class Failed:
    """The function raised, ran out of time, or returned what is no JSON."""

    why: str


class Stuck(Exception):
    """Too many invocations outlived their time. Only a new process gets rid of them."""


class Function:
    """A handler with a name and a timeout. Invocations through one Function follow each other."""

    def __init__(self, name: str, handler: Handler, *, timeout: float) -> None:
        """`timeout` in seconds."""
        self.name = name
        self._handler = handler
        self._timeout = timeout
        self._abandoned: list[threading.Thread] = []

    @property
    def overdue(self) -> int:
        """How many invocations that were given up still run."""
        self._abandoned = [thread for thread in self._abandoned if thread.is_alive()]
        return len(self._abandoned)

    def invoke(self, event: dict[str, Any]) -> Answered | Failed:
        """One invocation, at most `timeout` long. Raises Stuck, and nothing else that the handler does."""
        if self.overdue >= ABANDONED_AT_MOST:
            raise Stuck(f"{self.name}: {self.overdue} invocations still run after their time was up")
        context = Context(self.name, timeout=self._timeout)
        outcomes: list[Answered | Failed] = []
        # A thread cannot be killed as a sandbox is, so one that hangs is left behind: what it still writes is fenced.
        thread = threading.Thread(
            target=lambda: outcomes.append(self._call(event, context)), name=self.name, daemon=True
        )
        thread.start()
        thread.join(self._timeout)
        if outcomes:
            return outcomes[0]
        self._abandoned.append(thread)
        log.error("%s: task timed out after %.2f seconds", self.name, self._timeout)
        return Failed(why=f"task timed out after {self._timeout:.2f} seconds")

    def _call(self, event: dict[str, Any], context: Context) -> Answered | Failed:
        try:
            answer = self._handler(json.loads(json.dumps(event)), context)
            return Answered(value=json.loads(json.dumps(answer)))
        except BaseException as error:
            log.exception("%s: invocation %s failed", self.name, context.aws_request_id)
            return Failed(why=f"{type(error).__name__}: {error}")

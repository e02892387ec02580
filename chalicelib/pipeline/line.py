"""The line between a running task and its attempt: what the task says is kept here until the attempt listens."""

import threading

from chalicelib.domain.job import Progress
from chalicelib.pipeline.ports import World


class AttemptLine:
    """One attempt's line. The task's side may be called from any thread; nothing here leaves the process."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._lock = threading.Lock()
        self._said: Progress | None = None
        self._latest: Progress | None = None
        self._alive = False
        self._cancelled = False

    def report(self, fraction: float | None, message: str) -> None:
        """The task says how far it is."""
        progress = Progress(fraction=fraction, message=message, at=self._world.now())
        with self._lock:
            self._said = self._latest = progress

    def beat(self) -> None:
        """The task says that it is alive."""
        with self._lock:
            self._alive = True

    def cancelled(self) -> bool:
        """Whether the attempt has told the task to stop."""
        return self._cancelled

    def tell_cancelled(self) -> None:
        """The attempt tells the task to stop."""
        self._cancelled = True

    def news(self) -> tuple[bool, Progress | None]:
        """Whether the task said anything since the last time, and its newest progress if it said one."""
        with self._lock:
            said, alive = self._said, self._alive
            self._said, self._alive = None, False
        return alive or said is not None, said

    @property
    def latest(self) -> Progress | None:
        """The newest progress of all."""
        return self._latest

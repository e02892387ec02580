"""The line between a running task and its attempt: what the task says is kept here until the attempt listens.

What the task has to know to be recorded goes on to the notebook, and it waits for the answer.
"""

import threading

from chalicelib.domain.job import Progress
from chalicelib.pipeline.notebook import Notebook
from chalicelib.pipeline.ports import Saved, World


class AttemptLine:
    """One attempt's line. The task's side may be called from any thread."""

    def __init__(self, world: World, notebook: Notebook) -> None:
        self._world = world
        self._notebook = notebook
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

    def save(self, text: str) -> Saved:
        """The task has come to a checkpoint. What it said of its progress is written with it."""
        said, alive = self._take()
        try:
            saved = self._notebook.save(text, said)
        except BaseException:
            self._put_back(said, alive=alive)
            raise
        if saved in (Saved.CANCEL, Saved.LOST):
            self.tell_cancelled()
        return saved

    def recall(self, name: str) -> str | None:
        """The task asks what a step came to."""
        return self._notebook.recall(name)

    def remember(self, name: str, text: str) -> str:
        """The task says what a step came to."""
        return self._notebook.remember(name, text)

    def news(self) -> tuple[bool, Progress | None]:
        """Whether the task said anything since the last time, and its newest progress if it said one."""
        said, alive = self._take()
        return alive or said is not None, said

    def _take(self) -> tuple[Progress | None, bool]:
        with self._lock:
            said, alive = self._said, self._alive
            self._said, self._alive = None, False
        return said, alive

    def _put_back(self, said: Progress | None, *, alive: bool) -> None:
        with self._lock:
            self._said = self._said or said
            self._alive = self._alive or alive

    @property
    def latest(self) -> Progress | None:
        """The newest progress of all."""
        return self._latest

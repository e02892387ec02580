"""A line whose records are not cut in two: the soft limit waits until what is being recorded is recorded."""

from collections.abc import Callable
from contextlib import AbstractContextManager

from chalicelib.pipeline.ports import Line, Saved


class HeldLine:
    """The line of a task on a thread. Recording uses clients that all threads share, so no exception may land in them."""

    def __init__(self, line: Line, held: Callable[[], AbstractContextManager[None]]) -> None:
        self._line = line
        self._held = held

    def report(self, fraction: float | None, message: str) -> None:
        """As the line says."""
        self._line.report(fraction, message)

    def beat(self) -> None:
        """As the line says."""
        self._line.beat()

    def cancelled(self) -> bool:
        """As the line says."""
        return self._line.cancelled()

    def save(self, text: str) -> Saved:
        """As the line says."""
        with self._held():
            return self._line.save(text)

    def recall(self, name: str) -> str | None:
        """As the line says."""
        with self._held():
            return self._line.recall(name)

    def remember(self, name: str, text: str) -> str:
        """As the line says."""
        with self._held():
            return self._line.remember(name, text)

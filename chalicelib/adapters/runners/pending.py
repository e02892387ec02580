"""An execution that is under way elsewhere: somebody announces its end, the attempt waits for that."""

import hashlib
import threading
from datetime import timedelta

from chalicelib.domain.job import Failure
from chalicelib.pipeline.outcome import Outcome, Raised


class Pending:
    """What every runner's execution has in common: the waiting."""

    def __init__(self) -> None:
        self._over = threading.Event()
        self._outcome: Outcome | None = None

    def finished(self, within: timedelta) -> bool:
        """Whether it ended, waiting up to this long for it."""
        return self._over.wait(max(0.0, within.total_seconds()))

    def outcome(self) -> Outcome:
        """What happened. Raises RuntimeError while it is under way."""
        if self._outcome is None:
            raise RuntimeError("the task is still running")
        return self._outcome

    def ended(self, outcome: Outcome) -> None:
        """Announce the end. The first announcement stands."""
        if not self._over.is_set():
            self._outcome = outcome
            self._over.set()


def unspeakable(error: BaseException) -> Raised:
    """The outcome when even naming what the task raised has raised (an exception whose `__str__` fails, out of memory)."""
    name = type(error).__name__
    return Raised(
        failure=Failure(
            type=name,
            message="the task's own error could not be described",
            fingerprint=hashlib.sha256(f"unspeakable|{name}".encode()).hexdigest()[:12],
        ),
        again=True,
    )

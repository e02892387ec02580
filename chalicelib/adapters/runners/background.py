"""An event loop in a daemon thread of its own, that nothing a task does can end."""

import logging
import threading
from collections.abc import Callable

log = logging.getLogger(__name__)

ANSWER_SECONDS = 0.25
"""How long a loop may take to hear that a task is to stop before it counts as blocked."""


class BackgroundLoop:
    """An event loop and its daemon thread."""

    def __init__(self) -> None:
        import asyncio

        self.loop = asyncio.new_event_loop()
        self._answered: threading.Event | None = None
        threading.Thread(target=self._run, name="tasks-loop", daemon=True).start()

    def _run(self) -> None:
        """For ever: a task may stop the loop, or raise SystemExit through it from a task of its own."""
        while True:
            try:
                self.loop.run_forever()
            except BaseException as error:
                log.error(
                    "a task raised %s through the event loop, which goes on",
                    type(error).__name__,
                    exc_info=error,
                )

    def do(self, verb: Callable[[], object]) -> None:
        """Have the loop do this soon."""
        self.loop.call_soon_threadsafe(verb)

    def do_and_answer(self, verb: Callable[[], object]) -> None:
        """The same, and remember whether it ever did."""
        answered = self._answered = threading.Event()

        def both() -> None:
            answered.set()
            verb()

        self.do(both)

    def blocked(self) -> bool:
        """Whether the loop does not answer."""
        blocked = self._answered is not None and not self._answered.wait(ANSWER_SECONDS)
        if blocked:
            log.error(
                "the event loop is blocked by a task that does not await; later tasks get a new one",
                extra={"action": "loop_abandoned"},
            )
        return blocked

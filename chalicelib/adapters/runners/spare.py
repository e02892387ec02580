"""Threads for tasks: a new one when none is spare, and one whose task has ended is spare. Nobody ever waits for one.

A pool of so many would be blocked for good by tasks that outlive their attempt; a new thread for each task costs four times what it costs to
wake one. What a task leaves in a `threading.local` is still there for the next, as with any pool; context variables are not.
"""

import threading
from collections import deque
from collections.abc import Callable

MOST = 32
"""Spare threads that are kept: as many as the crew has hands."""

SPARE = "task-none"
"""The name of a thread that has no task."""

Work = Callable[[], bool]
"""Something to do. The answer: may its thread do something else afterwards?"""


class SpareThreads:
    """Daemon threads, which hold up no exit."""

    def __init__(self, most: int = MOST) -> None:
        self._most = most
        self._spare: deque[_Hand] = deque()
        self.started = 0  #: for counting: threads that were made

    @property
    def idle(self) -> int:
        """How many are spare now."""
        return len(self._spare)

    def begin(self, work: Work, name: str) -> None:
        """Have a thread of that name do it, now."""
        try:
            hand = self._spare.pop()
        except IndexError:
            self.started += 1
            hand = _Hand(self._back)
        hand.begin(work, name)

    def _back(self, hand: "_Hand") -> bool:
        """It has done its work. Whether it is to stay."""
        if len(self._spare) >= self._most:
            return False
        self._spare.append(hand)
        return True


class _Hand:
    """One thread."""

    def __init__(self, back: "Callable[[_Hand], bool]") -> None:
        self._back = back
        self._given = threading.Lock()
        self._given.acquire()  # released once for each further work
        self._work: Work | None = None
        self._thread: threading.Thread | None = None

    def begin(self, work: Work, name: str) -> None:
        self._work = work
        if self._thread is None:
            self._thread = threading.Thread(target=self._live, name=name, daemon=True)
            self._thread.start()
        else:
            self._thread.name = name
            self._given.release()

    def _live(self) -> None:
        while True:
            work, self._work = self._work, None
            stays = work is not None and work()
            del work  # whoever waits keeps nothing of the last task alive
            threading.current_thread().name = SPARE
            if not stays or not self._back(self):
                return
            self._given.acquire()

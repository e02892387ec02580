"""Keep one process running: when it dies it is started again, with a line that says so."""

import logging
import threading
import time
from collections.abc import Callable

from jobline.local.child import Child, how_it_ended
from jobline.local.patience import pause_before

log = logging.getLogger(__name__)

STEADY = 10.0  # seconds of life after which a death counts as the first again
PAUSE_CAP = 10.0

Say = Callable[[str], None]


class DidNotStart(Exception):
    """A process did not come up; says which, and what it said last."""


class Supervised:
    """One process and its successors."""

    def __init__(self, name: str, start: Callable[[], Child], *, say: Say, ready_within: float) -> None:
        self.name = name
        self._start = start
        self._say = say
        self._ready_within = ready_within
        self._ending = threading.Event()
        self._changing = threading.Lock()  # held while one process takes another's place
        self._child: Child | None = None
        self._watcher: threading.Thread | None = None
        self.restarts = 0

    @property
    def pid(self) -> int:
        """The process that runs now, or ran last."""
        assert self._child is not None, f"{self.name} is not started"
        return self._child.pid

    def launch(self) -> None:
        """Start the process, without waiting for anything."""
        self._child = self._start()

    def await_ready(self) -> None:
        """Wait until it does its work, and watch it from then on. Raises DidNotStart."""
        child = self._child
        assert child is not None, f"{self.name} is not launched"
        if not child.wait_ready(self._ready_within):
            state = "is not ready" if child.running else how_it_ended(child.wait())
            raise DidNotStart(
                f"the {self.name} {state}; it said last:\n{child.tail()}\n(its log: {child.log})"
            )
        self._watcher = threading.Thread(target=self._watch, name=f"watch-{self.name}", daemon=True)
        self._watcher.start()

    def stop(self, grace: float) -> None:
        """End it for good: ask, and after `grace` seconds make it. Safe to call again, and after a start that failed."""
        self._ending.set()
        with self._changing:
            if self._child is not None:
                self._child.stop(grace)
        if self._watcher is not None:
            self._watcher.join()

    def _watch(self) -> None:
        deaths = 0
        while not self._ending.is_set():
            child, since = self._child, time.monotonic()
            assert child is not None
            status = child.wait()
            if self._ending.is_set():
                return
            deaths = 1 if time.monotonic() - since > STEADY else deaths + 1
            pause = 0.0 if deaths == 1 else pause_before(deaths, first=0.25, cap=PAUSE_CAP)
            death = f"{self.name} (pid {child.pid}) {how_it_ended(status)}"
            last = f"\n{child.tail(4)}" if status > 0 else ""
            if self._ending.wait(pause):
                return
            with self._changing:
                if self._ending.is_set():
                    return
                child.stop(0)  # it is dead: this closes what was open for it
                try:
                    self._child = self._start()
                except OSError as error:  # no memory, no process to be had: later, perhaps
                    self._say(f"{death}; no other could be started: {error}")
                    continue
                self.restarts += 1
            self._say(f"{death}; started another: pid {self.pid}{last}")

"""The processes of a run, each kept going: one that dies, whoever killed it, is started again at once with another clock."""

import os
import random
import signal
import threading
from collections import Counter
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path

from jobline.local.child import Child
from proof.processes.clock import BEYOND, WITHIN, Skew
from proof.processes.journal import Journal

READY_WITHIN = 60.0  # seconds, on a busy machine
LOOK_EVERY = 0.05
DRAIN = 20.0  # seconds that SIGTERM leaves for the batches in hand
BEYOND_SHARE = 0.1  # of the clocks are worse than the stage allows for
JUMP_SHARE = 0.3  # of the clocks are set while the process runs


class DidNotStart(Exception):
    """A process did not come up; says what it said last."""


class Actor:
    """One place among the processes, and whoever holds it now. Only this class signals and reaps them."""

    def __init__(
        self,
        name: str,
        part: str,
        arguments: Sequence[str],
        *,
        environment: Mapping[str, str],
        log_dir: Path,
        journal: Journal,
        seed: int,
        honest: bool = False,
        pass_fds: Sequence[int] = (),
    ) -> None:
        """`honest`: its clocks stay within what the stage allows for."""
        self.name = name
        self.part = part
        self.deaths: Counter[str] = Counter()  #: by how it ended, where we did not do it
        self.clocks: Counter[str] = Counter()
        self._arguments = [part, *arguments, "--log", str(log_dir / f"{name}.log")]
        self._environment = environment
        self._output = log_dir / f"{name}.out"
        self._journal = journal
        self._dice = random.Random(seed)
        self._honest = honest
        self._pass_fds = pass_fds
        self._lock = threading.Lock()  # nobody signals what another reaps
        self._ending = threading.Event()
        self._doing = ""  # what we did to it, so that its death is not taken for its own
        self._child: Child | None = None
        self._watcher = threading.Thread(target=self._watch, name=f"watch-{name}", daemon=True)

    def start(self) -> None:
        """Start it, without waiting."""
        self._start()
        self._watcher.start()

    def await_ready(self) -> None:
        """Wait for the first one. Raises DidNotStart."""
        child = self._child
        assert child is not None, f"{self.name} is not started"
        if not child.wait_ready(READY_WITHIN):
            raise DidNotStart(f"{self.name} did not come up; it said last:\n{child.tail()}")

    def kill(self) -> bool:
        """SIGKILL. False: there was nobody to kill."""
        return self._signal("killed", signal.SIGKILL)

    def freeze(self) -> bool:
        """SIGSTOP: a machine that stands still, with everything it holds."""
        return self._signal("frozen", signal.SIGSTOP)

    def thaw(self) -> bool:
        """SIGCONT: the zombie goes on, if nobody killed it meanwhile."""
        return self._signal("thawed", signal.SIGCONT)

    def drain(self) -> bool:
        """SIGTERM, as for a deploy: it finishes what it has and ends. The next one is started when it has."""
        return self._signal("drained", signal.SIGTERM)

    def stop(self, grace: float = 0.0) -> None:
        """End it for good. Safe to call again, and before `start`."""
        self._ending.set()
        with self._lock:
            if self._child is not None:
                with suppress(ProcessLookupError):
                    if self._child.running:
                        os.kill(self._child.pid, signal.SIGCONT)
                self._child.stop(grace)
        if self._watcher.is_alive():
            self._watcher.join(10)

    @property
    def pid(self) -> int:
        return 0 if self._child is None else self._child.pid

    def _signal(self, word: str, number: signal.Signals) -> bool:
        with self._lock:
            child = self._child
            if child is None or not child.running:
                return False
            self._doing = word if number in (signal.SIGKILL, signal.SIGTERM) else self._doing
            self._journal.note(word, self.name, pid=child.pid)
            os.kill(child.pid, number)  # not reaped: that needs the lock
            return True

    def _start(self) -> None:
        skew = self._skew()
        self.clocks["set back or forth" if skew.jump else "steady"] += 1
        self.clocks["beyond"] += skew.beyond
        self._doing = ""
        self._child = Child(
            self.name,
            "proof.processes.actor",
            [*self._arguments, *skew.words()],
            environment=self._environment,
            log=self._output,
            pass_fds=self._pass_fds,
        )
        self._journal.note("started", self.name, pid=self._child.pid, offset=skew.offset, beyond=skew.beyond)

    def _skew(self) -> Skew:
        dice = self._dice
        offset = dice.uniform(-WITHIN, WITHIN)
        if not self._honest and dice.random() < BEYOND_SHARE:
            offset = dice.choice((-1, 1)) * dice.uniform(WITHIN, BEYOND)
        if dice.random() >= JUMP_SHARE:
            return Skew(offset=offset)
        return Skew(offset=offset, after=dice.uniform(1.0, 8.0), jump=dice.uniform(-WITHIN, WITHIN) - offset)

    def _watch(self) -> None:
        while not self._ending.wait(LOOK_EVERY):
            child = self._child
            if child is None or child.running:
                continue
            with self._lock:
                if self._ending.is_set():
                    return
                status = child.stop(0)  # it is dead: this reaps it and ends what it left behind
                if not self._doing:
                    self.deaths[f"status {status}"] += 1
                    self._journal.note("died", self.name, pid=child.pid, status=status)
                try:
                    self._start()
                except OSError:  # no memory, no process to be had: later
                    self._child = None
            while self._child is None and not self._ending.wait(1.0):
                with self._lock, suppress(OSError):
                    self._start()

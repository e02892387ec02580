"""When a run's mischief is done: each thing at its share of the faulty time, so that short and long runs have them all."""

import threading
from collections.abc import Callable

from proof.processes.mischief import Mischief

ONE_KEY = 1_000_000  # numbers of these orders, beyond those of the others


class Schedule:
    """Each piece of mischief on a thread of its own, so that a slow one keeps nobody waiting."""

    def __init__(
        self, mischief: Mischief, *, seconds: float, clock: Callable[[], float], newer: bool = True
    ) -> None:
        """`newer`: whether newer code's rows and messages are put among the others."""
        self._clock = clock
        self._began = clock()
        self._seconds = seconds
        self._left: list[tuple[float, Callable[[], None]]] = [
            *([(0.10, mischief.newer)] if newer else []),
            (0.15, lambda: mischief.one_key(ONE_KEY)),
            (0.25, mischief.odd),
            (0.30, mischief.duplicate),
            (0.45, mischief.purge),
            (0.55, mischief.storm),
            (0.65, lambda: mischief.one_key(ONE_KEY + 1)),
            (0.70, mischief.redrive),
            (0.80, mischief.duplicate),
            (0.90, mischief.storm),
        ]
        self._threads: list[threading.Thread] = []
        self.broke: list[str] = []

    def turn(self) -> None:
        """Begin what is due."""
        share = (self._clock() - self._began) / self._seconds
        while self._left and self._left[0][0] <= share:
            self._begin()

    def _begin(self) -> None:
        _, work = self._left.pop(0)
        thread = threading.Thread(target=self._do, args=(work,), name="mischief", daemon=True)
        self._threads.append(thread)
        thread.start()

    def finish(self) -> list[str]:
        """Begin what a busy machine left no time for, and wait for all; what broke."""
        while self._left:
            self._begin()
        for thread in self._threads:
            thread.join(90)
        self.broke += [f"{thread.name} does not end" for thread in self._threads if thread.is_alive()]
        return self.broke

    def _do(self, work: Callable[[], None]) -> None:
        try:
            work()
        except Exception as error:  # noqa: BLE001 - mischief that was not done is a failure of the run, and said
            self.broke.append(repr(error))

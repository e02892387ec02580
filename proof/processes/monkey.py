"""What kills, freezes and cuts off, by a seeded schedule: the same seed strikes the same places in the same order."""

import random
import threading
import time
from collections import Counter
from dataclasses import dataclass

from proof.processes.scale import LONGEST_LEASE
from proof.processes.stage import Stage

FIRST, LAST = 1.0, 5.0
"""Seconds between two strikes at a consumer."""

FREEZES_FIRST = 2
"""The strike at a consumer that is a freeze whatever the dice say, so that short runs have one."""

FREEZE = LONGEST_LEASE + 4.0
"""Seconds that a consumer stands still: long enough for another one to take its jobs over."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Habits:
    """How often it does what, besides the strikes at consumers. Seconds between two, on average."""

    api: float = 17.0
    ticker: float = 13.0
    resets: float = 7.0
    restarts: float = 23.0
    freeze_share: float = 0.06  #: of the strikes at consumers
    drain_share: float = 0.2


class Monkey:
    """Runs on a thread of its own between `start` and `stop`."""

    def __init__(self, stage: Stage, *, seed: int, habits: Habits | None = None) -> None:
        self.kills: Counter[str] = Counter()  #: "SIGKILL consumer" -> how often
        self.resets = 0  #: times that all connections were broken at once
        self.restarts = 0  #: times that the emulator could not be reached for a while
        self._stage = stage
        self._dice = random.Random(seed)
        self._habits = habits or Habits()
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._work, name="monkey", daemon=True)
        self._frozen: dict[str, float] = {}  # name -> until when
        self._strikes = 0
        self.broke: list[str] = []  #: errors of its own, which are failures of the run

    def start(self) -> None:
        self._thread.start()

    def finish(self) -> None:
        """No more strikes. Whoever is frozen stays so for its time, since a zombie that wakes too early is none."""
        self._over.set()
        self._thread.join(30)
        for until in sorted(self._frozen.values()):
            time.sleep(max(0.0, until - time.monotonic()))
        self.stop()

    def stop(self) -> None:
        """No more strikes, and whoever is frozen goes on at once."""
        self._over.set()
        self._thread.join(30)
        self._thaw(everyone=True)

    def _work(self) -> None:
        try:
            self._strike_on()
        except Exception as error:  # noqa: BLE001 - a monkey that died in silence would prove nothing
            self.broke.append(repr(error))

    def _strike_on(self) -> None:
        dice, habits, now = self._dice, self._habits, time.monotonic()
        others = {
            "api": habits.api,
            "ticker": habits.ticker,
            "resets": habits.resets,
            "restarts": habits.restarts,
        }
        due = {name: now + dice.uniform(0.3, 1.2) * every for name, every in others.items()}
        due["consumer"] = now + dice.uniform(FIRST, LAST)
        while True:
            name = min(due, key=lambda each: due[each])
            if self._over.wait(min(0.5, max(0.0, due[name] - time.monotonic()))):
                return
            self._thaw()
            if time.monotonic() < due[name]:
                continue
            self._strike(name)
            wait = dice.uniform(FIRST, LAST) if name == "consumer" else dice.uniform(0.5, 1.5) * others[name]
            due[name] = time.monotonic() + wait

    def _strike(self, name: str) -> None:
        match name:
            case "consumer":
                self._strike_consumer()
            case "resets":
                self._stage.journal.note("reset", "network", connections=self._stage.proxy.reset_all())
                self.resets += 1
            case "restarts":
                seconds = self._dice.uniform(0.5, 2.0)
                self._stage.journal.note("restart", "network", seconds=seconds)
                self._stage.proxy.restart(seconds)
                self.restarts += 1
            case _:
                if self._stage.actors[name].kill():
                    self.kills[f"SIGKILL {name}"] += 1

    def _strike_consumer(self) -> None:
        """One that is not frozen; what is done to it is drawn whoever it is."""
        actor = self._dice.choice(self._stage.consumers)
        what = self._dice.random()
        if actor.name in self._frozen:
            return
        self._strikes += 1
        if self._strikes == FREEZES_FIRST or (what < self._habits.freeze_share and not self._frozen):
            if actor.freeze():
                self._frozen[actor.name] = time.monotonic() + FREEZE
                self.kills["SIGSTOP consumer"] += 1
        elif what < self._habits.freeze_share + self._habits.drain_share:
            self.kills["SIGTERM consumer"] += actor.drain()
        else:
            self.kills["SIGKILL consumer"] += actor.kill()

    def _thaw(self, *, everyone: bool = False) -> None:
        for name, until in list(self._frozen.items()):
            if everyone or time.monotonic() >= until:
                self._stage.actors[name].thaw()
                del self._frozen[name]

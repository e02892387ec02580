"""The one clock and the one source of chance of a plan: the pipeline, the monitor and moto all go by it."""

from datetime import datetime, timedelta
from random import Random

from chalicelib.adapters.memory.world import START
from chalicelib.pipeline.ids import RANDOM_BYTES, make_id

MS = timedelta(milliseconds=1)
SECOND = 1000  #: milliseconds
MINUTE = 60 * SECOND
LETTERS = "0123456789abcdefghijklmnopqrstuvwxyz"
START_MS = int(START.timestamp()) * SECOND


class HeldClock:
    """Whole milliseconds since START, moved by whoever waits. It is a `World` too: `now()` is its time as a datetime."""

    def __init__(self) -> None:
        self.ms = 0
        self._chance = Random(0)

    def now(self) -> datetime:
        return START + self.ms * MS

    def move_to(self, at: datetime) -> None:
        """Let time pass until then, if it is ahead."""
        self.ms = max(self.ms, -((START - at) // MS))

    def pause(self, wait: timedelta) -> None:
        self.ms += max(1, wait // MS)

    def job_id(self) -> str:
        return make_id(self.now(), self._chance.randbytes(RANDOM_BYTES))

    def token(self) -> str:
        return "".join(self._chance.choices(LETTERS, k=10))

    def luck(self) -> float:
        return self._chance.random()

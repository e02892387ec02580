"""A world that stands still until it is told to move, with chance from a seed."""

from datetime import UTC, datetime, timedelta
from random import Random  # noqa: TID251 - this is a world

from chalicelib.pipeline.ids import RANDOM_BYTES, make_id

START = datetime(2026, 1, 1, 12, tzinfo=UTC)
_LETTERS = "0123456789abcdefghijklmnopqrstuvwxyz"


class HeldWorld:
    """Time moves by `pause` and `advance` only; ids, tokens and luck follow from the seed."""

    def __init__(self, start: datetime = START, seed: int = 0) -> None:
        self._now = start
        self._chance = Random(seed)  # noqa: S311 - repeatable chance is the point

    def now(self) -> datetime:
        """The held time, in whole milliseconds."""
        return self._now.replace(microsecond=self._now.microsecond // 1000 * 1000)

    def advance(self, by: timedelta) -> None:
        """Let this much time pass."""
        self._now += by

    pause = advance

    def job_id(self) -> str:
        """A new id for a job accepted now."""
        return make_id(self.now(), self._chance.randbytes(RANDOM_BYTES))

    def token(self) -> str:
        """Ten characters."""
        return "".join(self._chance.choices(_LETTERS, k=10))

    def luck(self) -> float:
        """A number from 0 up to 1."""
        return self._chance.random()

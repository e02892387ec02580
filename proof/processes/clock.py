"""A machine whose clock is wrong, and may be set while it runs: the real world with an offset."""

import time
from dataclasses import dataclass
from datetime import datetime, timedelta

from chalicelib.adapters.world import RealWorld

WITHIN = 1.9  # seconds either way: with the stage's numbers two clocks may differ by 4
BEYOND = 10.0


@dataclass(frozen=True, kw_only=True, slots=True)
class Skew:
    """How far off a clock is, and by how much it is set after a while. All in seconds."""

    offset: float = 0.0
    after: float = 0.0  #: seconds of the process's life until it is set; 0: never
    jump: float = 0.0

    @property
    def beyond(self) -> bool:
        """Whether it is worse than the stage allows for, now or later."""
        return max(abs(self.offset), abs(self.offset + self.jump)) > WITHIN

    def words(self) -> list[str]:
        """As the actor's arguments."""
        return [f"--offset={self.offset:.3f}", f"--after={self.after:.3f}", f"--jump={self.jump:.3f}"]


class SkewedWorld(RealWorld):
    """The real world, seen by that clock. Time that passes is not affected, only what time it is."""

    def __init__(self, skew: Skew) -> None:
        super().__init__()
        self._skew = skew
        self._began = time.monotonic()

    def now(self) -> datetime:
        skew = self._skew
        offset = skew.offset
        if skew.after and time.monotonic() - self._began >= skew.after:
            offset += skew.jump
        return super().now() + timedelta(milliseconds=round(offset * 1000))

"""Trying again a call that a service did not answer: full jitter, until a time. Work already done is not lost to a flicker."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import ParamSpec, TypeVar

from chalicelib.domain.errors import Unavailable
from chalicelib.domain.lean import dataclass
from chalicelib.domain.retry import Backoff
from chalicelib.pipeline.parts import Parts
from chalicelib.pipeline.ports import World

P = ParamSpec("P")
T = TypeVar("T")

PACE = Backoff(base=timedelta(milliseconds=50), cap=timedelta(seconds=1))


@dataclass(frozen=True, kw_only=True, slots=True)
class Patience:
    """How long to try. `patience(store.write, job_id, change)` is the call's answer.

    Every call of the pipeline is safe to repeat: a guarded write finds its own mark, a create finds its own row.
    """

    until: datetime
    world: World

    def __call__(self, call: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """The answer. Raises the last `Unavailable` when another try would come after `until`."""
        attempt = 0
        while True:
            attempt += 1
            try:
                return call(*args, **kwargs)
            except Unavailable:
                wait = PACE.wait(attempt, self.world.luck())
                if self.world.now() + wait >= self.until:
                    raise
                self.world.pause(wait)


def patience(parts: Parts, until: datetime | None = None) -> Patience:
    """Patience until then, or for as long as a caller at a door may be kept waiting."""
    return Patience(until=until or parts.world.now() + parts.limits.patience, world=parts.world)

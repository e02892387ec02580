"""Trying again a call that a service did not answer: full jitter, until a time. Work already done is not lost to a flicker."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import TypeVar

from chalicelib.domain.errors import Unavailable
from chalicelib.domain.retry import Backoff
from chalicelib.pipeline.ports import World

T = TypeVar("T")

PACE = Backoff(base=timedelta(milliseconds=50), cap=timedelta(seconds=1))


def patiently(call: Callable[[], T], *, until: datetime, world: World) -> T:
    """The call's answer. Raises the last `Unavailable` when another try would come after `until`.

    Every call of the pipeline is safe to repeat: a guarded write finds its own mark, a create finds its own row.
    """
    attempt = 0
    while True:
        attempt += 1
        try:
            return call()
        except Unavailable:
            wait = PACE.wait(attempt, world.luck())
            if world.now() + wait >= until:
                raise
            world.pause(wait)

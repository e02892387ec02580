"""Waiting for what should come: looked for again and again, up to a limit, and told what was there when it did not."""

import time
from collections.abc import Callable
from typing import TypeVar

Found = TypeVar("Found")

LOOK_EVERY = 0.25  # seconds


def until(
    what: str,
    look: Callable[[], Found],
    enough: Callable[[Found], object],
    *,
    within: float,
    every: float = LOOK_EVERY,
) -> Found:
    """Look until it is enough, and return what was seen last. Raises AssertionError after `within` seconds."""
    deadline = time.monotonic() + within
    found = look()
    while not enough(found):
        assert time.monotonic() < deadline, f"{what}: not within {within:g} s; last seen: {_short(found)}"
        time.sleep(every)
        found = look()
    return found


def _short(found: object) -> str:
    text = str(found)
    return text if len(text) <= 500 else f"{text[:500]}..."

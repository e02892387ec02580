"""How long to wait before the next try: exponential, capped, with jitter."""

import random

FIRST = 0.1  # seconds
CAP = 5.0


def pause_before(attempt: int, *, first: float = FIRST, cap: float = CAP) -> float:
    """Seconds to wait after `attempt` failures in a row (1, 2, ...)."""
    longest: float = min(cap, first * 2.0 ** min(attempt - 1, 20))
    return random.uniform(longest / 2, longest)

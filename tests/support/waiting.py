"""Waiting for something that another thread or process does: no longer than it takes, and bounded by what no machine needs."""

import time


def until(condition, *, within=60.0):
    """The first true answer of `condition`. Fails when there is none in time."""
    deadline = time.monotonic() + within
    while not (answer := condition()):
        assert time.monotonic() < deadline, f"not so within {within} s"
        time.sleep(0.01)
    return answer

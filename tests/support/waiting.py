"""Waiting for something that another thread or process does: bounded, and no longer than it takes."""

import time


def until(condition, *, within=15.0):
    """The first true answer of `condition`. Fails when there is none in time."""
    deadline = time.monotonic() + within
    while not (answer := condition()):
        assert time.monotonic() < deadline, f"not so within {within} s"
        time.sleep(0.01)
    return answer

"""Ctrl-C is heard, but not between a start and its being written down."""

import os
import signal

import pytest

from e2e.undisturbed import undisturbed


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupt_waits_until_the_lines_are_over(number):
    done = []

    with pytest.raises(KeyboardInterrupt), undisturbed():  # noqa: PT012 - what is interrupted is the point
        os.kill(os.getpid(), number)
        done.append("written down")

    assert done == ["written down"]


def test_afterwards_everything_is_as_before():
    before = signal.getsignal(signal.SIGINT)

    with pytest.raises(ValueError, match="wrong"), undisturbed():
        raise ValueError("wrong")

    assert signal.getsignal(signal.SIGINT) is before

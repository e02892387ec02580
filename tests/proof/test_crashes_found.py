"""Plans that once failed. Most showed a fault of the proof itself."""

import pytest

from proof.crashes.account import account
from proof.crashes.plan import read_plan
from proof.crashes.run import run

FOUND = [
    # A call that was under way landed while the next one stood still, and was to land once more after that.
    "worker_lost 22:late 23:stalled",
    "talking 8:late 9:stalled",
    "cancelled_lost 19:late 20:stalled",
    # A row that was put more than an hour late by a door whose client knew of its failure: calls are under way for five minutes at most.
    "dead_letter 1:later",
    # A tick whose write ended a workflow's child, and got no reply, told nobody: the workflow waited for its appointment.
    "collected 56:lost",
    "collected 56:resent",
]


@pytest.fixture(scope="module")
def found():
    with account() as one:
        yield one


@pytest.mark.parametrize("text", FOUND)
def test_a_plan_that_once_failed_passes(text, found):
    assert run(read_plan(text), found).violation is None

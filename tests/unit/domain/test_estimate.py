"""When a job will be done, by what it says of itself."""

from datetime import timedelta

import pytest

from chalicelib.domain.estimate import began, eta
from chalicelib.domain.job import Entry, Progress, State
from tests.support.rows import MINUTE, NOW, queued


def at_work(fraction, *, after=10 * MINUTE, state=State.RUNNING, history=None):
    history = history or (Entry(at=NOW, event="claimed", epoch=1),)
    told = Progress(fraction=fraction, message="", at=NOW + after)
    return queued(state=state, history=history, progress=told)


@pytest.mark.parametrize(
    ("fraction", "left"), [(0.5, 10), (0.25, 30), (1.0, 0), (0.1, 90), (0.999999, 0.00001)]
)
def test_the_rest_takes_as_long_as_what_is_done(fraction, left):
    found = eta(at_work(fraction)) - NOW - 10 * MINUTE
    assert abs(found - left * MINUTE) <= timedelta(milliseconds=1)


@pytest.mark.parametrize("fraction", [None, 0.0, 1e-9])
def test_without_a_fraction_or_with_too_small_a_one_nobody_can_tell(fraction):
    assert eta(at_work(fraction)) is None


@pytest.mark.parametrize("state", [State.SUCCEEDED, State.DEAD, State.CANCELLED, State.EXPIRED])
def test_what_is_over_has_no_estimate(state):
    assert eta(at_work(0.5, state=state)) is None


@pytest.mark.parametrize("state", [State.QUEUED, State.RETRYING, State.SCHEDULED])
def test_what_waits_to_go_on_has_one(state):
    assert eta(at_work(0.5, state=state)) == NOW + 20 * MINUTE


def test_it_counts_from_the_first_start_of_this_life():
    history = (
        Entry(at=NOW - 100 * MINUTE, event="claimed", epoch=1),
        Entry(at=NOW - 90 * MINUTE, event="redriven", epoch=2),
        Entry(at=NOW, event="claimed", epoch=3),
        Entry(at=NOW + 5 * MINUTE, event="claimed", epoch=4),
    )
    assert eta(at_work(0.5, history=history)) == NOW + 20 * MINUTE
    assert began(queued(history=history[:2])) is None


def test_a_job_that_has_said_nothing_or_not_begun_has_none():
    assert eta(queued()) is None
    assert eta(queued(progress=Progress(fraction=0.5, message="", at=NOW))) is None


def test_clocks_that_differ_make_no_estimate_in_the_past():
    assert eta(at_work(0.5, after=-MINUTE)) == NOW - MINUTE

"""What a row says of itself."""

from dataclasses import FrozenInstanceError

import pytest

from chalicelib.domain.job import CLAIMABLE, TERMINAL, Entry, State, Wakeup
from tests.support.invariants import check_row
from tests.support.rows import ID, NOW, OWED, SECOND, ended, queued, row_in, running


@pytest.mark.parametrize("state", State)
def test_the_rows_that_these_tests_begin_with_are_in_order(state):
    check_row(row_in(state))


def test_a_job_is_finished_when_it_is_over_and_owes_nothing():
    assert ended(State.SUCCEEDED).finished
    assert not ended(State.SUCCEEDED, outbox=(OWED,)).finished
    assert not running().finished


def test_claimable_and_terminal_states_are_apart():
    assert not CLAIMABLE & TERMINAL


def test_an_appointment_is_not_the_dead_index():
    assert queued(attention="due", attention_at=NOW).next_check == NOW
    assert ended(State.DEAD).next_check is None
    assert queued().next_check is None


def test_a_job_expired_unstarted_if_its_first_attempt_came_after_the_deadline():
    first = Entry(at=NOW, event="claimed", epoch=1)
    again = Entry(at=NOW + 9 * SECOND, event="claimed", epoch=2)
    assert running(expires=NOW - SECOND, history=(first,)).expired_unstarted
    assert not running(expires=NOW, history=(first,)).expired_unstarted
    assert not running(expires=NOW + SECOND, history=(first, again)).expired_unstarted
    assert not running(history=(first,)).expired_unstarted
    assert not queued(expires=NOW).expired_unstarted


def test_a_log_line_names_the_job_and_the_attempt():
    job = running(epoch=2)
    assert job.label() == f"work[{ID}]"
    assert job.log_fields() == {
        "job_id": ID,
        "task": "work",
        "attempt": 2,
        "epoch": 2,
        "tenant": "default",
    }


def test_a_job_is_never_changed_in_place():
    with pytest.raises(FrozenInstanceError):
        queued().epoch = 1


def test_two_wakeups_for_the_same_epoch_are_the_same_wish():
    assert Wakeup(tenant="t", job_id=ID, epoch=1, lane="high", delay=SECOND) == Wakeup(
        tenant="t", job_id=ID, epoch=1
    )

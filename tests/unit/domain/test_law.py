"""The table is the law: whatever is not in it cannot be written, whatever is in it can happen."""

import itertools
from dataclasses import replace

import pytest

from chalicelib.domain import events as e
from chalicelib.domain.change import allowed, apply
from chalicelib.domain.errors import TransitionRefused
from chalicelib.domain.guards import Absent, Lapsed, Mine, Seen, Unwished
from chalicelib.domain.job import TERMINAL, State
from chalicelib.domain.lifecycle import EVENTS, PENDING, TRANSITIONS, UNFINISHED, advance, change
from tests.support.facts import EVENT_TYPES, GUARD_TYPES, event_for, guard_for
from tests.support.invariants import check_row
from tests.support.rows import HOUR, NOW, OWED, row_in, running

ACCEPTANCES = (e.Queued, e.Scheduled)
ARROWS = [t for t in TRANSITIONS if t.event not in ACCEPTANCES]
RIGHTS = {(t.event, t.guard): t for t in TRANSITIONS}


def written(event, row):
    """The row after the event, or None when law or condition refuses it."""
    try:
        write = change(event)
    except TransitionRefused:
        return None
    return apply(write, row) if allowed(write, row) else None


def ready_for(arrow, state):
    """A row of that state and a time at which the arrow's right holds, if it can at all."""
    row = row_in(state)
    if arrow.event is e.OutboxCleared or (arrow.event in (e.Appointed, e.Postponed) and state in TERMINAL):
        check = None if arrow.event is e.Appointed else NOW
        row = replace(row, outbox=(OWED,), attention=check and "due", attention_at=check)
    elif arrow.event is e.Appointed:
        row = replace(row, attention=None, attention_at=None)
    elif arrow.event is e.Postponed:
        row = replace(row, attention="due", attention_at=NOW)
    now = NOW + HOUR if arrow.guard is Lapsed else NOW
    return row, now


def test_the_table_knows_every_event_and_no_other():
    assert set(EVENTS) == set(EVENT_TYPES)


def test_an_event_by_one_right_is_one_arrow():
    assert len(RIGHTS) == len(TRANSITIONS)


def test_every_arrow_says_why():
    assert all(t.why for t in TRANSITIONS)


def test_events_have_names_of_their_own():
    names = [kind.name for kind in EVENT_TYPES]
    assert len(set(names)) == len(names)


@pytest.mark.parametrize(
    ("kind", "right"), list(itertools.product(EVENT_TYPES, GUARD_TYPES)), ids=lambda t: t.__name__
)
def test_an_event_by_a_right_that_the_table_does_not_give_it_is_refused(kind, right):
    if (kind, right) in RIGHTS:
        return
    # given a row in any state, and a writer who claims that right
    for state in State:
        row = row_in(state)
        event = event_for(kind, guard_for(right, row, NOW), row, NOW)
        # then the law refuses before anything is written
        with pytest.raises(TransitionRefused, match=kind.__name__):
            change(event)
        with pytest.raises(TransitionRefused):
            advance(state, kind, right)


@pytest.mark.parametrize("state", State)
@pytest.mark.parametrize("arrow", ARROWS, ids=lambda t: f"{t.event.__name__}-{t.guard.__name__}")
def test_every_state_takes_exactly_the_arrows_that_leave_it(state, arrow):
    # given a row of that state whose facts let the arrow's right hold if the state does
    row, now = ready_for(arrow, state)
    event = event_for(arrow.event, guard_for(arrow.guard, row, now), row, now)
    # when the event is written
    after = written(event, row)
    # then it is if and only if the table has the arrow, and leads where the table says
    if state in arrow.sources:
        assert after is not None
        assert after.state is (arrow.target or state)
        assert after.state is advance(state, arrow.event, arrow.guard)
        check_row(after)
    else:
        assert after is None


@pytest.mark.parametrize("kind", [e.Cancelled, e.Expired, e.Died], ids=lambda t: t.__name__)
def test_a_running_job_is_not_ended_by_somebody_who_has_only_looked_at_it(kind):
    # given a running job, which only its attempt, or whoever finds its lease over, may end
    row = running()
    # when somebody who has just read it claims to end it
    event = event_for(kind, Seen(state=State.RUNNING, epoch=1), row, NOW)
    # then there is no such arrow
    with pytest.raises(TransitionRefused, match=kind.__name__):
        change(event)


@pytest.mark.parametrize("kind", ACCEPTANCES, ids=lambda t: t.__name__)
def test_an_acceptance_is_not_a_change_of_a_row(kind):
    with pytest.raises(TransitionRefused, match="create"):
        change(kind(at=NOW, guard=Absent()))


def test_an_acceptance_asks_nothing_of_a_row_that_is_not_there_yet():
    assert Absent().clauses() == ()


def test_every_state_can_be_reached_from_acceptance():
    reached = {t.target for t in TRANSITIONS if t.event in ACCEPTANCES}
    for _ in State:
        reached |= {t.target for t in TRANSITIONS if t.target is not None and t.sources & reached}
    assert reached == set(State)


def test_every_unfinished_state_leads_to_every_end_that_its_name_promises():
    for state in UNFINISHED:
        reached = {state}
        for _ in State:
            reached |= {t.target for t in ARROWS if t.target is not None and t.sources & reached}
        assert reached >= {State.SUCCEEDED, State.DEAD, State.CANCELLED}


def test_only_a_redrive_leaves_a_terminal_state():
    leaving = [t for t in TRANSITIONS if t.sources & TERMINAL and t.target is not None]
    assert [t.event for t in leaving] == [e.Redriven]
    assert leaving[0].sources == {State.DEAD}


def test_states_are_unfinished_or_terminal_and_pending_ones_are_unfinished():
    assert set(State) == UNFINISHED | TERMINAL
    assert not UNFINISHED & TERMINAL
    assert UNFINISHED - {State.RUNNING, State.WAITING} == PENDING


@pytest.mark.parametrize(
    "arrow", [t for t in ARROWS if t.guard in (Mine, Unwished)], ids=lambda t: t.event.__name__
)
def test_an_attempts_write_is_refused_once_another_attempt_has_the_job(arrow):
    # given an attempt that lost its lease to the next one
    mine, row = running(epoch=1), running(epoch=2)
    event = event_for(arrow.event, guard_for(arrow.guard, mine, NOW), mine, NOW)
    # then nothing that it still writes is taken
    assert not allowed(change(event), row)


@pytest.mark.parametrize("arrow", [t for t in ARROWS if t.guard is Seen], ids=lambda t: t.event.__name__)
def test_whoever_has_read_an_older_life_of_the_row_is_refused(arrow):
    for state in arrow.sources:
        row, now = ready_for(arrow, state)
        event = event_for(arrow.event, Seen(state=state, epoch=row.epoch + 1), row, now)
        assert not allowed(change(event), row)


@pytest.mark.parametrize("arrow", [t for t in ARROWS if t.guard is Lapsed], ids=lambda t: t.event.__name__)
def test_whoever_found_the_lease_of_an_earlier_attempt_over_is_refused(arrow):
    # given an attempt that was taken over by another, whose lease is over too
    late = NOW + HOUR
    earlier, row = running(epoch=1), running(epoch=2)
    event = event_for(arrow.event, Lapsed(epoch=1, now=late), earlier, late)
    # then only who has seen the present one may write: the epoch would stand still otherwise
    assert not allowed(change(event), row)


@pytest.mark.parametrize("arrow", [t for t in ARROWS if t.guard is Lapsed], ids=lambda t: t.event.__name__)
def test_a_lease_is_over_only_after_its_end(arrow):
    row = running()
    lease = row.lease
    for now, over in ((NOW, False), (lease, False), (lease + HOUR, True)):
        event = event_for(arrow.event, Lapsed(epoch=1, now=now), row, now)
        assert allowed(change(event), row) is over

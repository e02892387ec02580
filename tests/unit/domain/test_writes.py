"""What each write changes, fact by fact, where the table alone does not say it."""

from dataclasses import replace

import pytest

from chalicelib.domain import events as e
from chalicelib.domain.change import allowed, apply
from chalicelib.domain.guards import Lapsed, Mine, Ready, Seen, Unwished
from chalicelib.domain.job import Entry, Inline, Progress, Reason, State
from chalicelib.domain.lifecycle import change, marked
from tests.support.facts import event_for
from tests.support.rows import (
    DAY,
    FAILURE,
    HOUR,
    MINUTE,
    NOW,
    OWED,
    ended,
    queued,
    retrying,
    running,
    scheduled,
)

SAID = Progress(fraction=0.5, message="half", at=NOW)


def write(event, row):
    """The row after a write that must be allowed."""
    made = change(event)
    assert allowed(made, row)
    return apply(made, row)


def succeed(row, **facts):
    facts = {"result": Inline(json="1"), "forget": NOW + DAY, **facts}
    return write(e.Succeeded(at=NOW, guard=Mine(owner=row.owner), **facts), row)


def die(row, guard=None, **facts):
    facts = {"reason": Reason.FAILED, "error": FAILURE, "forget": NOW + DAY, **facts}
    return write(e.Died(at=NOW, guard=guard or Unwished(owner=row.owner), **facts), row)


def retry(row, *, check=None):
    return write(
        e.RetryScheduled(
            at=NOW,
            guard=Unwished(owner=row.owner),
            epoch=row.epoch,
            due=NOW + MINUTE,
            error=FAILURE,
            check=check,
        ),
        row,
    )


def test_a_claim_counts_the_attempt_and_raises_the_epoch():
    row = write(
        e.Claimed(at=NOW, guard=Ready(epoch=1), owner="2.me", lease=NOW + MINUTE),
        retrying(),
    )
    assert (row.attempts, row.epoch, row.owner, row.due) == (2, 2, "2.me", None)
    assert row.history[-1] == Entry(at=NOW, event="claimed", epoch=2, by="2.me")


def test_a_claim_for_an_epoch_that_is_over_is_refused():
    claim = e.Claimed(at=NOW, guard=Ready(epoch=0), owner="1.me", lease=NOW + MINUTE)
    assert not allowed(change(claim), retrying())


def test_a_reclaim_is_an_attempt_of_its_own():
    late = NOW + HOUR
    row = write(
        e.Reclaimed(at=late, guard=Lapsed(epoch=1, now=late), owner="2.me", lease=late + MINUTE), running()
    )
    assert (row.attempts, row.epoch, row.owner, row.lease) == (2, 2, "2.me", late + MINUTE)


def test_a_renewal_moves_the_lease_and_keeps_the_last_progress():
    row = running()
    row = write(e.Renewed(at=NOW, guard=Mine(owner=row.owner), lease=NOW + HOUR, progress=SAID), row)
    row = write(e.Renewed(at=NOW, guard=Mine(owner=row.owner), lease=NOW + DAY, progress=None), row)
    assert (row.lease, row.progress) == (NOW + DAY, SAID)
    assert len(row.history) == 1


def test_a_success_forgets_the_error_of_an_earlier_attempt():
    row = succeed(running(error=FAILURE), progress=SAID)
    assert (row.error, row.progress) == (None, SAID)


def test_a_success_that_lands_before_the_cancellation_wins():
    assert succeed(running(cancel_requested=NOW)).state is State.SUCCEEDED


@pytest.mark.parametrize("kind", [e.RetryScheduled, e.Died])
def test_a_failure_after_a_wish_to_cancel_is_refused_so_that_it_becomes_a_cancellation(kind):
    row = running(cancel_requested=NOW)
    assert not allowed(change(event_for(kind, Unwished(owner=row.owner), row, NOW)), row)
    assert allowed(change(event_for(e.Cancelled, Mine(owner=row.owner), row, NOW)), row)


def test_a_lost_worker_does_not_turn_a_wish_to_cancel_into_a_death():
    # given a lapsed lease that was read before somebody wished to cancel
    late = NOW + HOUR
    death = change(event_for(e.Died, Lapsed(epoch=1, now=late), running(), late))
    # then the death that was decided without the wish is refused
    assert not allowed(death, running(cancel_requested=NOW))


def test_a_wish_is_recorded_once():
    row = running()
    wish = change(e.CancelRequested(at=NOW, guard=Seen(state=State.RUNNING, epoch=1)))
    assert not allowed(wish, apply(wish, row))


def test_an_end_removes_the_appointment_only_if_nothing_is_owed():
    appointed = running(attention="due", attention_at=NOW)
    assert succeed(appointed).attention is None
    assert succeed(appointed, outbox=(OWED,)).next_check == NOW


def test_a_death_that_owes_nothing_is_in_the_dead_index_at_its_time():
    row = die(running())
    assert (row.attention, row.attention_at, row.next_check) == ("dead", NOW, None)


def test_a_death_that_owes_something_is_in_the_dead_index_once_that_is_done():
    # given a job whose end owes an effect
    row = die(running(attention="due", attention_at=NOW + HOUR), outbox=(OWED,))
    assert row.next_check == NOW + HOUR
    assert not row.finished
    # when the effect is done
    row = write(
        e.OutboxCleared(at=NOW + HOUR, guard=Seen(state=State.DEAD, epoch=1), died=NOW),
        row,
    )
    # then the job is dead since it died
    assert (row.attention, row.attention_at, row.finished) == ("dead", NOW, True)


def test_an_outbox_is_cleared_once():
    row = succeed(running(), outbox=(OWED,))
    clear = change(e.OutboxCleared(at=NOW, guard=Seen(state=State.SUCCEEDED, epoch=1), died=None))
    assert not allowed(clear, apply(clear, row))


def test_a_retry_moves_an_appointment_that_it_is_given():
    assert retry(running(attention="due", attention_at=NOW), check=NOW + HOUR).next_check == NOW + HOUR
    assert retry(running(), check=NOW + HOUR).next_check == NOW + HOUR


def test_a_retry_without_an_appointment_touches_no_index():
    assert retry(running()).attention is None


def test_a_retry_says_why_in_the_history():
    assert retry(running()).history[-1] == Entry(
        at=NOW, event="retry_scheduled", epoch=1, by="1.token1", note="ValueError"
    )


def test_a_released_job_may_be_claimed_at_its_epoch():
    row = write(e.Released(at=NOW, guard=Seen(state=State.SCHEDULED, epoch=0), check=NOW + HOUR), scheduled())
    assert (row.state, row.ready, row.next_check, row.due) == (State.QUEUED, 0, NOW + HOUR, NOW + DAY)


def test_a_redrive_starts_a_new_life_with_all_its_attempts_and_a_grown_epoch():
    dead = ended(State.DEAD, attempts=5, epoch=5, expires=NOW, progress=SAID)
    row = write(
        e.Redriven(
            at=NOW,
            guard=Seen(state=State.DEAD, epoch=5),
            by="me",
            check=NOW + MINUTE,
            kept=dead.history[-1:],
        ),
        dead,
    )
    assert (row.state, row.epoch, row.ready, row.attempts, row.next_check) == (
        State.QUEUED,
        6,
        6,
        0,
        NOW + MINUTE,
    )
    gone = ("forget", "reason", "error", "cancel_requested", "due", "expires", "progress")
    assert all(getattr(row, name) is None for name in gone)
    assert row.history == (dead.history[-1], Entry(at=NOW, event="redriven", epoch=6, by="me"))


def test_a_dead_job_that_still_owes_something_is_not_redriven():
    owing = ended(State.DEAD, outbox=(OWED,), attention=None, attention_at=None)
    redrive = event_for(e.Redriven, Seen(state=State.DEAD, epoch=1), owing, NOW)
    assert not allowed(change(redrive), owing)


def test_an_appointment_is_given_to_whoever_has_none():
    appoint = change(e.Appointed(at=NOW, guard=Seen(state=State.QUEUED, epoch=0), check=NOW))
    assert allowed(appoint, queued())
    assert not allowed(appoint, queued(attention="due", attention_at=NOW + HOUR))


def test_a_finished_job_is_given_no_appointment():
    done = ended(State.SUCCEEDED)
    appoint = change(e.Appointed(at=NOW, guard=Seen(state=State.SUCCEEDED, epoch=1), check=NOW))
    assert not allowed(appoint, done)
    assert allowed(appoint, replace(done, outbox=(OWED,)))


def test_an_appointment_is_moved_only_by_who_has_seen_it():
    row = queued(attention="due", attention_at=NOW)
    seen = Seen(state=State.QUEUED, epoch=0)
    assert write(e.Postponed(at=NOW, guard=seen, seen=NOW, check=NOW + HOUR), row).next_check == NOW + HOUR
    stale = change(e.Postponed(at=NOW, guard=seen, seen=NOW - HOUR, check=NOW + HOUR))
    assert not allowed(stale, row)


def test_a_writer_finds_its_own_mark_and_a_claim_alone_is_none():
    row = running()
    assert not marked(row, row.owner)
    assert marked(retry(row), row.owner)
    assert marked(succeed(row), row.owner)
    assert not marked(succeed(row), "1.other")

"""A history of many parts: what stays of it, and that what stays is still a path of the table."""

from chalicelib.domain.change import allowed, apply
from chalicelib.domain.events import Claimed, Reclaimed, Requeued
from chalicelib.domain.guards import Lapsed, Ready, Unwished
from chalicelib.domain.history import CONTINUED, without_middle_parts
from chalicelib.domain.job import Entry
from chalicelib.domain.lifecycle import change
from tests.support.invariants import check_row
from tests.support.rows import MINUTE, NOW, queued


def written(job, event):
    made = change(event)
    assert allowed(made, job)
    return apply(made, job)


def claimed(job):
    epoch = job.epoch + 1
    event = Claimed(at=NOW, guard=Ready(epoch=job.epoch), owner=f"{epoch}.t{epoch}", lease=NOW + MINUTE)
    return written(job, event)


def lost(job):
    """Its worker is lost, and another one takes it."""
    late = NOW + 2 * MINUTE
    guard = Lapsed(epoch=job.epoch, now=late)
    epoch = job.epoch + 1
    return written(job, Reclaimed(at=late, guard=guard, owner=f"{epoch}.t{epoch}", lease=late))


def continued(job):
    kept = without_middle_parts(job.history)
    guard = Unwished(owner=job.owner)
    event = Requeued(at=NOW, guard=guard, epoch=job.epoch, why=CONTINUED, kept=kept, due=None, check=None)
    return written(job, event)


def test_a_thousand_continuations_leave_a_short_history_and_no_attempt_used():
    job = queued(max_attempts=5)
    for _ in range(1000):
        job = continued(claimed(job))
        check_row(job)
    assert (job.epoch, job.attempts) == (1000, 0)
    assert [entry.epoch for entry in job.history] == [1, 1, 999, 999, 1000, 1000]
    assert job.history[0].epoch == 1, "when it first began is still known"


def test_a_lost_part_stays_in_the_history():
    job = queued(max_attempts=5)
    for number in range(30):
        job = claimed(job)
        job = continued(lost(job) if number == 7 else job)
        check_row(job)
    assert [entry.event for entry in job.history].count("reclaimed") == 1
    assert job.attempts == 1
    assert len(job.history) < 14


def test_each_life_keeps_its_first_part():
    part = lambda epoch: (  # noqa: E731 - two entries
        Entry(at=NOW, event="claimed", epoch=epoch),
        Entry(at=NOW, event="requeued", epoch=epoch, note=CONTINUED),
    )
    history = (
        *(entry for epoch in range(1, 20) for entry in part(epoch)),
        Entry(at=NOW, event="redriven", epoch=20),
        *(entry for epoch in range(21, 40) for entry in part(epoch)),
    )
    kept = {entry.epoch for entry in without_middle_parts(history)}
    assert kept == {1, 20, 21, 39}


def test_what_a_gate_sent_back_is_not_a_part():
    history = (
        Entry(at=NOW, event="claimed", epoch=1),
        *(Entry(at=NOW, event="requeued", epoch=epoch, note="rate stripe") for epoch in range(2, 20)),
    )
    assert without_middle_parts(history) == history
    assert without_middle_parts(()) == ()

"""The attention index through the port: appointments, and the dead. A plain job is never in it."""

from dataclasses import replace

import pytest

from chalicelib.domain.change import Change, Equals
from chalicelib.domain.events import (
    Appointed,
    Cancelled,
    Claimed,
    Event,
    OutboxCleared,
    Postponed,
    Redriven,
    Renewed,
    RetryScheduled,
    Succeeded,
)
from chalicelib.domain.guards import Mine, Ready, Seen, Unwished
from chalicelib.domain.job import Failure, Inline, State
from chalicelib.domain.lifecycle import change
from chalicelib.pipeline.ports import Written
from tests.contract.rows import DAY, EFFECTS, FORGET, MS, NOW, SECOND, plain

CHARACTERS = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
FAILURE = Failure(type="E", message="no")


def due_at(at, **facts):
    return plain(attention="due", attention_at=at, **facts)


def dead_at(at, **facts):
    return plain(State.DEAD, **{"attention_at": at, **facts})


def put(store, *rows):
    for row in rows:
        store.create(row)
    return {row.id for row in rows}


def wrote(store, job_id, event: Event):
    answer = store.write(job_id, change(event))
    assert isinstance(answer, Written)
    return answer.job


def all_dead(store, limit):
    """Every page's ids, and how many pages there were."""
    found, after = [], None
    for pages in range(1, 1000):
        rows, after = store.dead(after, limit)
        assert len(rows) <= limit
        assert all(row.attention == "dead" for row in rows)
        found += [row.id for row in rows]
        if after is None:
            return found, pages
    raise AssertionError("the listing does not end")


def test_an_appointment_is_due_at_its_millisecond_and_not_before(store):
    late, now, early = due_at(NOW - DAY), due_at(NOW), due_at(NOW + MS)
    put(store, late, now, early)
    assert set(store.due(NOW, 10)) == {late.id, now.id}
    assert set(store.due(NOW - DAY - MS, 10)) == set()


def test_appointments_of_all_partitions_are_found(store):
    ids = put(store, *[due_at(NOW - number * SECOND, last=last) for number, last in enumerate(CHARACTERS)])
    found = store.due(NOW, 100)
    assert len(found) == len(ids)
    assert set(found) == ids


def test_the_most_overdue_come_first_when_there_are_more_than_asked_for(store):
    rows = [due_at(NOW - number * SECOND, last=last) for number, last in enumerate(CHARACTERS)]
    put(store, *rows)
    assert set(store.due(NOW, 5)) == {row.id for row in rows[-5:]}


def test_many_appointments_of_one_partition_do_not_hide_each_other(store):
    ids = put(store, *[due_at(NOW, last="7") for _ in range(30)])
    assert len(store.due(NOW, 10)) == 10
    assert set(store.due(NOW, 30)) == ids


def test_the_dead_and_the_plain_are_not_due(store):
    put(store, plain(), dead_at(NOW - DAY), plain(State.RUNNING))
    assert store.due(NOW, 10) == []


@pytest.mark.parametrize(
    "end",
    [
        Succeeded(at=NOW, guard=Mine(owner="4.mine"), result=Inline(json="1"), forget=FORGET),
        Cancelled(at=NOW, guard=Mine(owner="4.mine"), forget=FORGET),
    ],
    ids=lambda event: event.name,
)
def test_a_job_that_ends_owing_nothing_leaves_the_index(backend, store, end):
    # Given a running job with an appointment
    row = due_at(NOW, state=State.RUNNING, owner="4.mine", ready=None, epoch=4)
    put(store, row)
    assert backend.indexed() == {("due", row.id)}
    # When it ends
    wrote(store, row.id, end)
    # Then nobody is told to look at it again
    assert backend.indexed() == set()
    assert store.due(NOW, 10) == []


def test_a_job_that_ends_owing_something_stays_due_until_it_is_done(backend, store):
    row = due_at(NOW, state=State.RUNNING, owner="4.mine", ready=None, epoch=4)
    put(store, row)
    wrote(
        store,
        row.id,
        Succeeded(at=NOW, guard=Mine(owner="4.mine"), result=Inline(json="1"), forget=FORGET, outbox=EFFECTS),
    )
    assert store.due(NOW, 10) == [row.id]
    wrote(store, row.id, OutboxCleared(at=NOW, guard=Seen(state=State.SUCCEEDED, epoch=4), died=None))
    assert backend.indexed() == set()


def test_a_postponed_appointment_is_due_at_its_new_time(store):
    row = due_at(NOW - SECOND)
    put(store, row)
    guard = Seen(state=row.state, epoch=row.epoch)
    wrote(store, row.id, Postponed(at=NOW, guard=guard, seen=NOW - SECOND, check=NOW + DAY))
    assert store.due(NOW, 10) == []
    assert store.due(NOW + DAY, 10) == [row.id]


def test_a_plain_job_is_in_no_index_at_any_moment(backend, store):
    row = plain(epoch=0, ready=0, attempts=0)
    put(store, row)
    life = (
        Claimed(at=NOW, guard=Ready(epoch=0), owner="1.a", lease=NOW + SECOND),
        RetryScheduled(
            at=NOW, guard=Unwished(owner="1.a"), epoch=1, due=NOW + SECOND, error=FAILURE, check=None
        ),
        Claimed(at=NOW, guard=Ready(epoch=1), owner="2.b", lease=NOW + SECOND),
        Renewed(at=NOW, guard=Mine(owner="2.b"), lease=NOW + DAY, progress=None),
        Succeeded(at=NOW, guard=Mine(owner="2.b"), result=Inline(json="1"), forget=FORGET),
    )
    assert backend.indexed() == set()
    for event in life:
        wrote(store, row.id, event)
        assert backend.indexed() == set(), event.name


def test_an_appointment_moves_its_row_into_the_index_once(backend, store):
    row = plain()
    put(store, row)
    event = Appointed(at=NOW, guard=Seen(state=row.state, epoch=row.epoch), check=NOW)
    wrote(store, row.id, event)
    assert not isinstance(store.write(row.id, change(event)), Written)
    assert backend.indexed() == {("due", row.id)}


@pytest.mark.parametrize("limit", [1, 2, 5, 100])
def test_the_dead_are_listed_whole_page_by_page(store, limit):
    # Given dead jobs in few and in many partitions, several of one millisecond, and others
    rows = [dead_at(NOW, last="7") for _ in range(5)]
    rows += [dead_at(NOW - number * MS, last=last) for number, last in enumerate(CHARACTERS[::3])]
    ids = put(store, *rows)
    put(store, plain(), due_at(NOW), plain(State.SUCCEEDED))
    # Then all of them are found, each once
    found, _ = all_dead(store, limit)
    assert len(found) == len(ids)
    assert set(found) == ids


def test_the_dead_come_as_their_rows_are(store):
    row = dead_at(NOW)
    put(store, row)
    rows = [job for page in pages_of_dead(store) for job in page]
    assert rows == [row]


def pages_of_dead(store):
    after = None
    for _ in range(100):
        rows, after = store.dead(after, 10)
        yield rows
        if after is None:
            return


def test_nobody_dead_is_an_empty_listing_that_ends(store):
    put(store, plain())
    assert all_dead(store, 10)[0] == []


def test_a_redriven_job_is_dead_no_more_but_due(backend, store):
    row = dead_at(NOW)
    put(store, row)
    guard = Seen(state=State.DEAD, epoch=row.epoch)
    wrote(store, row.id, Redriven(at=NOW, guard=guard, by="t", check=NOW + SECOND, kept=row.history))
    assert all_dead(store, 10)[0] == []
    assert store.due(NOW + SECOND, 10) == [row.id]
    assert backend.indexed() == {("due", row.id)}


def test_pages_of_the_dead_survive_the_redrive_of_what_they_showed(store):
    # Given a first page of the dead, all of which is then redriven
    ids = put(store, *[dead_at(NOW - number * MS, last="7") for number in range(6)])
    first, after = store.dead(None, 2)
    while not first and after is not None:
        first, after = store.dead(after, 2)
    for row in first:
        write = Change(where=(Equals("attention", "dead"),), remove=("attention", "attention_at"))
        assert isinstance(store.write(row.id, write), Written)
    # When the listing goes on
    rest = []
    while after is not None:
        page, after = store.dead(after, 2)
        rest += [row.id for row in page]
    # Then the others are found
    assert {*rest, *(row.id for row in first)} == ids
    assert len(rest) == len(ids) - len(first)


def test_a_row_keeps_its_time_in_the_index_through_a_renewal(store):
    row = replace(due_at(NOW), state=State.RUNNING, owner="4.mine", ready=None, epoch=4)
    put(store, row)
    after = wrote(store, row.id, Renewed(at=NOW, guard=Mine(owner="4.mine"), lease=NOW + DAY, progress=None))
    assert (after.attention, after.attention_at) == ("due", NOW)
    assert store.due(NOW, 10) == [row.id]

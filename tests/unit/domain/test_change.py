"""A guarded write as a value: what each clause asks, and what the row then is."""

import pytest

from chalicelib.domain.change import EMPTY, Before, Change, Equals, Missing, Present, allowed, apply, holds
from chalicelib.domain.job import Entry, Job, State
from tests.support.rows import NOW, OWED, SECOND, queued, running

ENTRY = Entry(at=NOW, event="claimed", epoch=1)


@pytest.mark.parametrize(
    ("clause", "row", "answer"),
    [
        (Equals("ready", 0), queued(), True),
        (Equals("ready", 1), queued(), False),
        (Equals("ready", None), running(), False),  # as in DynamoDB, nothing equals what is not there
        (Equals("state", State.QUEUED), queued(), True),
        (Equals("epoch", 0), queued(), True),
        (Missing("ready"), running(), True),
        (Missing("ready"), queued(), False),
        (Missing("outbox"), queued(), True),
        (Missing("outbox"), queued(outbox=(OWED,)), False),
        (Missing("epoch"), queued(), False),
        (Present("owner"), running(), True),
        (Present("owner"), queued(), False),
        (Present("ready"), queued(), True),  # zero is a value
        (Present("outbox"), queued(outbox=(OWED,)), True),
        (Before("lease", NOW), running(lease=NOW - SECOND), True),
        (Before("lease", NOW), running(lease=NOW), False),
        (Before("lease", NOW), running(lease=NOW + SECOND), False),
        (Before("lease", NOW), queued(), False),
    ],
)
def test_a_clause_asks_one_thing_of_the_row(clause, row, answer):
    assert holds(clause, row) is answer


def test_all_clauses_must_hold():
    both = Change(where=(Equals("state", State.QUEUED), Missing("owner")))
    assert allowed(both, queued())
    assert not allowed(both, queued(owner="1.x"))
    assert allowed(Change(where=()), queued())


def test_a_write_sets_adds_removes_and_appends_and_leaves_the_rest():
    row = apply(
        Change(
            where=(),
            set={"state": State.RUNNING, "owner": "1.x"},
            add={"attempts": 2},
            remove=("ready", "outbox"),
            history=(ENTRY,),
        ),
        queued(attempts=1, outbox=(OWED,)),
    )
    assert row == queued(
        attempts=3, state=State.RUNNING, owner="1.x", ready=None, outbox=(), history=(ENTRY,)
    )


def test_a_history_that_is_set_can_be_appended_to_in_the_same_write():
    row = apply(Change(where=(), set={"history": ()}, history=(ENTRY,)), queued(history=(ENTRY, ENTRY)))
    assert row.history == (ENTRY,)


def test_what_may_be_absent_is_what_a_job_is_made_without():
    plain = Job(
        id="x",
        tenant="t",
        task="w",
        lane="l",
        args=queued().args,
        state=State.QUEUED,
        max_attempts=1,
    )
    assert {name: getattr(plain, name) for name in EMPTY} == dict(EMPTY)

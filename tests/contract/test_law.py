"""The lifecycle through the store: each arrow is written exactly as the law says, and refused from everywhere else."""

from dataclasses import replace

import pytest

from chalicelib.domain.change import Change, Missing, Present, apply
from chalicelib.domain.guards import Absent
from chalicelib.domain.lifecycle import TRANSITIONS
from chalicelib.pipeline.ports import Refused, Written
from tests.contract.law import cases
from tests.contract.rows import FORGET, MS, NOW, new_id, plain

CASES = list(cases())
PLAIN = [case for case in CASES if not case.full]


def test_every_arrow_from_every_state_is_tried():
    tried = {(case.transition.event, case.transition.guard, case.row.state) for case in CASES}
    listed = {(t.event, t.guard, state) for t in TRANSITIONS if t.guard is not Absent for state in t.sources}
    assert tried == listed


@pytest.mark.parametrize("case", CASES, ids=str)
def test_an_arrow_is_written_as_the_law_says(store, case):
    # Given a row from which the event may happen
    store.create(case.row)
    # When it is written
    answer = store.write(case.row.id, case.change)
    # Then the answer and the row are what the law makes of it, to the last field
    after = apply(case.change, case.row)
    assert answer == Written(job=after)
    assert store.read(case.row.id) == after


@pytest.mark.parametrize("case", PLAIN, ids=str)
def test_an_arrow_from_elsewhere_is_refused_with_the_row_that_refused_it(store, case):
    assert case.refusals
    for why, like in case.refusals.items():
        # Given a row that differs in one thing
        row = replace(like, id=new_id(NOW))
        store.create(row)
        # When the same change is written
        answer = store.write(row.id, case.change)
        # Then it is refused, the refusing row comes back, and nothing has changed
        assert answer == Refused(job=row), why
        assert store.read(row.id) == row, why


def test_an_arrow_to_a_row_that_is_not_there_makes_none(store):
    assert len(PLAIN) > 40
    for case in PLAIN:
        assert store.write(case.row.id, case.change) == Refused(job=None), case
        assert store.read(case.row.id) is None, case


@pytest.mark.parametrize("where", [(), (Missing("attention"),), (Missing("outbox"), Missing("forget"))])
def test_a_change_that_asks_only_for_absence_makes_no_row_either(store, where):
    job_id = new_id(NOW)
    write = Change(where=where, set={"attention": "due", "attention_at": NOW})
    assert store.write(job_id, write) == Refused(job=None)
    assert store.read(job_id) is None


def test_a_written_change_is_not_written_twice(store):
    # Given a claim that was written, its reply lost
    case = next(case for case in CASES if case.transition.event.name == "claimed")
    store.create(case.row)
    claimed = store.write(case.row.id, case.change)
    # When it is sent again
    again = store.write(case.row.id, case.change)
    # Then the refusal shows the writer its own mark
    assert isinstance(claimed, Written)
    assert again == Refused(job=claimed.job)


def test_a_row_is_forgotten_to_the_second_and_never_early(store):
    # TTL counts whole seconds: the row may stay some milliseconds longer, never shorter.
    for ms in (0, 1, 500, 999):
        row = plain(forget=FORGET + ms * MS)
        store.create(row)
        found = store.read(row.id)
        assert found is not None
        assert row.forget <= found.forget < row.forget + 1000 * MS


def test_present_is_of_what_a_row_has(store):
    row = plain()
    store.create(row)
    change = Change(where=(Present("ready"), Present("state"), Missing("owner")), add={"attempts": 40})
    assert store.write(row.id, change) == Written(job=replace(row, attempts=42))

"""Rows that only newer code can read, in the real adapters: left alone, never lost, and no trouble to the rows beside them.

The twin holds jobs, so it cannot hold such a row. docs/decisions/0010 says what newer code has to see to.
"""

import pytest

from chalicelib.adapters.aws.rows import to_item
from chalicelib.domain.change import Change, Missing, Present
from chalicelib.domain.errors import NewerRow
from chalicelib.domain.events import Claimed
from chalicelib.domain.guards import Ready
from chalicelib.domain.job import State
from chalicelib.domain.lifecycle import change
from chalicelib.pipeline.ids import first_id
from tests.contract.rows import DAY, FORGET, MS, NOW, SECOND, plain

NEWER = {
    "a state": {"state": {"S": "PAUSED"}},
    "an attribute": {"priority": {"N": "7"}},
    "a reason": {"reason": {"S": "bored"}},
    "a place of payloads": {
        "args": {"M": {"at": {"S": "glacier"}, "sha256": {"S": "00"}, "size": {"N": "1"}}}
    },
    "a part of a failure": {"error": {"M": {"type": {"S": "E"}, "colour": {"S": "red"}}}},
    "another type": {"lane": {"N": "1"}},
    "a line of history": {"history": {"L": [{"S": "yesterday claimed"}]}},
    "a time beyond all times": {"due": {"N": "9" * 30}},
    "a fraction of an epoch": {"epoch": {"N": "1.5"}},
}


@pytest.fixture(params=NEWER.values(), ids=list(NEWER))
def newer(request, aws):
    """The id of a row that this code cannot read, between two that it can."""
    row = plain(at=NOW)
    aws.put_item({**to_item(row), **request.param})
    for beside in (plain(at=NOW - MS, last=row.id[-1]), plain(at=NOW + MS, last=row.id[-1])):
        aws.store.create(beside)
    return row.id


def test_it_is_listed_as_unread_among_the_others(aws, newer):
    found = aws.store.unattended(NOW - SECOND, NOW + SECOND)
    assert list(found.unread) == [newer]
    assert len(found.rows) == 2


def test_the_listing_of_the_newest_goes_on_past_it(aws, newer):
    found = [row.id for row in aws.store.newest(first_id(NOW + SECOND), NOW - SECOND)]
    assert len(found) == 2
    assert newer not in found


def test_reading_it_says_so(aws, newer):
    with pytest.raises(NewerRow, match=newer):
        aws.store.read(newer)


def test_putting_it_again_says_so_and_changes_nothing(aws, newer):
    before = aws.all_items()
    with pytest.raises(NewerRow, match=newer):
        aws.store.create(plain(id=newer))
    assert aws.all_items() == before


def test_a_refused_write_to_it_says_so_and_changes_nothing(aws, newer):
    before = aws.all_items()
    with pytest.raises(NewerRow, match=newer):
        aws.store.write(newer, Change(where=(Missing("state"),), set={"state": State.DEAD}))
    assert aws.all_items() == before


def test_it_can_be_given_an_appointment_by_what_all_versions_agree_on(aws, newer):
    # Given the write of the sweep, which tests only that the row is there and unfinished
    write = Change(
        where=(Missing("attention"), Present("state"), Missing("forget")),
        set={"attention": "due", "attention_at": NOW},
    )
    # When it is written, and told of a row that cannot be read
    with pytest.raises(NewerRow):
        aws.store.write(newer, write)
    # Then newer code will find the row by it
    assert aws.store.due(NOW, 10) == [newer]


def test_a_dead_one_does_not_stop_the_listing_of_the_dead(aws):
    rows = [plain(State.DEAD, last="7", attention_at=NOW - number * MS) for number in range(3)]
    for row in rows:
        aws.store.create(row)
    aws.put_item({**to_item(rows[1]), "priority": {"N": "7"}})
    found, _ = aws.store.dead("dead#7  ", 10)
    assert [row.id for row in found] == [rows[0].id, rows[2].id]


def test_a_row_with_too_few_attributes_is_unread(aws):
    row = plain()
    aws.put_item({name: value for name, value in to_item(row).items() if name != "lane"})
    found = aws.store.unattended(NOW - DAY, NOW)
    while not found.unread and found.reached < NOW:
        found = aws.store.unattended(found.reached, NOW)
    assert list(found.unread) == [row.id]


def test_the_row_of_a_finished_job_tells_dynamodb_when_to_forget_it(aws):
    row = plain(State.SUCCEEDED)
    aws.store.create(row)
    [item] = aws.all_items()
    assert item["ttl"] == {"N": str(int(FORGET.timestamp()))}


def test_a_row_that_hides_its_ready_is_not_claimed_by_older_code(aws):
    # Given a job of newer code, claimable to it alone
    row = plain(at=NOW)
    item = {**to_item(row), "priority": {"N": "7"}}
    item["ready2"] = item.pop("ready")
    aws.put_item(item)
    before = aws.all_items()
    # When older code claims it as it would any other
    claim = Claimed(at=NOW, guard=Ready(epoch=row.epoch), owner=f"{row.epoch + 1}.tok", lease=NOW + SECOND)
    with pytest.raises(NewerRow, match=row.id):
        aws.store.write(row.id, change(claim))
    # Then no attempt is spent
    assert aws.all_items() == before

"""Listing the newest first, page by page by cursor."""

from itertools import islice

import pytest

from chalicelib.pipeline.ids import first_id
from tests.contract.rows import DAY, MS, NOW, SECOND, new_id, plain

MIDNIGHT = NOW.replace(hour=0, minute=0, second=0, microsecond=0)


def ids(rows) -> list[str]:
    return [row.id for row in rows]


@pytest.fixture
def over_days(store) -> list[str]:
    """Ids over three days, in many partitions, some of one millisecond: newest first."""
    times = [MIDNIGHT + days * DAY + part * SECOND for days in (-1, 0, 1) for part in range(-3, 4)]
    rows = [plain(at=at, last=last) for at in times for last in "05KZ"]
    for row in rows:
        store.create(row)
    return sorted(ids(rows), reverse=True)


def test_rows_come_newest_first_over_days_and_partitions(store, over_days):
    found = store.newest(first_id(MIDNIGHT + 2 * DAY), MIDNIGHT - 2 * DAY)
    assert ids(found) == over_days


def test_since_is_in_and_before_is_not(store):
    rows = [plain(at=NOW + number * MS) for number in range(5)]
    for row in rows:
        store.create(row)
    found = store.newest(rows[3].id, NOW + MS)
    assert ids(found) == [rows[2].id, rows[1].id]


@pytest.mark.parametrize("page", [7, 17])
def test_going_on_before_the_last_one_seen_misses_and_doubles_nothing(store, over_days, page):
    before, seen = first_id(MIDNIGHT + 2 * DAY), []
    while part := ids(islice(store.newest(before, MIDNIGHT - 2 * DAY), page)):
        seen += part
        before = part[-1]
        assert len(seen) <= len(over_days)
    assert seen == over_days


@pytest.mark.parametrize("rows", [2, 5])
def test_small_pages_change_nothing(backend, store, over_days, rows):
    backend.small_pages(rows)
    assert ids(store.newest(first_id(MIDNIGHT + 2 * DAY), MIDNIGHT - 2 * DAY)) == over_days


def test_many_rows_of_one_partition_and_one_millisecond_are_all_found(store):
    rows = [plain(last="7") for _ in range(50)]
    for row in rows:
        store.create(row)
    assert ids(store.newest(first_id(NOW + MS), NOW)) == sorted(ids(rows), reverse=True)


@pytest.mark.parametrize(("before", "since"), [(NOW, NOW), (NOW - DAY, NOW), (NOW - MS, NOW)])
def test_a_range_without_a_millisecond_is_empty(store, before, since):
    store.create(plain())
    assert ids(store.newest(first_id(before), since)) == []


def test_a_cursor_need_not_be_of_a_row(store):
    rows = [plain(at=NOW), plain(at=NOW + SECOND)]
    for row in rows:
        store.create(row)
    assert ids(store.newest(new_id(NOW + MS), NOW - DAY)) == [rows[0].id]

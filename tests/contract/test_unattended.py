"""What nobody looks after, by time of acceptance: what the sweep relies on. No row may be missed, whatever the pages and the days."""

from dataclasses import replace
from datetime import datetime

import pytest

from chalicelib.domain.change import Change, Present
from chalicelib.domain.job import Effect, Inline, State
from chalicelib.pipeline.ids import make_id
from tests.contract.rows import DAY, MS, NOW, SECOND, new_id, plain

OWED = (Effect(slot="on_success", id=make_id(NOW, bytes(10)), task="tidy"),)
MIDNIGHT = NOW.replace(hour=0, minute=0, second=0, microsecond=0)
CHARACTERS = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"


def listed(store, after: datetime, until: datetime) -> list[str]:
    """All ids, listed as the sweep does: slice after slice, each from where the last one reached."""
    found: list[str] = []
    for _ in range(1000):
        found_now = store.unattended(after, until)
        assert after < found_now.reached <= until, "a slice gets on, and not beyond what was asked for"
        assert not found_now.unread
        found += [row.id for row in found_now.rows]
        after = found_now.reached
        if after == until:
            return found
    raise AssertionError("the listing does not end")


def put(store, *rows):
    for row in rows:
        store.create(row)
    return sorted(row.id for row in rows)


def test_the_beginning_is_left_out_and_the_end_is_in(store):
    # Given a row in each of five milliseconds
    ids = put(store, *[plain(at=NOW + number * MS) for number in range(5)])
    # When the three milliseconds after the first are listed, to the last but one
    found = listed(store, NOW, NOW + 3 * MS)
    # Then exactly theirs are found
    assert sorted(found) == ids[1:4]


def test_the_lowest_and_the_highest_id_of_a_millisecond_are_both_in(store):
    lowest, highest = make_id(NOW, bytes(10)), make_id(NOW, b"\xff" * 10)
    put(store, replace(plain(), id=lowest), replace(plain(), id=highest))
    assert sorted(listed(store, NOW - MS, NOW)) == [lowest, highest]
    assert listed(store, NOW, NOW + MS) == []


def test_nothing_accepted_is_nothing_found_and_the_end_is_reached(store):
    assert listed(store, NOW - 3 * DAY, NOW) == []


@pytest.mark.parametrize("until", [NOW, NOW - MS, NOW - 2 * DAY])
def test_a_range_without_a_millisecond_is_empty(store, until):
    put(store, plain())
    found = store.unattended(NOW, until)
    assert (list(found.rows), found.reached) == ([], until)


def test_all_partitions_of_a_day_are_listed(store):
    ids = put(store, *[plain(last=last) for last in CHARACTERS])
    assert sorted(listed(store, NOW - SECOND, NOW + SECOND)) == ids


def test_days_are_listed_one_after_the_other(store):
    # Given rows at both sides of three midnights
    times = [MIDNIGHT + days * DAY + beside for days in range(3) for beside in (-MS, 0 * MS, MS)]
    ids = put(store, *[plain(at=at, last=last) for at in times for last in "0Z"])
    # Then a listing of it all finds them all, and one that begins or ends at midnight keeps to its bounds
    assert sorted(listed(store, MIDNIGHT - SECOND, MIDNIGHT + 2 * DAY + SECOND)) == ids
    assert sorted(listed(store, MIDNIGHT - MS, MIDNIGHT + DAY - MS)) == ids[2:8]
    assert sorted(listed(store, MIDNIGHT, MIDNIGHT + DAY)) == ids[4:10]


@pytest.mark.parametrize("page", [1, 2, 5])
def test_pages_that_end_anywhere_lose_no_row_and_double_none(backend, store, page):
    # Given partitions of unlike fullness, with several rows in one millisecond, more than a page holds
    rows = [plain(at=NOW + (number // 5) * MS, last="7") for number in range(25)]
    rows += [plain(at=NOW + 2 * number * MS, last="K") for number in range(4)]
    rows += [plain(at=NOW + 3 * MS)]
    ids = put(store, *rows)
    # When pages are small
    backend.small_pages(page)
    # Then each row is found once
    found = listed(store, NOW - MS, NOW + SECOND)
    assert sorted(found) == ids


def test_more_than_a_mebibyte_in_a_partition_is_listed_whole(store):
    # Given more than one page of DynamoDB's own size, cut within a millisecond
    rows = [
        plain(at=NOW + (number // 4) * MS, last="7", args=Inline(json="x" * 180_000)) for number in range(14)
    ]
    ids = put(store, *rows)
    # Then no row is lost or doubled at the cut
    assert sorted(listed(store, NOW - MS, NOW + SECOND)) == ids


def test_rows_come_as_they_are_now(store):
    row = plain(State.QUEUED)
    store.create(row)
    store.write(row.id, Change(where=(Present("ready"),), set={"state": State.RUNNING}, remove=("ready",)))
    found = store.unattended(NOW - MS, NOW)
    assert list(found.rows) == [replace(row, state=State.RUNNING, ready=None)]


def test_other_kinds_of_items_are_not_listed(backend, store):
    backend.payloads.put(new_id(), b"x" * 400, NOW)
    store.move_watermark("fast", None, NOW)
    assert listed(store, NOW - DAY, NOW + DAY) == []


LEFT_OUT = {
    "succeeded": plain(State.SUCCEEDED),
    "cancelled": plain(State.CANCELLED),
    "expired": plain(State.EXPIRED),
    "dead": plain(State.DEAD),
    "dead, its death's follow-up owed and appointed": plain(State.DEAD, outbox=OWED),
    "with an appointment": plain(State.QUEUED, attention="due", attention_at=NOW),
    "scheduled": plain(State.SCHEDULED),
}
FOUND = {
    "queued": plain(State.QUEUED),
    "running": plain(State.RUNNING),
    "retrying": plain(State.RETRYING),
    "waiting": plain(State.WAITING),
    **{
        f"{state.value.lower()}, a follow-up owed": plain(state, outbox=OWED)
        for state in (State.SUCCEEDED, State.CANCELLED, State.EXPIRED)
    },
}


def test_every_state_is_asked_about():
    assert {row.state for row in (*LEFT_OUT.values(), *FOUND.values())} == set(State)


@pytest.mark.parametrize("row", FOUND.values(), ids=FOUND)
def test_what_is_unfinished_and_has_no_appointment_is_found(store, row):
    assert not row.finished
    assert row.attention is None
    store.create(row)
    assert listed(store, NOW - MS, NOW) == [row.id]


@pytest.mark.parametrize("row", LEFT_OUT.values(), ids=LEFT_OUT)
def test_what_is_finished_or_has_an_appointment_is_left_out(store, row):
    assert row.finished or row.attention is not None
    store.create(row)
    assert listed(store, NOW - MS, NOW) == []


def test_what_is_left_out_is_counted_as_seen(store):
    put(
        store,
        plain(State.SUCCEEDED, last="7"),
        plain(State.SUCCEEDED, last="7"),
        plain(State.QUEUED, last="K"),
    )
    assert store.unattended(NOW - MS, NOW).listed == 3


@pytest.mark.parametrize("page", [1, 2, 5])
def test_pages_of_which_nothing_is_wanted_are_gone_past(backend, store, page):
    # Given many that have succeeded, also within one millisecond, before, between and after two that have not
    done = [plain(State.SUCCEEDED, at=NOW + (number // 4) * MS, last="7") for number in range(24)]
    left = [plain(at=NOW + number * MS, last="7") for number in (2, 4)]
    put(store, *done, *left)
    backend.small_pages(page)
    assert sorted(listed(store, NOW - MS, NOW + SECOND)) == sorted(row.id for row in left)

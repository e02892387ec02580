"""Putting and reading rows."""

import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta

import pytest

from chalicelib.domain.events import Claimed
from chalicelib.domain.guards import Ready
from chalicelib.domain.job import Effect, Entry, Failure, Inline, Place, Progress, State, Stored
from chalicelib.domain.lifecycle import change
from chalicelib.pipeline.ports import Refused, Written
from tests.contract.rows import DAY, EFFECTS, EPOCH, MS, NOW, STORED, full, new_id, plain

THREADS = 8
ROUNDS = 5

ODD = {
    "empty words": {
        "error": Failure(type="", message="", traceback="", fingerprint=""),
        "progress": Progress(fraction=None, message="", at=NOW),
        "args": Inline(json=""),
        "tags": ("",),
        "key": "",
    },
    "no history": {"history": ()},
    "a note without a writer": {"history": (Entry(at=NOW, event="died", epoch=0, note="worker_lost"),)},
    "notes with spaces": {
        "history": (
            Entry(at=NOW, event="died", epoch=0, by="1.x", note=" two  words "),
            Entry(at=NOW, event="died", epoch=0, note=" "),
            Entry(at=NOW, event="died", epoch=0, by="1.x", note="line\nline\u2028"),
        )
    },
    "stored payloads": {"args": STORED, "result": Stored(place=Place.ITEM, sha256="0" * 64, size=321)},
    "whole numbers of progress": {"progress": Progress(fraction=0.0, message="a", at=NOW)},
    "all of progress": {"progress": Progress(fraction=1.0, message="z", at=NOW)},
    "the least bit of progress": {"progress": Progress(fraction=1e-06, message="z", at=NOW)},
    "seventeen digits of progress": {"progress": Progress(fraction=0.1 + 0.2, message="", at=NOW)},
    "a huge epoch": {"epoch": 2**62, "ready": 2**62},
    "times before 1970": {"due": NOW - 140 * 366 * DAY, "cancel_requested": NOW - 140 * 366 * DAY - MS},
    "a short life": {"keep": timedelta(seconds=1)},
    "an outbox of many": {"outbox": tuple(Effect(slot=f"s{n}", id=new_id(), task="t") for n in range(20))},
    "control characters": {
        "error": Failure(type="E", message="a\x00b\x1b[31m\r\n\x7f\ufeff", traceback="\u202e")
    },
    "a hundred tags": {"tags": tuple(f"tag {number} ü" for number in range(100))},
    "fifty lines of history": {
        "history": tuple(
            Entry(at=NOW + number * MS, event="claimed", epoch=number, by=f"{number}.aaaaaaaaaa", note="why")
            for number in range(50)
        )
    },
    "300 kB of arguments": {"args": Inline(json="ü" * 150_000)},
}


@pytest.mark.parametrize("state", State)
@pytest.mark.parametrize("kind", [plain, full])
def test_a_row_is_read_as_it_was_put(store, kind, state):
    row = kind(state, outbox=EFFECTS)
    assert store.create(row) is None
    assert store.read(row.id) == row


@pytest.mark.parametrize("facts", ODD.values(), ids=ODD)
def test_odd_values_are_read_as_they_were_put(store, facts):
    row = plain(**facts)
    assert store.create(row) is None
    assert store.read(row.id) == row


def test_a_life_of_part_of_a_second_is_not_cut_short(store):
    row = plain(keep=timedelta(milliseconds=1500))
    store.create(row)
    found = store.read(row.id)
    assert found is not None
    assert row.keep <= found.keep < row.keep + timedelta(seconds=1)


def test_what_is_not_there_reads_as_none(store):
    store.create(plain())
    assert store.read(new_id(NOW)) is None


def test_a_second_put_changes_nothing_and_gets_the_row_that_is_there(store):
    row = full(State.RUNNING)
    store.create(row)
    other = replace(plain(), id=row.id)
    assert store.create(other) == row
    assert store.read(row.id) == row


def test_a_row_is_at_its_id_on_both_sides_of_midnight_and_in_every_partition(store):
    midnight = NOW.replace(hour=0, minute=0, second=0, microsecond=0)
    rows = [
        plain(at=at, last=last)
        for last in "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
        for at in (midnight - MS, midnight)
    ]
    for row in rows:
        assert store.create(row) is None
    assert [store.read(row.id) for row in rows] == rows


def test_of_eight_who_put_a_row_at_once_one_has_put_it(store):
    for _ in range(ROUNDS):
        job_id = new_id()
        rows = [replace(plain(), id=job_id, tenant=f"tenant {number}") for number in range(THREADS)]
        answers = at_once(store.create, [(row,) for row in rows])
        winner = rows[answers.index(None)]
        assert [answer for answer in answers if answer is not None] == [winner] * (THREADS - 1)
        assert store.read(job_id) == winner


def test_of_eight_who_claim_a_job_at_once_one_has_it(store):
    for _ in range(ROUNDS):
        row = plain()
        store.create(row)
        claims = [
            change(Claimed(at=NOW, guard=Ready(epoch=EPOCH), owner=f"{EPOCH + 1}.{number}", lease=NOW + DAY))
            for number in range(THREADS)
        ]
        answers = at_once(store.write, [(row.id, claim) for claim in claims])
        won = [answer for answer in answers if isinstance(answer, Written)]
        assert len(won) == 1
        assert [answer for answer in answers if answer not in won] == [Refused(job=won[0].job)] * (
            THREADS - 1
        )
        assert won[0].job.attempts == row.attempts + 1
        assert store.read(row.id) == won[0].job


def at_once(verb, calls):
    """The answers of all calls, made by as many threads at one time."""
    start = threading.Barrier(len(calls))

    def one(arguments):
        start.wait(timeout=10)
        return verb(*arguments)

    with ThreadPoolExecutor(len(calls)) as threads:
        return list(threads.map(one, calls))

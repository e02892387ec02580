"""`Prefer: wait=N`: the outcome in the answer when it is there in time, the acceptance when it is not."""

from datetime import timedelta

import pytest

from chalicelib.domain.errors import Unavailable
from tests.api.desk import Caller, Desk

JOB = {"task": "add", "args": {"a": 1}}


def _working_after(desk: Desk, seconds: float) -> None:
    """Let the consumer begin this long from now."""
    begins = desk.world.now() + timedelta(seconds=seconds)

    def meanwhile() -> None:
        if desk.world.now() >= begins:
            desk.work()

    desk.world.meanwhile = meanwhile


def test_a_job_that_ends_in_time_is_answered_with_its_result(desk: Desk, ann: Caller):
    _working_after(desk, 3)
    reply = ann.post("/jobs", JOB, headers={"Prefer": "wait=10"})
    assert (reply.status, reply.body["state"], reply.body["result"]) == (200, "SUCCEEDED", 2)
    assert reply.headers["Preference-Applied"] == "wait=10"
    assert reply.headers["Location"] == f"/jobs/{reply.body['id']}"


def test_a_job_that_dies_in_time_is_answered_too(desk: Desk, ann: Caller):
    _working_after(desk, 0)
    reply = ann.post("/jobs", {"task": "fail", "args": {"why": "x"}}, headers={"Prefer": "wait=5"})
    assert (reply.status, reply.body["state"], reply.body["error"]["message"]) == (200, "DEAD", "x")


@pytest.mark.parametrize(
    ("prefer", "seconds"), [("wait=3", 3), ("wait=25", 25), ("wait=600", 25), ("wait=0", 0)]
)
def test_a_job_that_does_not_is_accepted_after_that_time(desk: Desk, ann: Caller, prefer: str, seconds: int):
    began = desk.world.now()
    reply = ann.post("/jobs", JOB, headers={"Prefer": prefer})
    assert (reply.status, reply.body["state"]) == (202, "QUEUED")
    assert "Preference-Applied" not in reply.headers
    assert desk.world.now() - began == timedelta(seconds=seconds)


def test_the_pauses_grow_so_that_waiting_costs_few_reads(desk: Desk, ann: Caller, monkeypatch):
    reads = []
    read = desk.store.read

    def counted(job_id):
        reads.append(job_id)
        return read(job_id)

    monkeypatch.setattr(desk.store, "read", counted)
    ann.post("/jobs", JOB, headers={"Prefer": "wait=25"})
    assert len(reads) < 35


@pytest.mark.parametrize(
    "prefer",
    [
        "wait=10",
        "Wait=10",
        'wait="10"',
        " wait = 10 ",
        "respond-async, wait=10",
        "wait=10; foo=bar",
        "wait=10, wait=1",
    ],
)
def test_the_preference_is_read_as_the_rfc_writes_it(desk: Desk, ann: Caller, prefer: str):
    _working_after(desk, 8)
    assert ann.post("/jobs", JOB, headers={"Prefer": prefer}).headers["Preference-Applied"] == "wait=10"


@pytest.mark.parametrize(
    "prefer", ["", "respond-async", "return=minimal", "handling=strict; wait=5", "waiting=5", ",,"]
)
def test_other_preferences_are_ignored(desk: Desk, ann: Caller, prefer: str):
    began = desk.world.now()
    assert ann.post("/jobs", JOB, headers={"Prefer": prefer}).status == 202
    assert desk.world.now() == began


def test_trouble_while_waiting_does_not_hide_that_the_job_was_accepted(desk: Desk, ann: Caller, monkeypatch):
    def broken(job_id):
        raise Unavailable("GetItem")

    monkeypatch.setattr(desk.store, "read", broken)
    reply = ann.post("/jobs", JOB, headers={"Prefer": "wait=10"})
    assert (reply.status, len(desk.store.rows)) == (202, 1)


def test_a_job_of_an_old_key_that_has_ended_is_not_waited_for(desk: Desk, ann: Caller):
    headers = {"Prefer": "wait=10", "Idempotency-Key": "k"}
    ann.post("/jobs", JOB, headers={"Idempotency-Key": "k"})
    desk.work()
    began = desk.world.now()
    reply = ann.post("/jobs", JOB, headers=headers)
    assert (reply.status, reply.headers["Preference-Applied"]) == (200, "wait=10")
    assert desk.world.now() == began


def test_the_time_counts_from_when_the_request_came(desk: Desk, ann: Caller, monkeypatch):
    # given a table that takes four seconds to take the row
    create = desk.store.create

    def slow(job):
        desk.world.advance(timedelta(seconds=4))
        return create(job)

    monkeypatch.setattr(desk.store, "create", slow)
    began = desk.world.now()
    ann.post("/jobs", JOB, headers={"Prefer": "wait=25"})
    assert desk.world.now() - began == timedelta(seconds=25)

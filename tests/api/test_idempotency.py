"""The same key with the same request is the same job; with another request it is a conflict."""

from datetime import timedelta

import pytest

from tests.api.desk import Caller, Desk

JOB = {"task": "typed", "args": {"number": 1, "word": "w"}, "tags": ["a"]}
KEY = {"Idempotency-Key": "order-17"}


def test_the_same_request_twice_is_one_job(desk: Desk, ann: Caller):
    first, second = ann.post("/jobs", JOB, headers=KEY), ann.post("/jobs", JOB, headers=KEY)
    assert (first.status, second.status) == (202, 202)
    assert first.body == second.body
    assert first.headers["Location"] == second.headers["Location"]
    assert len(desk.store.rows) == 1


def test_the_order_of_names_makes_no_other_request(ann: Caller):
    first = ann.post("/jobs", JOB, headers=KEY)
    turned = b'{"tags": ["a"], "args": {"word": "w", "number": 1}, "task": "typed"}'
    assert ann.post("/jobs", raw=turned, headers=KEY).body["id"] == first.body["id"]


@pytest.mark.parametrize(
    "other",
    [
        {"task": "add", "args": {"a": 1}, "tags": ["a"]},
        {**JOB, "args": {"number": 2, "word": "w"}},
        {**JOB, "args": {"number": 1, "word": "w", "sure": True}},
        {**JOB, "delay": 5},
        {**JOB, "at": "2026-01-03T00:00:00Z"},
        {**JOB, "expires": 50},
        {**JOB, "lane": "high"},
        {**JOB, "max_attempts": 2},
        {**JOB, "tags": ["b"]},
    ],
    ids=str,
)
def test_another_request_under_the_same_key_is_a_conflict_and_leaves_the_first_alone(
    desk: Desk, ann: Caller, other
):
    first = ann.post("/jobs", JOB, headers=KEY).body
    reply = ann.post("/jobs", other, headers=KEY)
    assert (reply.status, reply.slug) == (409, "key-reused")
    assert first["id"] in reply.body["detail"]
    assert ann.get(f"/jobs/{first['id']}").body == first
    assert len(desk.store.rows) == 1


def test_a_key_brings_the_job_as_it_is_now(desk: Desk, ann: Caller):
    ann.post("/jobs", JOB, headers=KEY)
    desk.work()
    again = ann.post("/jobs", JOB, headers=KEY)
    assert (again.status, again.body["state"], again.body["result"]) == (200, "SUCCEEDED", {"number": 1})


def test_a_key_holds_for_a_day(desk: Desk, ann: Caller):
    first = ann.post("/jobs", JOB, headers=KEY).body["id"]
    desk.world.advance(timedelta(hours=23, minutes=59))
    assert ann.post("/jobs", JOB, headers=KEY).body["id"] == first
    desk.world.advance(timedelta(minutes=1))
    assert ann.post("/jobs", JOB, headers=KEY).body["id"] != first


def test_without_a_key_each_request_is_a_job(desk: Desk, ann: Caller):
    assert ann.post("/jobs", JOB).body["id"] != ann.post("/jobs", JOB).body["id"]


def test_a_refused_request_uses_up_no_key(ann: Caller):
    assert ann.post("/jobs", {**JOB, "args": {}}, headers=KEY).status == 422
    assert ann.post("/jobs", JOB, headers=KEY).status == 202


def test_quotes_are_part_of_the_key_and_the_longest_key_is_taken(ann: Caller):
    plain = ann.post("/jobs", JOB, headers={"Idempotency-Key": "k" * 198})
    quoted = ann.post("/jobs", JOB, headers={"Idempotency-Key": f'"{"k" * 198}"'})
    assert (plain.status, quoted.status) == (202, 202)
    assert plain.body["id"] != quoted.body["id"]

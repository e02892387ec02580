"""Cancelling over HTTP: receipts, and many by filter."""

from datetime import timedelta
from typing import Any

import pytest

from chalicelib.domain.errors import Unavailable
from chalicelib.pipeline import cancel_many
from chalicelib.pipeline.claim import claim
from tests.api.desk import Caller, Desk


def _ids(answer: Any, which: str = "cancelled") -> list[str]:
    return [one["id"] for one in answer.body[which]]


def _claimed(desk: Desk, job_id: str) -> None:
    from chalicelib.domain.job import Wakeup

    wakeup = Wakeup(tenant="ann", job_id=job_id, epoch=0)
    assert claim(wakeup, lease=desk.world.now() + timedelta(minutes=1), parts=desk.parts)


def test_a_cancel_carries_a_receipt(desk: Desk, ann: Caller):
    ended = ann.submit()
    desk.work()
    queued, running = ann.submit(), ann.submit()
    _claimed(desk, running)
    told = {job: ann.post(f"/jobs/{job}/cancel") for job in (queued, running, ended)}
    assert [reply.status for reply in told.values()] == [200, 202, 200]
    outcomes = [reply.body["receipt"]["outcome"] for reply in told.values()]
    assert outcomes == ["cancelled", "asked", "too_late"]
    receipt = told[running].body["receipt"]
    assert (receipt["state_before"], receipt["attempts"], receipt["may_still_succeed"]) == (
        "RUNNING",
        1,
        True,
    )
    assert receipt["running_since"] == told[running].body["started_at"]


def test_a_filter_takes_unfinished_jobs_of_the_caller_only(desk: Desk, ann: Caller, bob: Caller):
    theirs = bob.submit("echo", {})
    done = ann.submit("echo", {})
    desk.work()
    mine, other = ann.submit("echo", {}), ann.submit("add")
    looked = ann.post("/jobs/cancel", {"task": "echo", "dry_run": True})
    assert _ids(looked, "found") == [mine]
    assert looked.body["cancelled"] == []
    assert ann.get(f"/jobs/{mine}").body["state"] == "QUEUED"
    answer = ann.post("/jobs/cancel", {"task": "echo"})
    assert (_ids(answer), answer.body["found"], answer.body["cursor"]) == ([mine], [], None)
    assert answer.body["cancelled"][0]["receipt"]["outcome"] == "cancelled"
    states = {job: ann.get(f"/jobs/{job}").body["state"] for job in (done, mine, other)}
    assert states == {done: "SUCCEEDED", mine: "CANCELLED", other: "QUEUED"}
    assert bob.get(f"/jobs/{theirs}").body["state"] in ("SUCCEEDED", "QUEUED")


def test_filters_by_tag_state_and_time(desk: Desk, ann: Caller):
    old = ann.submit(tags=["nightly"])
    desk.world.advance(timedelta(hours=1))
    since = f"{desk.world.now():%Y-%m-%dT%H:%M:%SZ}"
    desk.world.advance(timedelta(seconds=1))
    new, later = ann.submit(tags=["nightly"]), ann.submit(delay=3600, tags=["nightly"])
    dry = {"tag": "nightly", "dry_run": True}
    assert set(_ids(ann.post("/jobs/cancel", dry), "found")) == {old, new, later}
    assert set(_ids(ann.post("/jobs/cancel", {**dry, "since": since}), "found")) == {new, later}
    assert _ids(ann.post("/jobs/cancel", {**dry, "until": since}), "found") == [old]
    assert _ids(ann.post("/jobs/cancel", {**dry, "state": "SCHEDULED"}), "found") == [later]


def test_a_running_job_is_asked(desk: Desk, ann: Caller):
    job = ann.submit()
    _claimed(desk, job)
    answer = ann.post("/jobs/cancel", {"state": "RUNNING"})
    assert answer.body["cancelled"][0]["state"] == "RUNNING"
    assert answer.body["cancelled"][0]["receipt"]["may_still_succeed"] is True


def test_more_than_the_limit_is_a_cursor_to_go_on_with(desk: Desk, ann: Caller):
    ids = set()
    for _ in range(7):
        ids.add(ann.submit())
        desk.world.advance(timedelta(seconds=1))
    taken: list[str] = []
    wish: dict[str, Any] = {"task": "add", "limit": 3}
    while True:
        answer = ann.post("/jobs/cancel", wish)
        taken += _ids(answer)
        if answer.body["cursor"] is None:
            break
        wish["cursor"] = answer.body["cursor"]
    assert len(taken) == 7
    assert set(taken) == ids


def test_what_there_is_no_time_left_for_is_told_by_the_cursor(desk: Desk, ann: Caller, monkeypatch):
    monkeypatch.setattr(cancel_many, "AT_ONCE", 2)
    for _ in range(5):
        ann.submit()
        desk.world.advance(timedelta(seconds=1))
    write = desk.store.write

    def slow(job_id, change):
        desk.world.advance(timedelta(seconds=11))
        return write(job_id, change)

    monkeypatch.setattr(desk.store, "write", slow)
    first = ann.post("/jobs/cancel", {"task": "add"})
    assert len(_ids(first)) == 2
    second = ann.post("/jobs/cancel", {"task": "add", "cursor": first.body["cursor"]})
    assert len(_ids(second)) == 2
    assert not set(_ids(first)) & set(_ids(second))


def test_however_slow_the_listing_is_each_request_gets_on(desk: Desk, ann: Caller, monkeypatch):
    # given a job that waits, behind others that have ended, and a table that takes long to list them
    monkeypatch.setattr(cancel_many, "PAGE", 2)
    waits = ann.submit("echo", {})
    for _ in range(11):
        desk.world.advance(timedelta(seconds=1))
        ann.post(f"/jobs/{ann.submit('echo', {})}/cancel")
    newest = desk.store.newest

    def slow(before, low):
        desk.world.advance(timedelta(seconds=9))
        return newest(before, low)

    monkeypatch.setattr(desk.store, "newest", slow)
    # when the cursor is followed
    wish: dict[str, Any] = {"task": "echo"}
    taken: list[str] = []
    asked = 0
    while asked == 0 or wish["cursor"] is not None:
        began = desk.world.now()
        answer = ann.post("/jobs/cancel", wish)
        assert desk.world.now() - began < timedelta(seconds=29)
        taken += _ids(answer)
        wish["cursor"] = answer.body["cursor"]
        asked += 1
        assert asked < 5, "it does not get on"
    # then it comes to the end, with the job
    assert taken == [waits]


def test_one_that_a_service_fails_for_stops_no_other(desk: Desk, ann: Caller, monkeypatch):
    bad, good = ann.submit(), ann.submit()
    write = desk.store.write

    def broken(job_id, change):
        if job_id == bad:
            raise Unavailable("throttled")
        return write(job_id, change)

    monkeypatch.setattr(desk.store, "write", broken)
    answer = ann.post("/jobs/cancel", {"task": "add"})
    assert _ids(answer) == [good]
    assert [(one["id"], one["problem"]["status"]) for one in answer.body["refused"]] == [(bad, 503)]


@pytest.mark.parametrize(
    ("wish", "argument"),
    [
        ({}, "task"),
        ({"since": "2026-01-01T00:00:00Z"}, "task"),
        ({"state": "SUCCEEDED"}, "state"),
        ({"state": "GONE"}, "state"),
        ({"task": "add", "limit": 0}, "limit"),
        ({"task": "add", "limit": 1001}, "limit"),
        ({"task": "add", "since": "yesterday"}, "since"),
        ({"task": "add", "cursor": "x"}, "cursor"),
        ({"task": "add", "tenant": "bob"}, "tenant"),
    ],
)
def test_what_does_not_fit_is_refused_by_its_name(ann: Caller, wish, argument):
    job = ann.submit()
    reply = ann.post("/jobs/cancel", wish)
    assert (reply.status, reply.argument) == (422, argument)
    assert ann.get(f"/jobs/{job}").body["state"] == "QUEUED"

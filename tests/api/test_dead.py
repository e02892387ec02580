"""Dead jobs: seen, grouped, and given another life by filter, bounded, each answered for itself."""

from datetime import timedelta
from typing import Any

from chalicelib.domain.errors import Unavailable
from chalicelib.entrypoints.api import redrive_many
from tests.api.desk import Caller, Desk


def _dead(desk: Desk, caller: Caller, count: int = 1, why: str = "x") -> list[str]:
    """The ids of that many dead jobs."""
    batch = {"jobs": [{"task": "fail", "args": {"why": why}}] * count}
    ids = [entry["job"]["id"] for entry in caller.post("/jobs/batch", batch).body["jobs"]]
    desk.work()
    return ids


def _rejected(desk: Desk, caller: Caller) -> str:
    """The id of a job whose arguments its task refuses by now: the code changed since it was accepted."""
    job_id = caller.submit("echo", {"value": 1})
    task = desk.parts.registry["echo"]
    task.__dict__["signature"] = desk.parts.registry["fail"].signature
    desk.work()
    return job_id


def test_dead_jobs_are_listed_and_filtered(desk: Desk, ann: Caller):
    failed, rejected = _dead(desk, ann)[0], _rejected(desk, ann)

    def ids(query: str) -> list[str]:
        return [job["id"] for job in ann.get(f"/dead?{query}").body["jobs"]]

    fingerprint = ann.get(f"/jobs/{failed}").body["error"]["fingerprint"]
    assert sorted(ids("")) == sorted([failed, rejected])
    assert ids("task=fail") == [failed]
    assert ids("reason=rejected") == [rejected]
    assert ids(f"fingerprint={fingerprint}") == [failed]
    assert ids("task=fail&reason=rejected") == []


def test_groups_say_what_dead_jobs_have_in_common(desk: Desk, ann: Caller):
    # given three dead of one cause, an hour apart from the first to the last, and one of another
    first = _dead(desk, ann, 2, "no paper")
    desk.world.advance(timedelta(hours=1))
    last = _dead(desk, ann, 1, "no ink")
    rejected = _rejected(desk, ann)

    # then the largest group comes first, in the words of its newest
    groups = ann.get("/dead/groups").body["groups"]
    assert [(group["task"], group["reason"], group["count"]) for group in groups] == [
        ("fail", "failed", 3),
        ("echo", "rejected", 1),
    ]
    assert groups[0]["error"] == "ValueError: no ink"
    assert (groups[0]["first"], groups[0]["last"]) == ("2026-01-01T12:00:00.000Z", "2026-01-01T13:00:00.000Z")
    assert groups[0]["example"] == last[0] not in first
    assert groups[1]["example"] == rejected


def test_a_redrive_gives_all_that_the_filter_takes_another_life(desk: Desk, ann: Caller):
    failed, rejected = _dead(desk, ann, 3), _rejected(desk, ann)
    body = ann.post("/dead/redrive", {"task": "fail", "reason": "failed"}).body
    assert (body["dry_run"], body["more"], body["refused"]) == (False, False, [])
    assert sorted(job["id"] for job in body["redriven"]) == sorted(failed)
    assert {desk.row(job_id).state for job_id in failed} == {"QUEUED"}
    assert desk.row(rejected).state == "DEAD"


def test_a_dry_run_says_which_it_would_be_and_touches_none(desk: Desk, ann: Caller):
    failed = _dead(desk, ann, 3)
    before = dict(desk.store.rows)
    body = ann.post("/dead/redrive", {"dry_run": True}).body
    assert (body["dry_run"], sorted(job["id"] for job in body["redriven"])) == (True, sorted(failed))
    assert {job["error"] for job in body["redriven"]} == {"ValueError"}
    assert desk.store.rows == before


def test_a_redrive_is_bounded_and_says_that_there_is_more(desk: Desk, ann: Caller):
    _dead(desk, ann, 130)
    counts = []
    for _ in range(3):
        body = ann.post("/dead/redrive", {}).body
        counts.append((len(body["redriven"]), body["more"]))
    assert counts == [(100, True), (30, False), (0, False)]


def test_exactly_as_many_as_the_limit_are_not_more(desk: Desk, ann: Caller):
    _dead(desk, ann, 5)
    body = ann.post("/dead/redrive", {"limit": 5, "dry_run": True}).body
    assert (len(body["redriven"]), body["more"]) == (5, False)


def test_what_is_refused_is_told_with_its_reason_and_stops_no_other(desk: Desk, ann: Caller, monkeypatch):
    # given three dead jobs: one that somebody else redrives between the listing and our write, one that the table fails for
    faster, broken, good = _dead(desk, ann, 3)
    dead = desk.store.dead
    write = desk.store.write

    def overtaken(after, limit):
        page = dead(after, limit)
        monkeypatch.setattr(desk.store, "dead", dead)
        assert ann.post(f"/jobs/{faster}/retry").status == 202
        return page

    def flickering(job_id, change):
        if job_id == broken:
            raise Unavailable("UpdateItem: secret-host-17")
        return write(job_id, change)

    monkeypatch.setattr(desk.store, "dead", overtaken)
    monkeypatch.setattr(desk.store, "write", flickering)

    # when all are redriven
    body = ann.post("/dead/redrive", {}).body

    # then one was, and of the others it is told why not
    assert [job["id"] for job in body["redriven"]] == [good]
    refused: dict[str, Any] = {one["id"]: one["problem"] for one in body["refused"]}
    assert (refused[faster]["status"], refused[broken]["status"]) == (409, 503)
    assert "secret-host" not in str(refused)


def test_a_redrive_ends_before_the_request_does(desk: Desk, ann: Caller, monkeypatch):
    # given a table that takes a second a write
    _dead(desk, ann, 120)
    write = desk.store.write

    def slow(job_id, change):
        desk.world.advance(timedelta(seconds=1))
        return write(job_id, change)

    monkeypatch.setattr(desk.store, "write", slow)
    began = desk.world.now()

    # when a hundred are to be redriven
    body = ann.post("/dead/redrive", {}).body

    # then it ends after the batch in which the time was over, and says that there is more
    assert (len(body["redriven"]), body["more"]) == (redrive_many.AT_ONCE, True)
    assert desk.world.now() - began <= timedelta(seconds=redrive_many.AT_ONCE)


def test_a_bug_of_ours_is_not_told_as_a_refusal(desk: Desk, ann: Caller, monkeypatch):
    _dead(desk, ann)

    def bug(job_id, change):
        raise KeyError(job_id)

    monkeypatch.setattr(desk.store, "write", bug)
    assert ann.post("/dead/redrive", {}).status == 500

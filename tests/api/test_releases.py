"""Releases over HTTP, other arguments for one job, and what each is told when it does not fit."""

from datetime import timedelta
from typing import Any

import pytest

from chalicelib.pipeline.tick import tick
from tests.api.desk import Caller, Desk

NEVER = "01KDWPVNG0FMNSVKE1CC0RQBKJ"


def _dead(desk: Desk, caller: Caller, count: int = 3) -> list[str]:
    batch = {"jobs": [{"task": "fail", "args": {"why": "x"}}] * count}
    ids = [entry["job"]["id"] for entry in caller.post("/jobs/batch", batch).body["jobs"]]
    desk.work()
    desk.world.advance(timedelta(seconds=1))
    return ids


def _mended(desk: Desk) -> None:
    """The task's code has been mended."""
    desk.parts.registry["fail"].__dict__["function"] = lambda why: why


def _minutes(desk: Desk, count: int) -> None:
    for _ in range(count):
        desk.world.advance(timedelta(minutes=1))
        tick(ends=desk.world.now() + timedelta(minutes=1), parts=desk.parts)
        desk.work()


def _make(caller: Caller, **wish: Any) -> Any:
    reply = caller.post("/dead/releases", wish)
    assert reply.status == 201, reply.text
    return reply


def test_a_release_is_made_watched_and_done(desk: Desk, ann: Caller):
    _dead(desk, ann, 13)
    _mended(desk)
    made = _make(ann, task="fail")
    where = made.headers["Location"]
    assert where.endswith(f"/dead/releases/{made.body['id']}")
    assert (made.body["state"], made.body["wave"], made.body["redriven"], made.body["by"]) == (
        "running",
        "none",
        0,
        f"test ({ann.token.split('_')[1]})",
    )
    _minutes(desk, 1)
    assert ann.get(where).body["wave"] == "one"
    _minutes(desk, 4)
    done = ann.get(where).body
    assert (done["state"], done["redriven"], done["succeeded"], done["open"]) == ("done", 13, 13, 0)
    assert [one["id"] for one in ann.get("/dead/releases").body["releases"]] == [made.body["id"]]


def test_one_that_dies_again_stops_it(desk: Desk, ann: Caller):
    _dead(desk, ann, 13)
    made = _make(ann)
    _minutes(desk, 3)
    found = ann.get(f"/dead/releases/{made.body['id']}").body
    assert (found["state"], found["redriven"], found["died"]) == ("stopped", 1, 1)
    assert found["why"] == "1 of 1 jobs died again, more than 20 %"


def test_a_dry_run_shows_the_arguments_as_they_would_be_and_writes_nothing(desk: Desk, ann: Caller):
    ids = _dead(desk, ann)
    patch = [{"op": "replace", "path": "/why", "value": "y"}]
    ahead = ann.post("/dead/releases", {"task": "fail", "patch": patch, "dry_run": True})
    assert ahead.status == 200
    assert (ahead.body["jobs"], ahead.body["more"]) == (3, False)
    assert {one["id"]: one["args"] for one in ahead.body["sample"]} == {job: {"why": "y"} for job in ids}
    assert "args" not in ann.post("/dead/releases", {"dry_run": True}).body["sample"][0]
    assert ann.get("/dead/releases").body["releases"] == []
    bad = [{"op": "add", "path": "/other", "value": 1}]
    told = ann.post("/dead/releases", {"task": "fail", "patch": bad, "dry_run": True}).body["sample"]
    assert {one["problem"]["argument"] for one in told} == {"args.other"}


@pytest.mark.parametrize(
    ("wish", "argument"),
    [
        ({"rate": 0}, "rate"),
        ({"stop_at": 101}, "stop_at"),
        ({"patch": []}, "patch"),
        ({"patch": [{"op": "add"}]}, "patch[0].path"),
        ({"patch": [{"op": "remove", "path": "/why"}]}, "task"),
        ({"task": "fail", "patch": [{"op": "remove", "path": "/why"}]}, "args.why"),
        ({"task": "fail", "args": {"why": 1}}, "args.why"),
        ({"task": "fail", "args": {}, "patch": [{"op": "remove", "path": "/why"}]}, "patch"),
        ({"faster": True}, "faster"),
    ],
)
def test_what_does_not_fit_is_refused_by_its_name(desk: Desk, ann: Caller, wish, argument):
    _dead(desk, ann)
    reply = ann.post("/dead/releases", wish)
    assert (reply.status, reply.argument) == (422, argument)
    assert ann.get("/dead/releases").body["releases"] == []


def test_nothing_to_redrive_is_no_release(ann: Caller):
    assert ann.post("/dead/releases", {}).status == 404


def test_pause_resume_stop(desk: Desk, ann: Caller):
    _dead(desk, ann)
    where = f"/dead/releases/{_make(ann).body['id']}"
    who = f"by test ({ann.token.split('_')[1]})"
    paused = ann.post(f"{where}/pause", {"why": "looking"})
    assert (paused.body["state"], paused.body["why"]) == ("paused", f"{who}: looking")
    assert ann.post(f"{where}/resume").body["state"] == "running"
    stopped = ann.post(f"{where}/stop")
    assert (stopped.body["state"], stopped.body["why"]) == ("stopped", who)
    refused = ann.post(f"{where}/resume")
    assert (refused.status, refused.slug) == (409, "not-possible")


def test_releases_of_others_are_not_there(desk: Desk, ann: Caller, bob: Caller):
    _dead(desk, ann)
    where = f"/dead/releases/{_make(ann).body['id']}"
    assert bob.get("/dead/releases").body["releases"] == []
    assert bob.post("/dead/releases", {}).status == 404
    for reply in (bob.get(where), bob.post(f"{where}/stop"), ann.get(f"/dead/releases/{NEVER}")):
        assert reply.status == 404
    assert ann.get(where).body["state"] == "running"


def test_one_job_is_retried_with_other_arguments(desk: Desk, ann: Caller):
    first, second, third = _dead(desk, ann)
    patch = [{"op": "replace", "path": "/why", "value": "patched"}]
    assert ann.post(f"/jobs/{first}/retry", {"patch": patch}).body["args"] == {"why": "patched"}
    assert ann.post(f"/jobs/{second}/retry", {"args": {"why": "new"}}).body["args"] == {"why": "new"}
    assert ann.post(f"/jobs/{third}/retry").body["args"] == {"why": "x"}


@pytest.mark.parametrize(
    ("wish", "argument"),
    [
        ({"args": {"why": 1}}, "args.why"),
        ({"args": {}, "patch": [{"op": "remove", "path": "/why"}]}, "patch"),
        ({"patch": [{"op": "remove", "path": "/what"}]}, "patch[0].path"),
        ({"arguments": {}}, "arguments"),
    ],
)
def test_a_retry_with_arguments_that_do_not_fit_leaves_the_job_dead(desk: Desk, ann: Caller, wish, argument):
    job = _dead(desk, ann, 1)[0]
    reply = ann.post(f"/jobs/{job}/retry", wish)
    assert (reply.status, reply.argument) == (422, argument)
    assert desk.row(job).state == "DEAD"

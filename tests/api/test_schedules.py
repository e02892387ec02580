"""Schedules over HTTP: from making one to the job that it fires, and every refusal by the name of the argument."""

from datetime import timedelta

import pytest

from chalicelib.pipeline.task import Options
from chalicelib.pipeline.tick import tick
from tests.api.desk import Caller, Desk

NIGHTLY = {"id": "nightly", "task": "add", "args": {"a": 1}, "cron": "0 3 * * *", "timezone": "Europe/Berlin"}


def pass_by(desk: Desk, minutes: int) -> None:
    """Minutes with their ticks."""
    for _ in range(minutes):
        desk.world.advance(timedelta(minutes=1))
        tick(ends=desk.world.now() + timedelta(minutes=1), parts=desk.parts)
        desk.work()


def test_a_schedule_is_made_shown_and_listed(ann: Caller):
    made = ann.post("/schedules", NIGHTLY)
    assert made.status == 201, made.text
    assert made.headers["Location"] == "/schedules/nightly"
    assert made.body == {
        "id": "nightly",
        "task": "add",
        "args": {"a": 1},
        "cron": "0 3 * * *",
        "every": None,
        "at": None,
        "timezone": "Europe/Berlin",
        "catch_up": "one",
        "state": "active",
        "next_fire": "2026-01-02T02:00:00.000Z",
        "last_fire": None,
        "declared": False,
        "created_at": "2026-01-01T12:00:00.000Z",
    }
    assert ann.get("/schedules/nightly").body == made.body
    assert ann.get("/schedules").body == {"schedules": [made.body], "cursor": None}
    # and the same again is the same
    assert ann.post("/schedules", NIGHTLY).body == made.body
    assert ann.post("/schedules", {**NIGHTLY, "cron": "0 4 * * *"}).status == 409


def test_it_fires_jobs_of_the_callers_tenant(desk: Desk, ann: Caller, bob: Caller):
    ann.post("/schedules", {"id": "often", "task": "add", "args": {"a": 1, "b": 2}, "every": 300})
    pass_by(desk, 11)
    jobs = ann.get("/jobs").body["jobs"]
    assert [(job["task"], job["result"], job["created_at"]) for job in jobs] == [
        ("add", 3, "2026-01-01T12:10:00.000Z"),
        ("add", 3, "2026-01-01T12:05:00.000Z"),
    ]
    assert bob.get("/jobs").body["jobs"] == []
    shown = ann.get("/schedules/often").body
    assert (shown["last_fire"], shown["next_fire"]) == (
        "2026-01-01T12:10:00.000Z",
        "2026-01-01T12:15:00.000Z",
    )


def test_the_next_fire_times_can_be_asked_for(ann: Caller):
    ann.post("/schedules", NIGHTLY)
    assert ann.get("/schedules/nightly/next?n=2").body == {
        "fires": ["2026-01-02T02:00:00.000Z", "2026-01-03T02:00:00.000Z"]
    }
    assert len(ann.get("/schedules/nightly/next").body["fires"]) == 10
    for n in ("0", "101", "x"):
        assert ann.get(f"/schedules/nightly/next?n={n}").argument == "n"


def test_it_is_changed_paused_resumed_fired_and_deleted(desk: Desk, ann: Caller):
    ann.post("/schedules", NIGHTLY)
    changed = ann.ask(
        "PATCH", "/schedules/nightly", {"cron": "30 4 * * *", "timezone": "UTC", "args": {"a": 5}}
    )
    assert changed.status == 200, changed.text
    assert (changed.body["next_fire"], changed.body["args"]) == ("2026-01-02T04:30:00.000Z", {"a": 5})
    # paused, it has no next fire
    paused = ann.post("/schedules/nightly/pause").body
    assert (paused["state"], paused["next_fire"]) == ("paused", None)
    assert ann.get("/schedules/nightly/next").body == {"fires": []}
    # but can be fired by hand
    fired = ann.post("/schedules/nightly/fire")
    assert fired.status == 202
    desk.work()
    assert ann.get(fired.headers["Location"]).body["result"] == 6
    assert ann.post("/schedules/nightly/resume").body["next_fire"] == "2026-01-02T04:30:00.000Z"
    # and deleted
    deleted = ann.ask("DELETE", "/schedules/nightly")
    assert (deleted.status, deleted.body) == (200, {"id": "nightly"})
    assert ann.get("/schedules/nightly").status == 404
    assert ann.ask("DELETE", "/schedules/nightly").status == 404
    assert ann.get("/schedules").body["schedules"] == []


def test_a_one_off_is_finished_when_it_has_fired(desk: Desk, ann: Caller):
    made = ann.post("/schedules", {"task": "add", "args": {"a": 1}, "at": "2026-01-01T13:05:30+01:00"})
    assert made.body["next_fire"] == "2026-01-01T12:05:30.000Z"
    pass_by(desk, 7)
    shown = ann.get(f"/schedules/{made.body['id']}").body
    assert (shown["state"], shown["next_fire"], shown["last_fire"]) == (
        "finished",
        None,
        "2026-01-01T12:05:30.000Z",
    )


@pytest.mark.parametrize(
    ("change", "argument"),
    [
        ({"task": "nothing"}, "task"),
        ({"task": None}, "task"),
        ({"id": "not an id"}, "id"),
        ({"id": "@add"}, "id"),
        ({"args": {"a": "one"}}, "args.a"),
        ({"args": {}}, "args.a"),
        ({"args": {"a": 1, "c": 1}}, "args.c"),
        ({"args": 7}, "args"),
        ({"cron": "0 3 * *"}, "cron"),
        ({"cron": "61 3 * * *"}, "cron"),
        ({"cron": "0 0 30 2 *"}, "cron"),
        ({"cron": None}, "cron"),
        ({"cron": None, "timezone": "UTC", "every": 59}, "every"),
        ({"cron": None, "timezone": "UTC", "every": 90.5}, "every"),
        ({"every": 600}, "every"),
        ({"cron": None, "every": 600}, "timezone"),
        ({"cron": None, "timezone": "UTC", "at": "tomorrow"}, "at"),
        ({"cron": None, "timezone": "UTC", "at": "2025-12-31T00:00:00Z"}, "at"),
        ({"timezone": "Berlin"}, "timezone"),
        ({"catch_up": "all:99"}, "catch_up"),
        ({"tenant": "bob"}, "tenant"),
    ],
)
def test_a_wrong_schedule_is_refused_by_the_name_of_the_argument(ann: Caller, change, argument):
    reply = ann.post("/schedules", {**NIGHTLY, **change})
    assert (reply.status, reply.argument) == (422, argument), reply.text
    assert ann.get("/schedules").body["schedules"] == []


@pytest.mark.parametrize(
    ("change", "argument"),
    [
        ({"cron": "x"}, "cron"),
        ({"every": 1}, "every"),
        ({"at": "2025-12-31T00:00:00Z"}, "at"),
        ({"timezone": "Mars/Olympus"}, "timezone"),
        ({"catch_up": ""}, "catch_up"),
        ({"args": {"a": "x"}}, "args.a"),
        ({"task": "echo"}, "task"),
        ({"id": "other"}, "id"),
    ],
)
def test_a_wrong_change_is_refused_by_the_name_of_the_argument(ann: Caller, change, argument):
    before = ann.post("/schedules", NIGHTLY).body
    reply = ann.ask("PATCH", "/schedules/nightly", change)
    assert (reply.status, reply.argument) == (422, argument), reply.text
    assert ann.get("/schedules/nightly").body == before


def test_schedules_are_listed_page_by_page(ann: Caller, bob: Caller):
    for number in range(7):
        ann.post("/schedules", {**NIGHTLY, "id": f"s{number}"})
    bob.post("/schedules", NIGHTLY)
    page = ann.get("/schedules?limit=3").body
    seen = [one["id"] for one in page["schedules"]]
    while page["cursor"] is not None:
        page = ann.get(f"/schedules?limit=3&cursor={page['cursor']}").body
        seen += [one["id"] for one in page["schedules"]]
    assert seen == [f"s{number}" for number in range(7)]
    assert [one["id"] for one in bob.get("/schedules").body["schedules"]] == ["nightly"]
    assert ann.get("/schedules?cursor=x").argument == "cursor"


def test_another_tenants_schedule_is_answered_as_one_that_never_was(ann: Caller, bob: Caller):
    before = ann.post("/schedules", NIGHTLY).body
    for method, path, body in (
        ("GET", "", None),
        ("GET", "/next", None),
        ("PATCH", "", {"catch_up": "skip"}),
        ("DELETE", "", None),
        ("POST", "/pause", None),
        ("POST", "/resume", None),
        ("POST", "/fire", None),
    ):
        reply = bob.ask(method, f"/schedules/nightly{path}", body)
        assert (reply.status, reply.body["detail"]) == (404, "there is no schedule 'nightly'")
    assert ann.get("/schedules/nightly").body == before


def test_what_code_declares_is_shown_and_paused_but_not_changed(desk: Desk):
    desk.parts.registry.add(lambda: None, "tidy", Options(schedule=timedelta(minutes=5)))
    default = desk.caller(tenant="default")
    pass_by(desk, 1)
    shown = default.get("/schedules/@tidy").body
    assert (shown["declared"], shown["every"], shown["state"]) == (True, 300, "active")
    assert default.post("/schedules/@tidy/pause").body["state"] == "paused"
    for method, body in (("PATCH", {"every": 600}), ("DELETE", None)):
        reply = default.ask(method, "/schedules/@tidy", body)
        assert (reply.status, reply.slug) == (409, "not-possible")
        assert "declared in code" in reply.body["detail"]

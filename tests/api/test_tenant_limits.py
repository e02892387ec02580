"""Tenants' limits by HTTP: set whole, shown, taken away; by administrators alone."""

from datetime import timedelta

import pytest

from tests.api.desk import Caller, Desk

PATH = "/tenants/bob/limits"
LIMITS = {
    "rate": {"limit": 10, "per": 1.5, "burst": 5},
    "concurrency": 20,
    "accepted": {"limit": 2, "per": 3600},
    "bytes": {"limit": 1000, "per": 60},
    "unfinished": 50,
    "schedules": 0,
    "children": 3,
}


@pytest.fixture
def operator(desk: Desk) -> Caller:
    return desk.caller("admin")


def test_limits_are_set_shown_listed_and_taken_away(operator: Caller):
    made = operator.ask("PUT", PATH, LIMITS)
    assert made.status == 200
    assert made.body["by"].startswith("test (")
    assert made.body == {
        "tenant": "bob",
        **LIMITS,
        "since": "2026-01-01T12:00:00.000Z",
        "by": made.body["by"],
    }
    assert operator.get(PATH).body == made.body
    assert operator.get("/tenants").body == {"tenants": [made.body]}
    changed = operator.ask("PUT", PATH, {"concurrency": 1}).body
    assert (changed["rate"], changed["concurrency"], changed["accepted"]) == (None, 1, None)
    assert operator.ask("DELETE", PATH).status == 204
    assert operator.ask("DELETE", PATH).status == 404
    assert operator.get(PATH).status == 404
    assert operator.get("/tenants").body == {"tenants": []}


@pytest.mark.parametrize(
    ("body", "argument"),
    [
        ({}, "limits"),
        ({"rates": 1}, "rates"),
        ({"rate": {"limit": 0, "per": 1}}, "rate.limit"),
        ({"rate": {"limit": 1}}, "rate.per"),
        ({"rate": {"limit": 5000, "per": 1}}, "rate.per"),
        ({"rate": {"limit": 1, "per": 1, "key": "x"}}, "rate.key"),
        ({"concurrency": 501}, "concurrency"),
        ({"concurrency": "many"}, "concurrency"),
        ({"accepted": {"limit": 5, "per": 0.5}}, "accepted.per"),
        ({"bytes": {"limit": 0, "per": 1}}, "bytes.limit"),
        ({"unfinished": 0}, "unfinished"),
        ({"unfinished": 10_001}, "unfinished"),
        ({"schedules": -1}, "schedules"),
        ({"children": True}, "children"),
    ],
    ids=str,
)
def test_what_is_wrong_is_named(operator: Caller, body, argument):
    reply = operator.ask("PUT", PATH, body)
    assert (reply.status, reply.argument) == (422, argument), reply.text
    assert operator.get(PATH).status == 404


def test_a_tenant_that_cannot_be_is_named(operator: Caller):
    reply = operator.ask("PUT", "/tenants/-no-/limits", {"concurrency": 1})
    assert (reply.status, reply.argument) == (422, "name")


@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE"])
def test_nobody_else_looks_at_limits_or_sets_them(bob: Caller, method):
    assert bob.ask(method, PATH, {"concurrency": 500} if method == "PUT" else None).status == 403
    assert bob.get("/tenants").status == 403


def test_beyond_its_quota_a_tenant_is_told_to_wait(desk: Desk, operator: Caller, ann: Caller, bob: Caller):
    operator.ask("PUT", PATH, LIMITS)
    desk.world.advance(timedelta(minutes=1))
    assert [bob.post("/jobs", {"task": "add", "args": {"a": 1}}).status for _ in range(2)] == [202, 202]
    refused = bob.post("/jobs", {"task": "add", "args": {"a": 1}})
    assert (refused.status, refused.slug) == (429, "throttled")
    assert "tenant bob accepts 2 jobs in 3600 s" in refused.body["detail"]
    assert 3600 <= int(refused.headers["Retry-After"]) <= 3960
    assert len(desk.store.rows) == 2
    desk.world.advance(timedelta(seconds=int(refused.headers["Retry-After"])))
    assert bob.post("/jobs", {"task": "add", "args": {"a": 1}}).status == 202
    assert ann.post("/jobs", {"task": "add", "args": {"a": 1}}).status == 202


JOB = {"task": "add", "args": {"a": 1}}


@pytest.mark.parametrize(
    ("quota", "path", "fine", "too_much", "status", "slug"),
    [
        (
            {"bytes": {"limit": 15, "per": 60}},
            "/jobs",
            JOB,
            {"task": "add", "args": {"a": 10**20}},
            409,
            "over-quota",
        ),
        ({"bytes": {"limit": 15, "per": 60}}, "/jobs", JOB, {**JOB, "args": {"a": 12345}}, 429, "throttled"),
        ({"unfinished": 1}, "/jobs", JOB, JOB, 429, "throttled"),
        (
            {"schedules": 1},
            "/schedules",
            {**JOB, "id": "a", "cron": "0 * * * *"},
            {**JOB, "id": "b", "cron": "0 * * * *"},
            409,
            "over-quota",
        ),
        (
            {"children": 1},
            "/workflows",
            {"workflow": {"group": [JOB]}},
            {"workflow": {"group": [JOB, JOB]}},
            409,
            "over-quota",
        ),
    ],
    ids=["bytes of one", "bytes in a time", "unfinished", "schedules", "children"],
)
def test_who_is_over_a_quota_is_told_which(
    desk: Desk, operator: Caller, bob: Caller, ann: Caller, quota, path, fine, too_much, status, slug
):
    operator.ask("PUT", PATH, quota)
    desk.world.advance(timedelta(minutes=1))
    assert bob.post(path, fine).status in (201, 202)
    rows = len(desk.store.rows)
    refused = bob.post(path, too_much)
    assert (refused.status, refused.slug) == (status, slug), refused.text
    assert f"quota {next(iter(quota))}" in refused.body["detail"]
    assert ("Retry-After" in refused.headers) == (status == 429)
    assert len(desk.store.rows) == rows
    assert ann.post(path, too_much).status in (201, 202), "another tenant never notices"

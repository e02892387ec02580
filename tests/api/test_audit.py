"""Who changed what: in the history of what was changed where it has one, and in the log for all."""

import logging

import pytest

from chalicelib.entrypoints.api.door import AUDITED
from chalicelib.entrypoints.api.request import MOST_NAME
from chalicelib.entrypoints.api.routes import ROUTES
from chalicelib.pipeline.api_keys import create_key
from tests.api.desk import SCOPES, Caller, Desk, concrete

DEAD = {"task": "fail", "args": {"why": "x"}}


@pytest.fixture
def boss(desk: Desk) -> Caller:
    """An administrator whose key has a name of its own."""
    token, _ = create_key(
        tenant="ann", scopes=frozenset({*SCOPES, "admin"}), name="on call", parts=desk.parts
    )
    return Caller(desk, token)


def _who(caller: Caller) -> str:
    return f"by on call ({caller.token.split('_')[1]})"


def _notes(caller: Caller, job: str, event: str) -> list[str]:
    history = caller.get(f"/jobs/{job}").body["history"]
    return [entry["note"] for entry in history if entry["event"] == event]


def test_a_cancelled_job_says_by_whom(boss: Caller):
    job = boss.submit()
    boss.post(f"/jobs/{job}/cancel")
    assert _notes(boss, job, "cancelled") == [_who(boss)]


def test_so_do_those_of_a_filter(boss: Caller):
    job = boss.submit()
    boss.post("/jobs/cancel", {"task": "add"})
    assert _notes(boss, job, "cancelled") == [_who(boss)]


def test_a_retried_job_says_by_whom_and_that_its_arguments_are_others(desk: Desk, boss: Caller):
    job = boss.submit(**DEAD)
    for body in ({}, {"args": {"why": "y"}}):
        desk.work()
        assert boss.post(f"/jobs/{job}/retry", body).status == 202
    assert _notes(boss, job, "redriven") == [_who(boss), f"with other arguments, {_who(boss)}"]


def test_a_redrive_by_filter_says_by_whom(desk: Desk, boss: Caller):
    job = boss.submit(**DEAD)
    desk.work()
    boss.post("/dead/redrive", {"task": "fail"})
    assert _notes(boss, job, "redriven") == [_who(boss)]


def test_a_release_says_who_made_and_who_turned_it(desk: Desk, boss: Caller):
    boss.submit(**DEAD)
    desk.work()
    made = boss.post("/dead/releases", {"task": "fail"}).body
    assert f"by {made['by']}" == _who(boss)
    paused = boss.post(f"/dead/releases/{made['id']}/pause", {"why": "lunch"}).body
    assert paused["why"] == f"{_who(boss)}: lunch"


def test_no_name_of_a_key_makes_a_row_large(desk: Desk):
    token, key = create_key(tenant="ann", scopes=frozenset(SCOPES), name="x" * 5000, parts=desk.parts)
    long = Caller(desk, token)
    job = long.submit()
    long.post(f"/jobs/{job}/cancel")
    assert _notes(long, job, "cancelled") == [f"by {'x' * MOST_NAME} ({key.id})"]


CHANGES = [route for route in ROUTES if route.method != "GET" and route.scope in AUDITED]


@pytest.mark.parametrize("route", CHANGES, ids=lambda route: f"{route.method} {route.path}")
def test_each_change_that_took_place_is_in_the_log_with_its_key(
    desk: Desk, boss: Caller, caplog: pytest.LogCaptureFixture, route
):
    body = route.example if route.body is not None else None
    if isinstance(body, dict) and "dry_run" in body:
        body = {**body, "dry_run": False}
    with caplog.at_level(logging.INFO):
        reply = boss.ask(route.method, concrete(route.path), body)
    lines = [record for record in caplog.records if getattr(record, "action", "") == "changed"]
    if reply.status >= 400:
        assert lines == []
        return
    [line] = [record.__dict__ for record in lines]
    assert (line["operation"], line["key_id"], line["key_name"]) == (
        route.operation,
        boss.token.split("_")[1],
        "on call",
    )
    assert boss.token.rpartition("_")[2] not in str(line)


def test_what_only_looks_is_no_change(desk: Desk, boss: Caller, caplog: pytest.LogCaptureFixture):
    boss.submit()
    with caplog.at_level(logging.INFO):
        boss.post("/jobs/cancel", {"task": "add", "dry_run": True})
        boss.get("/jobs")
    assert [record for record in caplog.records if getattr(record, "action", "") == "changed"] == []

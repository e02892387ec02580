"""Budgets by HTTP: set whole, shown with what is spent, taken away; by administrators alone; and what those hear who are over one."""

from datetime import timedelta

import pytest

from chalicelib.pipeline.budgets.budget import WATCH
from chalicelib.pipeline.budgets.watch import look_after_budgets
from tests.api.desk import Caller, Desk
from tests.api.test_costs import kept, work

__all__ = ["kept"]  # a fixture

PATHS = {"tenant": "/tenants/ann/budget", "task": "/tasks/add/budget", "stage": "/stage/budget"}


@pytest.fixture
def operator(desk: Desk) -> Caller:
    return desk.caller("admin", tenant="ops")


@pytest.mark.parametrize("kind", PATHS)
def test_a_budget_is_set_shown_listed_and_taken_away(operator: Caller, kind):
    path = PATHS[kind]
    made = operator.ask("PUT", path, {"day": 5.0, "month": 100.0, "on_spent": "pause"})
    assert made.status == 200
    assert made.body["kind"] == kind
    assert made.body["day"] == {
        "period": "2026-01-01",
        "dollars": 5.0,
        "spent": 0.0,
        "until": "2026-01-02T00:00:00.000Z",
    }
    assert made.body["month"]["until"] == "2026-02-01T00:00:00.000Z"
    assert (made.body["on_spent"], made.body["held"]) == ("pause", None)
    assert made.body["by"].startswith("test (")
    assert operator.get(path).body == made.body
    assert operator.get("/budgets").body == {"budgets": [made.body]}
    changed = operator.ask("PUT", path, {"month": 7}).body
    assert (changed["day"], changed["month"]["dollars"], changed["on_spent"]) == (None, 7, "tell")
    assert operator.ask("DELETE", path).status == 204
    assert operator.ask("DELETE", path).status == operator.get(path).status == 404
    assert operator.get("/budgets").body == {"budgets": []}


def test_whoever_is_over_budget_is_told_which_and_until_when(
    desk: Desk, operator: Caller, ann: Caller, bob: Caller, kept
):
    # given a budget that one job uses up
    assert operator.ask("PUT", PATHS["tenant"], {"day": 0.000001, "on_spent": "pause"}).status == 200
    ann.submit()
    work(desk, kept)
    look_after_budgets(WATCH, desk.world.now() + timedelta(minutes=1), desk.parts)
    desk.world.advance(timedelta(minutes=1))

    # when she submits again
    refused = ann.post("/jobs", {"task": "add", "args": {"a": 1}})

    # then it is refused, and says why; others are not
    assert (refused.status, refused.slug) == (429, "over-budget")
    assert "tenant ann for 2026-01-01" in refused.body["detail"]
    assert refused.body["retry_after"] == int(refused.headers["Retry-After"]) > 11 * 3600
    assert bob.post("/jobs", {"task": "add", "args": {"a": 1}}).status == 202
    batch = ann.post("/jobs/batch", {"jobs": [{"task": "add", "args": {"a": 1}}] * 2}).body
    assert {answer["problem"]["type"] for answer in batch["jobs"]} == {"urn:jobline:problem:over-budget"}
    shown = operator.get(PATHS["tenant"]).body
    assert shown["held"] == {"period": "2026-01-01", "until": "2026-01-02T00:00:00.000Z"}
    assert shown["day"]["spent"] > shown["day"]["dollars"]


@pytest.mark.parametrize(
    ("body", "argument"),
    [
        ({}, "day"),
        ({"day": 0}, "day"),
        ({"day": "5"}, "day"),
        ({"month": 1e9}, "month"),
        ({"day": 1, "on_spent": "stop"}, "on_spent"),
        ({"day": 1, "year": 1}, "year"),
    ],
    ids=str,
)
@pytest.mark.parametrize("kind", PATHS)
def test_what_is_wrong_is_named(operator: Caller, kind, body, argument):
    reply = operator.ask("PUT", PATHS[kind], body)
    assert (reply.status, reply.argument) == (422, argument), reply.text
    assert operator.get(PATHS[kind]).status == 404


def test_there_is_no_budget_for_what_cannot_be(operator: Caller):
    assert operator.ask("PUT", "/tasks/nothing/budget", {"day": 1}).status == 404
    reply = operator.ask("PUT", "/tenants/-no-/budget", {"day": 1})
    assert (reply.status, reply.argument) == (422, "name")


@pytest.mark.parametrize("kind", PATHS)
@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE"])
def test_nobody_else_looks_at_budgets_or_sets_them(ann: Caller, method, kind):
    assert ann.ask(method, PATHS[kind], {"day": 1000} if method == "PUT" else None).status == 403
    assert ann.get("/budgets").status == 403

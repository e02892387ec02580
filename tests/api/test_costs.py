"""Costs over HTTP: what was run is told in dollars, by day, task and tenant, to whom it belongs."""

from dataclasses import replace
from datetime import timedelta
from urllib.parse import quote

import pytest

from chalicelib import wiring
from chalicelib.adapters.observed import ObservedStore
from chalicelib.adapters.statistics import Statistics
from chalicelib.entrypoints.api import costs
from chalicelib.lanes import MEMORY
from chalicelib.pipeline.nobody import NOBODY_TRACES
from chalicelib.prices import run_prices
from tests.api.desk import Caller, Desk

DAY = timedelta(days=1)


@pytest.fixture
def kept(desk: Desk) -> Statistics:
    """The desk's statistics, kept from here on."""
    made = Statistics(desk.parts.items, desk.world, memory=MEMORY, aside=lambda act: act())
    desk.parts = replace(desk.parts, metrics=made, store=ObservedStore(desk.store, NOBODY_TRACES, made))
    wiring.use(desk.parts)
    return made


def work(desk: Desk, kept: Statistics) -> None:
    """A batch that takes a second."""
    with kept.invocation("default"):
        desk.work()
        desk.world.advance(timedelta(seconds=1))


@pytest.fixture
def two_days(desk: Desk, ann: Caller, bob: Caller, kept: Statistics) -> None:
    """Yesterday ann and bob ran one each, today ann ran two, one of which died."""
    ann.submit()
    bob.submit()
    work(desk, kept)
    desk.world.advance(DAY)
    ann.submit()
    ann.submit("fail", {"why": "x"})
    work(desk, kept)


def test_a_job_costs_three_writes_its_message_and_its_time(desk: Desk, ann: Caller, kept: Statistics):
    # given one job, alone in a batch that took a second in a lane of 1 GB
    ann.submit()
    work(desk, kept)

    # when one asks
    total = ann.get("/costs").body["total"]

    # then that is what the price file says of it
    prices = run_prices()
    assert total["table"] == pytest.approx(3 * prices.write_unit, abs=1e-9)
    assert total["queue"] == pytest.approx(3 * prices.sqs_request, abs=1e-9)
    assert total["consumers"] == pytest.approx(prices.gb_second + prices.lambda_request, abs=1e-9)
    assert total["dollars"] == pytest.approx(total["table"] + total["queue"] + total["consumers"], abs=3e-9)
    assert (total["billed_ms"], total["started"], total["ended"]) == (1000, 1, 1)
    assert total["per_million"] == pytest.approx(total["dollars"] * 1e6, rel=1e-3)


@pytest.mark.usefixtures("two_days")
def test_lines_are_told_apart_by_what_is_asked_for(ann: Caller):
    by_task = ann.get("/costs").body
    assert {line["task"]: line["ended"] for line in by_task["lines"]} == {"add": 2, "fail": 1}
    by_both = ann.get("/costs?by=task,day").body
    assert by_both["by"] == ["day", "task"]
    assert (by_both["lines"][0]["day"], by_both["lines"][0]["task"]) == ("2026-01-01", "add")
    assert {(line["day"], line["task"]) for line in by_both["lines"]} == {
        ("2026-01-01", "add"),
        ("2026-01-02", "add"),
        ("2026-01-02", "fail"),
    }
    for found in (by_task, by_both):
        assert sum(line["dollars"] for line in found["lines"]) == pytest.approx(
            found["total"]["dollars"], abs=1e-8
        )


@pytest.mark.usefixtures("two_days")
def test_one_day_and_one_task_alone(ann: Caller):
    found = ann.get("/costs?since=2026-01-02T00:00:00Z&by=day").body
    assert [(line["day"], line["ended"]) for line in found["lines"]] == [("2026-01-02", 2)]
    assert ann.get("/costs?task=fail").body["total"]["ended"] == 1


@pytest.mark.usefixtures("two_days")
def test_a_tenant_sees_his_own_costs_and_an_administrator_anybodys(desk: Desk, ann: Caller, bob: Caller):
    assert bob.get("/costs?by=tenant").body["total"]["ended"] == 1
    for wish in ("ann", "*", "nobody"):
        assert bob.get(f"/costs?tenant={quote(wish)}").status == 403
    everybody = desk.caller("admin", tenant="ops").get("/costs?by=tenant&tenant=*").body
    assert {line["tenant"]: line["ended"] for line in everybody["lines"]} == {"ann": 3, "bob": 1}
    assert everybody["tenant"] is None
    assert desk.caller("submit").get("/costs").status == 403


@pytest.mark.usefixtures("two_days")
def test_what_costs_least_is_left_off_and_said_to_be(ann: Caller, monkeypatch):
    monkeypatch.setattr(costs, "MOST_LINES", 1)
    found = ann.get("/costs").body
    assert (len(found["lines"]), found["left_off"], found["total"]["ended"]) == (1, 1, 3)


@pytest.mark.parametrize(
    ("query", "argument"),
    [
        ("by=", "by"),
        ("by=hour", "by"),
        ("by=task,,day", "by"),
        ("since=yesterday", "since"),
        ("since=2020-01-01T00:00:00Z", "since"),
        ("last=60", "last"),
        ("last=7200&since=2026-01-01T10:00:00Z", "last"),
        ("step=60", "step"),
    ],
)
def test_what_cannot_be_asked_is_refused_by_name(ann: Caller, query, argument):
    reply = ann.get(f"/costs?{query}")
    assert (reply.status, reply.argument) == (422, argument)


def test_without_a_time_it_is_seven_days_with_today(ann: Caller):
    assert ann.get("/costs").body["since"] == "2025-12-26T00:00:00.000Z"


def test_a_plan_goes_by_the_tasks_own_history(desk: Desk, ann: Caller, bob: Caller, kept: Statistics):
    # given ten jobs in a batch that took a second
    for _ in range(10):
        ann.submit()
    work(desk, kept)

    # when one asks for as many again, many times over
    plan = ann.get("/tasks/add/plan?count=1000000").body

    # then it is told what they cost and how long they take, with what that is made of
    assert plan["history"]["attempts"] == 10
    assert plan["write_units"] == 3_000_000
    assert plan["dollars"] == pytest.approx(sum(line["dollars"] for line in plan["lines"]), abs=1e-5)
    assert plan["limited_by"] == plan["limits"][0]["what"] == "table"
    assert plan["seconds"] >= plan["limits"][0]["seconds"] == 750
    assert plan["done_at"] is not None
    assert any("10 of the history" in line for line in plan["assumptions"])
    # and nobody else's history is in it
    assert bob.get("/tasks/add/plan?count=5").argument == "run_ms"
    assert bob.get("/tasks/add/plan?count=5&run_ms=100").body["history"]["attempts"] == 0
    assert bob.get("/tasks/add/plan?count=5&tenant=ann").status == 403
    everybody = desk.caller("admin", tenant="ops").get("/tasks/add/plan?count=5&tenant=*")
    assert everybody.body["history"]["attempts"] == 10


def test_a_plan_reckons_with_the_tenants_limits_and_what_waits(desk: Desk, ann: Caller):
    limits = {"rate": {"limit": 1, "per": 1}, "accepted": {"limit": 10, "per": 86400}}
    assert desk.caller("admin").ask("PUT", "/tenants/ann/limits", limits).status == 200
    desk.world.advance(timedelta(minutes=2))
    ann.submit()

    plan = ann.get("/tasks/add/plan?count=100&run_ms=1000&args_bytes=4096").body
    assert plan["limited_by"] == "tenant's quota"
    assert {limit["what"]: limit["seconds"] for limit in plan["limits"]}["tenant's rate"] == 99
    assert plan["write_units"] == 800
    assert any(line.startswith("1 messages wait") for line in plan["assumptions"])


@pytest.mark.parametrize(
    ("query", "argument"),
    [
        ("", "count"),
        ("count=0", "count"),
        ("count=2000000000", "count"),
        ("count=5&run_ms=0", "run_ms"),
        ("count=5&a_request=1001", "a_request"),
        ("count=5&table_units=1", "table_units"),
        ("count=5&size=1", "size"),
    ],
)
def test_a_plan_refuses_what_it_cannot_reckon_with_by_name(ann: Caller, query, argument):
    reply = ann.get(f"/tasks/add/plan?{query}")
    assert (reply.status, reply.argument) == (422, argument)


def test_there_is_no_plan_for_a_task_that_is_not_there(ann: Caller):
    assert ann.get("/tasks/nothing/plan?count=5").status == 404


def test_what_takes_longer_than_ten_years_has_no_date(ann: Caller):
    plan = ann.get("/tasks/add/plan?count=1000000000&run_ms=43200000").body
    assert plan["done_at"] is None

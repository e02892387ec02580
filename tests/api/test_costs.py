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

"""Statistics over HTTP: what was run is told, to whom it belongs."""

from dataclasses import replace
from datetime import timedelta
from urllib.parse import quote

import pytest

from chalicelib import wiring
from chalicelib.adapters.observed import ObservedStore
from chalicelib.adapters.statistics import Statistics
from chalicelib.entrypoints.api.document import rfc3339
from chalicelib.lanes import MEMORY
from chalicelib.pipeline.nobody import NOBODY_TRACES
from chalicelib.pipeline.statistics.bind import bind
from chalicelib.pipeline.statistics.figures import Figures
from chalicelib.prices import RunPrices, run_prices
from tests.api.desk import Caller, Desk

MINUTE = timedelta(minutes=1)


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


def test_what_was_run_is_told_by_outcome_and_task(desk: Desk, ann: Caller, kept: Statistics):
    # given three jobs that succeed and one that dies
    for _ in range(3):
        ann.submit()
    ann.submit("fail", {"why": "x"})
    work(desk, kept)

    # when one asks
    found = ann.get("/stats").body

    # then it is there at once
    totals = found["totals"]
    assert (totals["started"], totals["succeeded"], totals["dead"], totals["retried"]) == (4, 3, 1, 0)
    assert totals["run"]["count"] == totals["wait"]["count"] == 4
    assert totals["billed_ms"] == 1000
    assert {one["task"]: (one["succeeded"], one["dead"]) for one in found["tasks"]} == {
        "add": (3, 0),
        "fail": (0, 1),
    }
    assert [step["started"] for step in found["series"]] == [4]
    assert (found["tenant"], found["tenants"], found["folded"], found["settled_until"]) == (
        "ann",
        [],
        False,
        None,
    )
    assert found["complete_until"] == found["until"]


def test_a_cancelled_job_is_counted_though_nobody_ran_it(desk: Desk, ann: Caller, kept: Statistics):
    job_id = ann.submit()
    ann.post(f"/jobs/{job_id}/cancel")

    totals = ann.get("/stats").body["totals"]
    assert (totals["started"], totals["cancelled"]) == (0, 1)
    assert totals["run"] == {"count": 0, "mean": None, "p50": None, "p95": None, "p99": None}


def test_it_is_the_same_after_the_tick_bound_it(desk: Desk, ann: Caller, kept: Statistics):
    ann.submit()
    work(desk, kept)
    desk.world.advance(3 * MINUTE)
    query = f"/stats?since={quote(rfc3339(desk.world.now() - 30 * MINUTE))}&until={quote(rfc3339(desk.world.now()))}"
    before = ann.get(query).body
    assert bind(until=desk.world.now() + MINUTE, parts=desk.parts) == 1

    after = ann.get(query).body
    assert after.pop("settled_until") is not None
    assert before.pop("settled_until") is None
    assert after == before


def test_a_tenant_sees_his_own_figures_only(desk: Desk, ann: Caller, bob: Caller, kept: Statistics):
    ann.submit()
    bob.submit()
    bob.submit()
    work(desk, kept)

    assert ann.get("/stats").body["totals"]["succeeded"] == 1
    assert ann.get("/stats?tenant=ann").body["totals"]["succeeded"] == 1
    for wish in ("bob", "*", "nobody"):
        reply = ann.get(f"/stats?tenant={quote(wish)}")
        assert (reply.status, reply.slug) == (403, "forbidden")


def test_an_administrator_sees_anybodys_and_everybodys(
    desk: Desk, ann: Caller, bob: Caller, kept: Statistics
):
    ann.submit()
    bob.submit()
    bob.submit()
    work(desk, kept)
    admin = desk.caller("admin", tenant="ops")

    assert admin.get("/stats").body["totals"]["succeeded"] == 0
    assert admin.get("/stats?tenant=bob").body["totals"]["succeeded"] == 2
    everybody = admin.get("/stats?tenant=*").body
    assert everybody["tenant"] is None
    assert {one["tenant"]: one["succeeded"] for one in everybody["tenants"]} == {"ann": 1, "bob": 2}


def test_one_task_alone(desk: Desk, ann: Caller, kept: Statistics):
    ann.submit()
    ann.submit("fail", {"why": "x"})
    work(desk, kept)

    found = ann.get("/stats?task=fail&step=300").body
    assert (found["task"], found["step"], found["totals"]["dead"], found["totals"]["succeeded"]) == (
        "fail",
        300,
        1,
        0,
    )


@pytest.mark.parametrize(
    ("query", "argument"),
    [
        ("step=1", "step"),
        ("step=90", "step"),
        ("step=x", "step"),
        ("since=yesterday", "since"),
        ("last=0", "last"),
        ("last=600&since=2026-01-01T10:00:00Z", "last"),
        ("until=2026-13-01T00:00:00Z", "until"),
        ("since=2020-01-01T00:00:00Z", "since"),
        ("since=2999-01-01T00:00:00Z", "since"),
        ("from=2020-01-01T00:00:00Z", "from"),
        ("task=a&task=b", "task"),
    ],
)
def test_what_cannot_be_asked_is_refused_by_name(ann: Caller, query, argument):
    reply = ann.get(f"/stats?{query}")

    assert (reply.status, reply.argument) == (422, argument)


def test_the_last_hours_are_told_by_the_apis_clock(desk: Desk, ann: Caller):
    found = ann.get("/stats?last=86400&step=900").body

    assert found["until"] == rfc3339(desk.world.now() + MINUTE)
    assert found["since"] == rfc3339(desk.world.now() - timedelta(days=1))


def test_an_administrator_who_mistypes_a_tenant_is_told(desk: Desk):
    reply = desk.caller("admin").get("/stats?tenant=a%20b")

    assert (reply.status, reply.argument) == (422, "tenant")


def test_dollars_are_time_writes_and_messages_by_the_price_file():
    # given a job that ran twice, a second each in an invocation of its own, in a lane of one GB
    prices = RunPrices(
        as_of="", region="", write_unit=1.0, sqs_request=0.1, lambda_request=0.01, gb_second=100.0
    )
    figures = Figures(started=2, retried=1, succeeded=1, megabyte_ms=2 * 1024 * 1000, calls=2000)

    # then that is two claims, two outcomes, an acceptance; a message each; two batches received and deleted
    assert prices.dollars(figures) == pytest.approx(200 + 5 * 1.0 + 2 * 0.1 + 2 * (0.01 + 2 * 0.1))


def test_a_million_plain_jobs_cost_what_the_bill_says_of_them():
    # the same prices as `jobline cost`: three writes are the table's share
    assert run_prices().dollars(Figures(started=10**6, succeeded=10**6)) == pytest.approx(3 * 0.625 + 0.4)

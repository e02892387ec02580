"""Forecasts: against cases worked out by hand."""

from collections import Counter
from datetime import timedelta

import pytest

from chalicelib.domain.flow import Concurrency, GateKind, Ordered, Rate, Throttle
from chalicelib.domain.lane import Lane
from chalicelib.domain.retry import Backoff
from chalicelib.pipeline.forecast import (
    Ask,
    Known,
    attempts_a_job,
    beside_ms,
    forecast,
    worst_of,
)
from chalicelib.pipeline.statistics.figures import Figures
from chalicelib.pipeline.statistics.spread import Spread, bucket, middle
from chalicelib.prices import RunPrices

SECOND = timedelta(seconds=1)
LANE = Lane(name="here", meant="For this.", memory=1024, batch_size=10, concurrency=20)
PRICES = RunPrices(
    as_of="",
    region="",
    write_unit=1.0,
    sqs_request=0.1,
    lambda_request=0.01,
    gb_second=100.0,
    read_unit=0.5,
    api_request=2.0,
    s3_put=5.0,
    s3_get=0.4,
    log_gb=1000.0,
)


def ran(*times: float) -> Spread:
    spread = Spread()
    for ms in times:
        spread.add(ms)
    return spread


PAST = Figures(started=100, succeeded=100, run=ran(*[900.0] * 100), calls=10_000, billed_ms=10_000)
"""A hundred attempts of 900 ms in ten full batches of a second each."""


def limits(found) -> dict[str, float]:
    return {limit.what: limit.seconds for limit in found.limits}


def test_a_hundred_thousand_jobs_worked_by_hand():
    found = forecast(Ask(count=100_000), Known(past=PAST, lane=LANE))

    # 10,000 batches of a second: five consumers grow to twenty in three seconds and do 37.5 of them, the rest takes 498.125 s
    assert found.batch_ms == 1000
    assert limits(found) == {"consumers": pytest.approx(501.125), "table": pytest.approx(75)}
    assert found.slowest.what == "consumers"
    assert found.seconds == pytest.approx(501.125)
    # three writes a job; messages sent, received and deleted in tens; the sweeps
    assert found.write_units == 300_000
    assert found.sqs_requests == 30_000
    assert found.read_units == 40_000
    assert (found.jobs.calls, found.jobs.billed_ms, found.api_requests) == (10_000_000, 10_000_000, 100)
    # and in money, by round prices
    dollars = {what: amount for what, (amount, _) in PRICES.forecast(found).items()}
    assert dollars == {
        "consumers": pytest.approx(10_000 * 100 + 10_000 * 0.01),
        "table": 300_000,
        "reads": 20_000,
        "queue": pytest.approx(3_000),
        "API": pytest.approx(201),
        "logs": pytest.approx(150),
    }


def test_a_few_jobs_end_while_consumers_still_grow():
    # 2.5 t² + 5 t = 30 batches of a second: t = 2.605 s
    found = forecast(Ask(count=300), Known(past=PAST, lane=LANE))
    assert limits(found)["consumers"] == pytest.approx(2.6056, abs=1e-3)


def test_one_in_five_attempts_fails_and_costs_two_writes_a_message_and_its_wait():
    past = Figures(started=100, succeeded=80, retried=20, run=ran(*[100.0] * 100))
    known = Known(past=past, lane=LANE, backoff=Backoff(base=2 * SECOND))
    found = forecast(Ask(count=1000), known)

    assert attempts_a_job(past) == 1.25
    assert (found.jobs.started, found.jobs.retried) == (1250, 250)
    assert found.write_units == 3 * 1000 + 2 * 250
    assert found.sqs_requests == 100 + 250 + 2 * 125
    # 1000 → 200 → 40 → 8 → 1.6: four retries of on average 1, 2, 4 and 8 s
    assert found.seconds == pytest.approx(max(limits(found).values()) + 15)


def test_the_slowest_of_a_batch_is_what_it_lasts():
    # one attempt in ten takes a second, the others next to nothing: of ten, one does with 1 - 0.9^10
    spread = ran(*[1.0] * 90, *[1000.0] * 10)
    assert worst_of(spread, 10) == pytest.approx(1000 * (1 - 0.9**10), rel=0.05)
    assert worst_of(spread, 1) == pytest.approx(spread.mean)
    assert worst_of(Spread(), 10) == 0


def test_a_buckets_middle_does_not_make_the_mean_wrong():
    spread = Spread(Counter({bucket(1000): 5, bucket(3000): 5}), total=5 * 1000 + 5 * 3000)
    assert worst_of(spread, 1) == pytest.approx(2000)
    assert middle(bucket(1000)) != 1000


def test_what_a_batch_takes_besides_is_learnt_from_the_bill():
    assert beside_ms(PAST) == 100
    assert beside_ms(Figures()) == 100  # assumed
    alone = Figures(run=ran(50.0, 50.0), calls=2000, billed_ms=180)
    assert beside_ms(alone) == pytest.approx(40)


@pytest.mark.parametrize(
    ("size", "units", "puts"), [(320, 0, 0), (321, 1, 0), (4096, 5, 0), (8192, 9, 0), (8193, 0, 1)]
)
def test_large_arguments_lie_in_an_item_and_larger_ones_in_s3(size, units, puts):
    plain = forecast(Ask(count=100), Known(past=PAST, lane=LANE))
    large = forecast(Ask(count=100, args_bytes=size), Known(past=PAST, lane=LANE))
    assert large.write_units - plain.write_units == 100 * units
    assert (large.s3_puts, large.s3_gets) == (100 * puts, 100 * puts)
    result = forecast(Ask(count=100, result_bytes=size), Known(past=PAST, lane=LANE))
    assert (result.write_units, result.s3_puts, result.s3_gets) == (large.write_units, 100 * puts, 0)
    assert ("payloads" in PRICES.forecast(large)) == bool(puts)


@pytest.mark.parametrize(
    ("known", "what", "seconds"),
    [
        ({"policies": {GateKind.RATE: Rate(10, SECOND, burst=5)}}, "task's rate", 99.5),
        ({"policies": {GateKind.SLOTS: Concurrency(3)}}, "task's slots", 300),
        ({"policies": {GateKind.ORDER: Ordered()}}, "order", 900),
        ({"tenant_rate": Rate(1, SECOND)}, "tenant's rate", 999),
        ({"tenant_slots": Concurrency(2)}, "tenant's slots", 450),
        ({"quota": Throttle(300, timedelta(hours=1))}, "tenant's quota", 3 * 3600),
    ],
    ids=lambda one: one if isinstance(one, str) else "",
)
def test_limits_of_the_task_and_the_tenant_hold_all_up(known, what, seconds):
    found = forecast(Ask(count=1000), Known(past=PAST, lane=LANE, **known))
    assert limits(found)[what] == pytest.approx(seconds)
    assert found.slowest.what == what
    assert found.seconds == pytest.approx(seconds + 0.9)  # and the last one runs


def test_nothing_is_done_before_a_batch_is():
    assert forecast(Ask(count=1), Known(past=PAST, lane=LANE)).seconds == pytest.approx(1)


def test_limits_by_a_key_are_not_known_and_said_not_to_be():
    keyed = {GateKind.RATE: Rate(1, SECOND, key=("account",))}
    found = forecast(Ask(count=1000), Known(past=PAST, lane=LANE, policies=keyed))
    assert set(limits(found)) == {"consumers", "table"}
    assert any("by a key of its arguments (rate)" in line for line in found.assumed)


def test_what_waits_in_the_lane_comes_first():
    empty, full = (
        forecast(Ask(count=1000), Known(past=PAST, lane=LANE, waiting=waiting)) for waiting in (0, 200_000)
    )
    assert limits(full)["consumers"] - limits(empty)["consumers"] == pytest.approx(1000, rel=0.01)
    assert full.write_units == empty.write_units


def test_one_says_how_long_a_run_is_where_there_is_no_history():
    found = forecast(Ask(count=10, run_ms=400.0, a_request=1), Known(past=Figures(), lane=LANE))
    assert found.batch_ms == 500
    assert found.sqs_requests == 10 + 2  # each sent alone
    assert found.assumed[0] == "an attempt runs 400 ms, as the question says"


def test_a_lane_without_a_share_grows_to_what_the_account_has():
    free = Lane(name="free", meant="For all.", batch_size=10)
    found = forecast(Ask(count=10_000_000, table_units=32_000), Known(past=PAST, lane=free))
    assert "1000 invocations at once" in next(one.how for one in found.limits if one.what == "consumers")
    assert limits(found)["table"] == pytest.approx(30_000_000 / 32_000)

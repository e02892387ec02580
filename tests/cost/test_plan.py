"""What `jobline plan` forecasts is what is counted: on moto, by each feature's promise, and by the model of a stage's limits."""

import pytest

from bench.bill import MEASURED, Assumed
from bench.scaling.limits import Limits, Settings
from bench.scaling.load import Flow, Scenario, steady
from bench.scaling.stage import Stage
from chalicelib.adapters.aws import payloads
from chalicelib.domain.lane import Lane
from chalicelib.pipeline import forecast as model
from chalicelib.pipeline.forecast import Ask, Known, forecast
from chalicelib.pipeline.statistics.figures import Figures
from chalicelib.prices import LOG_KB
from tests.cost.conftest import PLAIN_JOBS
from tests.cost.test_features import UNITS

LANE = Lane(name="default", meant="For its numbers.", concurrency=20)


def test_plain_jobs_take_what_was_forecast(on_moto):
    made = forecast(Ask(count=PLAIN_JOBS, run_ms=1.0), Known(past=Figures(), lane=LANE))
    counted = on_moto[1].job
    assert made.write_units == pytest.approx(counted.write_units * PLAIN_JOBS, rel=0.02)
    assert made.sqs_requests == pytest.approx(counted.sqs_requests * PLAIN_JOBS, rel=0.1)


def test_retries_and_large_arguments_cost_what_their_features_cost():
    plain = Known(past=Figures(), lane=LANE)
    failing = Known(past=Figures(succeeded=1, retried=1), lane=LANE)
    assert forecast(Ask(count=1, run_ms=1.0), failing).write_units == UNITS["retried once"]
    large = forecast(Ask(count=1, run_ms=1.0, args_bytes=4096), plain)
    assert large.write_units == UNITS["with 4 KB of arguments"]


@pytest.mark.parametrize(("jobs", "task_seconds"), [(20_000, 0.4), (100_000, 1.0), (12_000, 7.5)])
def test_it_takes_as_long_as_the_simulated_stage(jobs, task_seconds):
    # given all of the jobs at once, and a warm table
    settings = Settings(consumers=20, warm_partitions=64, jobs_a_request=1000)
    flow = Flow(name="all", rate=steady(jobs / 10, until=10), task_seconds=task_seconds)
    scenario = Scenario(name="x", words="x", flows=[flow], until=10, seconds=20_000, settings=settings)
    # when they are simulated second by second, and forecast by a formula
    simulated = Stage(scenario, Limits.load()).run().drained
    made = forecast(
        Ask(count=jobs, run_ms=1000 * task_seconds, table_units=32_000), Known(past=Figures(), lane=LANE)
    )
    # then both come to the same
    assert made.slowest.what == "consumers"
    assert made.seconds == pytest.approx(simulated, rel=0.05)


def test_it_takes_the_same_for_granted_as_the_bill_the_model_and_the_adapters():
    limits, assumed = Limits.load(), Assumed()
    assert (MEASURED.sweep_read_units, assumed.batch_ms, assumed.log_kb) == (
        model.SWEEP_READ_UNITS,
        model.BATCH_MS,
        LOG_KB,
    )
    assert payloads.ITEM_BYTES == model.ITEM_BYTES
    assert (
        limits.first_consumers,
        limits.more_consumers,
        limits.mapping_consumers,
        limits.account_concurrency,
    ) == (model.FIRST_CONSUMERS, model.MORE_A_SECOND, model.MOST_CONSUMERS, model.ACCOUNT)
    assert limits.first_partitions * limits.partition_writes == model.NEW_TABLE

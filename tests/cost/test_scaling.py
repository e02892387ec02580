"""The model of a stage's limits: it loses no job, obeys each limit, and says of each which one holds a load up."""

import json
from dataclasses import replace

import pytest

from bench.scaling.__main__ import main
from bench.scaling.bill import daily, dollars
from bench.scaling.ceilings import REMEDIES, ceilings
from bench.scaling.lane import Backlog, Some, total
from bench.scaling.limits import FILE, Limits, Settings
from bench.scaling.load import Flow, Scenario, steady
from bench.scaling.page import PAGE, page_with, tables
from bench.scaling.scenarios import burst, everything, hot_tenant, outage, slow_task, ten_million
from bench.scaling.stage import Outcome, Spent, Stage
from bench.scaling.table import DAY, Table, places
from chalicelib.adapters.aws.keys import partitions

LIMITS = Limits.load()
WARM = Settings(warm_partitions=64, jobs_a_request=1000)


@pytest.fixture(scope="module")
def runs() -> dict[str, tuple[Scenario, Outcome]]:
    return {one.name: (one, Stage(one, LIMITS).run()) for one in everything()}


def run(
    rate: float, *, seconds: int = 600, settings: Settings = WARM, horizon: int = 3600, **flow
) -> Outcome:
    """One flow at this rate, for so long."""
    flows = [Flow(name="all", rate=steady(rate, until=seconds), **flow)]
    scenario = Scenario(name="x", words="x", flows=flows, until=seconds, seconds=horizon, settings=settings)
    return Stage(scenario, LIMITS).run()


# ------------------------------------------------------------------------------------------------------ what must hold


@pytest.mark.parametrize("name", [one.name for one in everything()])
def test_no_job_of_any_load_is_lost_or_doubled(runs, name):
    _, outcome = runs[name]
    assert outcome.drained is not None
    assert outcome.accepted == pytest.approx(outcome.offered, abs=1)
    assert outcome.succeeded + outcome.dead == pytest.approx(outcome.accepted, abs=1)


@pytest.mark.parametrize("name", [one.name for one in everything()])
def test_a_job_that_never_fails_writes_what_a_plain_job_writes_and_a_late_one_five_more(runs, name):
    outcome = runs[name][1]
    plain = outcome.spent.write_units - 5 * outcome.appointed
    retries = 2 * (outcome.spent.messages - outcome.accepted - outcome.appointed)
    assert plain == pytest.approx(3 * outcome.accepted + retries, rel=1e-6)
    if name.partition("/")[0] != "outage":
        assert retries == pytest.approx(0, abs=1)


def test_a_load_below_all_ceilings_waits_for_nobody():
    outcome = run(40, task_seconds=0.1)
    assert (outcome.first, outcome.bound, outcome.throttled) == (None, {}, {})
    assert outcome.waits["all"].quantile(0.99) <= 1


# --------------------------------------------------------------------------------------------------- what each limit does


def test_the_keys_of_a_day_are_the_real_ones_and_fall_in_different_places():
    assert len(set(places(Settings()))) == len(partitions(DAY))
    assert len(places(Settings(key_characters=2))) == 1024


def test_thirty_two_keys_take_32000_units_and_no_more_however_often_the_table_is_split():
    table = Table(LIMITS, Settings(warm_partitions=4))
    for _ in range(20 * LIMITS.split_after):
        taken = table.take(1_000_000)
    assert taken == 32_000
    assert table.partitions == 32


def test_a_new_table_takes_4000_units_until_a_hot_partition_is_split():
    table = Table(LIMITS, Settings())
    before = [table.take(1_000_000) for _ in range(LIMITS.split_after)]
    assert set(before) == {4000}
    assert table.take(1_000_000) == 8000


def test_a_table_that_is_not_hot_is_not_split():
    table = Table(LIMITS, Settings())
    for _ in range(2 * LIMITS.split_after):
        assert table.take(1000) == pytest.approx(1000)
    assert table.partitions == 4


def test_the_door_lets_through_its_burst_and_then_its_rate():
    outcome = run(20_000, seconds=1, settings=replace(WARM, jobs_a_request=1))
    assert outcome.throttled["door"] == pytest.approx(5_000)
    assert outcome.first == "door"


@pytest.mark.parametrize("task_seconds", [0.4, 1.0, 7.5])
def test_consumers_drain_as_fast_as_the_formula_of_the_page_says(task_seconds):
    # given far more than 20 consumers can do
    settings = replace(WARM, consumers=20)
    ceiling = next(
        one for one in ceilings(LIMITS, settings, task_seconds=task_seconds) if one.what == "consumers"
    )
    jobs = 600 * ceiling.jobs
    # when all of it waits
    outcome = run(jobs / 10, seconds=10, settings=settings, task_seconds=task_seconds)
    # then it takes the ten minutes that it must
    assert outcome.drained == pytest.approx(600, rel=0.05)
    assert max(outcome.bound, key=lambda name: outcome.bound[name]) in {"consumers", "tick"}


def test_a_mapping_begins_with_five_and_grows_by_300_a_minute():
    outcome = run(5000, seconds=300, task_seconds=5.0)
    at = {second: busy for second, _, _, busy in outcome.curve}
    assert at[0] == 10  # after its first second
    assert at[60] == pytest.approx(310, abs=5)


def test_what_fails_is_tried_again_after_the_real_waits_and_dies_after_its_attempts():
    outcome = run(100, seconds=10, failing=lambda _: 1.0, settings=replace(WARM, max_attempts=3))
    assert (outcome.succeeded, outcome.dead) == (0, pytest.approx(1000))
    assert outcome.spent.messages == pytest.approx(3000)
    assert outcome.drained < 10 + 2 + 4 + 5


def test_fair_lines_share_what_is_taken_and_unfair_ones_go_by_age():
    def filled(*, fair):
        backlog = Backlog(fair=fair, share=0.1)
        backlog.put(Some("hot", 1, 0, 1000.0))
        backlog.put(Some("quiet", 1, 1, 5.0))
        backlog.put(Some("other", 1, 1, 100.0))
        return {one.flow: one.jobs for one in backlog.take(100.0)}

    assert filled(fair=True) == {"quiet": 5.0, "other": 47.5, "hot": 47.5}
    assert filled(fair=False) == {"hot": 100.0}


def test_what_is_taken_is_gone_and_the_oldest_goes_first():
    backlog = Backlog(fair=True, share=0.1)
    for second in range(3):
        backlog.put(Some("a", 1, second, 10.0))
    assert [(one.since, one.jobs) for one in backlog.take(15.0)] == [(0, 10.0), (1, 5.0)]
    assert (backlog.size, backlog.since(0), backlog.since(1)) == (15.0, 0.0, 5.0)
    assert total(backlog.take(99.0)) == 15.0


# ----------------------------------------------------------------------------------------------------- what the page says


def test_quiet_tenants_hardly_wait_beside_a_hot_one_and_wait_as_long_as_it_without_fair_queues(runs):
    fair, unfair = (runs[one.name][1].waits["quiet-0"].quantile(0.95) for one in hot_tenant())
    assert fair <= 2
    assert unfair > 1000


def test_a_slow_task_in_a_lane_of_its_own_is_noticed_by_nobody(runs):
    together, apart = (runs[one.name][1].waits["quick"].quantile(0.95) for one in slow_task())
    assert together > 600
    assert apart <= 2


def test_ten_minutes_without_a_dependency_kill_with_five_attempts_and_not_with_fifteen(runs):
    five, _, fifteen = (runs[one.name][1].dead for one in outage())
    assert five > 200_000
    assert fifteen < 1


def test_each_remedy_of_a_load_ends_it_sooner_or_holds_up_fewer(runs):
    for load in (ten_million, burst):
        shown = [runs[one.name][1] for one in load()]
        assert [one.drained for one in shown] == sorted((one.drained for one in shown), reverse=True)
    waiting = [runs[one.name][1].most_waiting for one in ten_million()]
    assert waiting == sorted(waiting, reverse=True)


def test_whatever_holds_a_load_up_has_its_remedy_on_the_page(runs):
    text = PAGE.read_text()
    for what in {name for _, outcome in runs.values() for name in outcome.bound}:
        assert what in REMEDIES
        assert f"\n| {what} |" in text


def test_a_job_costs_less_the_more_there_are_and_never_less_than_its_own_calls():
    prices = [one.per_million[0] for one in daily()]
    assert prices == sorted(prices, reverse=True)
    assert prices[-1] == pytest.approx(prices[-2], rel=0.01)


def test_a_bill_is_the_sum_of_what_was_used():
    assert dollars(Spent()) == 0
    assert dollars(Spent(write_units=1e6)) == pytest.approx(0.625)
    assert dollars(Spent(requests=1e6)) == pytest.approx(3.5 + 0.2)


def test_every_limit_says_where_it_comes_from():
    found = json.loads(FILE.read_text())
    assert found["as_of"]
    for one in found["limits"].values():
        assert one["what"]
        assert one["unit"]
        assert one["source"].startswith(("https://docs.aws.amazon.com/", "assumed"))


def test_the_page_has_what_the_model_says_now(runs):
    text = PAGE.read_text()
    assert page_with(text, tables(list(runs.values()), LIMITS)) == text


def test_the_command_runs_chosen_loads_and_refuses_unknown_ones(capsys, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert main(["slow-task/own-lane", "--json"]) == 0
    [told] = json.loads(capsys.readouterr().out)
    assert told["name"] == "slow-task/own-lane"
    assert (tmp_path / "build/bench/scaling-slow-task.svg").is_file()
    for wrong in (["nothing"], ["burst", "--write"]):
        with pytest.raises(SystemExit) as ended:
            main(wrong)
        assert ended.value.code == 2

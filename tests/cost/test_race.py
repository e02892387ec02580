"""The race: its report, who takes part, and a very small one, so that `make bench` cannot rot unseen."""

import json
from dataclasses import replace

import pytest

from bench.race.__main__ import chosen, main
from bench.race.contenders import CONTENDERS
from bench.race.race import Figures
from bench.race.report import CHARTS, LINES, US, bars, ratios, write

OURS = Figures(
    about="us",
    enqueue_a_second={"noop": 100.0, "real": 90.0},
    enqueue_cpu_ms={"noop": 2.0, "real": 2.0},
    drain_a_second={"noop": 50.0, "real": 40.0},
    consumer_cpu_ms={"noop": 1.0, "real": 2.0},
    latency_p50_ms=10.0,
    latency_p99_ms=20.0,
    memory_mib=40.0,
    calls={"dynamodb.UpdateItem": 2.0},
    write_units=3.0,
    sqs_requests=0.3,
    dollars_a_million=2.0,
)
QUICK = replace(
    OURS,
    quick_drain_a_second={"noop": 500.0, "real": 300.0},
    quick_consumer_cpu_ms={"noop": 1.0, "real": 2.0},
    shares={"quick": {"cloud": 0.2, "consumer": 0.9, "feeding": 0.1}},
)
THEIRS = replace(OURS, about="a <peer>", consumer_cpu_ms={"noop": 3.0, "real": 4.0}, calls={})


def test_every_time_is_told_as_a_ratio_to_ours():
    take, less = LINES["consumer CPU a job, no-op"]
    assert less
    assert ratios({US: OURS, "peer": THEIRS}, take) == {US: 1.0, "peer": 3.0}


def test_a_report_is_json_a_page_and_charts(tmp_path):
    page = write({US: QUICK, "peer": THEIRS}, tmp_path, how="2026-11-21: a try.")
    assert "| consumer CPU a job, no-op (less is better) | 1.00 | 3.00 |" in page
    assert "| write units a job | 3.00 | - |" in page  # who makes no call to AWS has no unit
    assert (
        json.loads((tmp_path / "race.json").read_text())["contenders"]["peer"]["consumer_cpu_ms"]["noop"] == 3
    )
    assert (tmp_path / "race.md").read_text() == page
    for name in CHARTS:
        assert (tmp_path / f"{name}.svg").read_text().startswith("<svg")


def test_who_has_no_cold_start_has_no_figure_for_it(tmp_path):
    page = write({US: replace(OURS, cold_start=1.2), "peer": THEIRS}, tmp_path, how="2026-11-21: a try.")
    assert "| cold start, a bare boto3 handler = 1.00 (less is better) | 1.20 | - |" in page
    assert "cold start" not in write({US: OURS, "peer": THEIRS}, tmp_path, how="")


def test_what_was_drained_where_the_cloud_does_not_limit_has_rows_of_its_own(tmp_path):
    page = write({US: QUICK, "peer": THEIRS}, tmp_path, how="")
    assert "| drain rate where the cloud does not limit, no-op (more is better) | 1.00 | - |" in page
    assert "| 0.20 / 0.90 / 0.10 | - |" in page
    assert "does not limit" not in write({US: OURS, "peer": THEIRS}, tmp_path, how="")


def test_a_chart_names_everybody_as_text():
    drawn = bars("t", {US: 1.0, "a <peer>": 2.0})
    assert "a &lt;peer&gt;" in drawn
    assert drawn.count("<rect") == 3


def test_jobline_always_takes_part_and_strangers_are_refused():
    assert [one.name for one in chosen("boto3 loop")] == [US, "boto3 loop"]
    with pytest.raises(SystemExit, match="nobody"):
        chosen("nobody")


def test_everybody_is_told_apart():
    names, queues = [one.name for one in CONTENDERS], [one.queue for one in CONTENDERS if one.queue]
    assert len(set(names)) == len(names)
    assert len(set(queues)) == len(queues)


@pytest.mark.slow
def test_on_the_quick_cloud_a_consumer_is_raced_alone(tmp_path):
    arguments = ["--cloud", "quick", "--quick-jobs", "20", "--rounds", "1", "--starts", "0", "--only", US]
    assert main([*arguments, "--folder", str(tmp_path)]) == 0
    found = json.loads((tmp_path / "race.json").read_text())["contenders"][US]
    assert found["quick_drain_a_second"]["noop"] > 0
    assert found["drain_a_second"] == {}
    assert set(found["shares"]) == {"quick"}


@pytest.mark.slow
@pytest.mark.long
def test_a_small_race_is_run_to_its_end(tmp_path):
    # When two that need no environment of their own race ten jobs
    folder = str(tmp_path)
    status = main(
        [
            *("--cloud", "emulator", "--jobs", "10", "--rounds", "1", "--latencies", "2", "--starts", "1"),
            *("--only", "boto3 loop", "--folder", folder),
        ]
    )
    # Then all is found, and a job costs what it must
    assert status == 0
    found = json.loads((tmp_path / "race.json").read_text())["contenders"]
    assert set(found) == {US, "boto3 loop"}
    assert 3.0 <= found[US]["write_units"] <= 3.3  # statistics are put once a batch
    assert 2.0 <= found[US]["calls"]["dynamodb.UpdateItem"] <= 2.3
    assert all(set(one["consumer_cpu_ms"]) == {"noop", "real"} for one in found.values())
    assert found[US]["cold_start"] > found["boto3 loop"]["cold_start"] == 1

"""The bill's counts are those that are measured; its sums are those of its lines."""

import re

import pytest

from bench.bill import MEASURED, Assumed, idle, in_batches, made, main, million
from bench.figures import Figures
from bench.prices import Prices
from jobline.doctor.alarms import expected

MORE = {
    "per_million": {"api_requests": 3.5, "traces": 5.0},
    "per_gb_second": {"lambda_x86": 0.00002},
    "per_gb": {"logs": 0.5},
    "per_month": {"alarm": 0.1, "dashboard": 3.0, "metric": 0.3},
}
PRICES = Prices(
    as_of="2026-11", region="here", write_units=1.0, read_units=0.5, sqs_requests=0.4, lambda_requests=0.2
)


@pytest.fixture
def counted(on_moto) -> Figures:
    return on_moto[1]


def test_the_counts_are_those_that_are_measured(counted):
    assert counted.job.write_units == pytest.approx(MEASURED.write_units, abs=0.05)
    assert counted.job.sqs_requests == pytest.approx(MEASURED.sqs_in_tens, abs=0.03)
    assert counted.idle_tick.read_units == pytest.approx(MEASURED.tick_read_units, rel=0.02)
    assert counted.idle_tick.write_units == pytest.approx(MEASURED.tick_write_units, abs=0.05)
    # Many rows to a page, as a million has them: a few jobs in 32 partitions are rounded up.
    assert 2 * counted.max_row_bytes / 4096 == pytest.approx(MEASURED.sweep_read_units, abs=0.03)


def test_the_alarms_are_those_of_the_template():
    assert Assumed().alarms == len(expected())


def test_a_job_is_three_writes_and_its_messages_in_tens_or_alone():
    lines = {line.what: line.dollars for line in million(PRICES, MORE, Assumed())}

    assert lines["table: the job"] == pytest.approx(3 * 1.0)
    assert lines["SQS"] == pytest.approx(1.2 * 0.4)
    assert lines["logs"] == pytest.approx(1.5 * 0.5)
    assert lines["Lambda: consumers"] == pytest.approx(100_000 * 0.2 * 0.00002 + 0.02)


def test_in_batches_the_door_costs_nothing_and_messages_go_in_tens():
    lines = million(PRICES, MORE, Assumed())
    kept = [line.dollars for line in lines if line.what not in ("API Gateway", "Lambda: API", "X-Ray", "SQS")]

    assert in_batches(PRICES, lines) == pytest.approx(sum(kept) + 0.3 * 0.4)


def test_an_idle_month_polls_and_ticks():
    lines = {line.what: line.dollars for line in idle(PRICES, MORE, Assumed())}

    assert lines["Lambda's polling of four queues"] == pytest.approx(20 * 3 * 60 * 24 * 30 * 0.4 / 1e6)
    assert lines["ticks: table"] == pytest.approx(43_200 * (45.2 * 0.5 + 1.1) / 1e6)
    assert lines["alarms"] == pytest.approx(1.9)


def test_the_sums_are_those_of_the_lines():
    text = made()
    sums = [
        float(found)
        for found in re.findall(r"\*\*An idle.*?\$([\d.]+)|each: \$([\d.]+)", text)
        for found in found
        if found
    ]
    tables = [
        sum(float(cell) for cell in re.findall(r"\| ([\d.]+) \|$", table, re.MULTILINE))
        for table in text.split("|---|---|---:|")[1:]
    ]

    assert sums == pytest.approx(tables, abs=0.05)


def test_a_longer_task_costs_more(capsys):
    main([])
    short = capsys.readouterr().out
    main(["--task-ms", "5000"])

    assert "(5000 + 100 ms)" in capsys.readouterr().out
    assert "(100 + 100 ms)" in short

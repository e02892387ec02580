"""What a plain job costs is a promise: this fails when a change makes it dearer.

On moto in this process, for the fast gate; and on the emulator, as `make cost` does it.
"""

import json
import re
from datetime import UTC, datetime, timedelta

import pytest

from bench.cost import count, main
from bench.figures import Figures
from bench.meter import Meter
from bench.prices import Prices
from bench.run import IDLE, IDLE_TICKS, JOBS, LARGE_JOBS, SWEEP
from bench.show import show
from tests.cost.conftest import PLAIN_JOBS

SHARDS, PARTITIONS, PASSES = 8, 32, 2
LAST_LINE = re.compile(
    r"write_units_per_job=\d+\.\d\d read_units_per_job=\d+\.\d\d "
    r"sqs_requests_per_job=\d+\.\d\d max_row_bytes=\d+"
)


@pytest.fixture(scope="module", params=["moto", pytest.param("emulator", marks=pytest.mark.slow)])
def counted(request) -> tuple[Meter, Figures]:
    # Given a hundred plain jobs of 300 bytes, submitted, carried and run in full batches
    return request.getfixturevalue("on_moto") if request.param == "moto" else count(PLAIN_JOBS)


@pytest.fixture
def meter(counted) -> Meter:
    return counted[0]


@pytest.fixture
def found(counted) -> Figures:
    return counted[1]


def test_a_plain_job_costs_three_write_units(found):
    assert 3.0 <= found.job.write_units <= 3.05


def test_a_plain_job_reads_nothing(found):
    assert found.job.read_units == 0.0


def test_a_plain_job_never_enters_the_index(found):
    assert found.job.index_units == 0


def test_a_plain_job_costs_three_tenths_of_an_sqs_request(found):
    assert 0.30 <= found.job.sqs_requests <= 0.33


def test_a_row_stays_within_a_kibibyte_in_every_state(found):
    # With arguments of 300 bytes, a result of 300 bytes, and the whole history.
    assert set(found.row_bytes) == {"QUEUED", "RUNNING", "SUCCEEDED"}
    assert 300 + 300 < found.max_row_bytes <= 1024


def test_these_calls_and_no_others_are_on_a_jobs_way(meter):
    calls = {operation: tally.calls for operation, tally in meter.phases[JOBS].items()}
    sqs = {operation: calls.pop(operation) for operation in list(calls) if operation.startswith("sqs.")}
    assert calls == {"dynamodb.PutItem": PLAIN_JOBS, "dynamodb.UpdateItem": 2 * PLAIN_JOBS}
    assert set(sqs) == {"sqs.SendMessageBatch", "sqs.ReceiveMessage", "sqs.DeleteMessageBatch"}


def test_no_condition_of_a_plain_jobs_writes_is_refused(found):
    assert found.refused == 0


def test_the_sweeps_write_nothing_for_a_plain_job_and_read_it_in_bulk(meter, found):
    # The two watermarks are all that is written, whatever the number of rows; rows are read four KiB at a time.
    swept = meter.phases[SWEEP]
    written = sum(tally.write_units for tally in swept.values())
    # Each is moved once for each day that its sweep has looked through: twice by one that crosses midnight, and this one looks an hour ahead.
    now = datetime.now(UTC)
    crosses = (now - timedelta(hours=1)).date() != (now + timedelta(hours=2)).date()
    assert PASSES <= written <= 2 * PASSES if crosses else written == PASSES
    assert swept["dynamodb.Query"].entries == PASSES * (PLAIN_JOBS + LARGE_JOBS)
    assert found.swept.read_units < 1.0


def test_an_idle_day_costs_cents(meter, found):
    queries = meter.phases[IDLE]["dynamodb.Query"]
    assert queries.calls <= IDLE_TICKS * (2 * PASSES * PARTITIONS + SHARDS)
    assert queries.entries == 0
    assert found.idle_day.dollars(Prices.load()) < 0.05


def test_the_last_line_is_for_programs(found):
    assert LAST_LINE.fullmatch(found.line())


def test_the_tables_can_be_shown(meter, found, capsys):
    show(meter, found, Prices.load())
    said = capsys.readouterr().out
    for words in ("dynamodb.UpdateItem", "an idle day of ticks", "SUCCEEDED", "a million"):
        assert words in said


@pytest.mark.slow
def test_the_command_ends_in_that_line(capsys):
    assert main(["--jobs", "20"]) == 0
    assert LAST_LINE.fullmatch(capsys.readouterr().out.splitlines()[-1])


@pytest.mark.slow
@pytest.mark.long
def test_the_command_says_it_in_json_too(capsys):
    assert main(["--jobs", "20", "--json"]) == 0
    said = json.loads(capsys.readouterr().out)
    assert LAST_LINE.fullmatch(said["line"])
    assert said["job"]["write_units"] == 3.0
    assert said["phases"]["jobs"]["dynamodb.UpdateItem"]["calls"] == 40


@pytest.mark.parametrize("jobs", ["0", "-1", "many", "1000000"])
def test_the_command_takes_a_sensible_number_of_jobs(jobs, capsys):
    with pytest.raises(SystemExit):
        main(["--jobs", jobs])
    assert "--jobs" in capsys.readouterr().err


def test_prices_have_a_date_and_a_place():
    prices = Prices.load()
    assert re.fullmatch(r"20\d\d-\d\d", prices.as_of)
    assert prices.region
    assert prices.dollars(write_units=1_000_000) == prices.write_units

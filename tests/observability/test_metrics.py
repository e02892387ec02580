"""What CloudWatch reads out of what an invocation prints."""

import json
import threading
from contextlib import suppress
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.adapters.memory import HeldWorld
from chalicelib.adapters.metrics import EmfMetrics
from chalicelib.pipeline.measures import Measure
from chalicelib.pipeline.nobody import NOBODY_COUNTS
from chalicelib.settings import BadSetting, Settings
from tests.observability.conftest import Journey
from tests.observability.emf import Extracted, at, extracted

MS = timedelta(milliseconds=1)
HERE = {"service": "jobline-test"}


class Printed:
    """Metrics that are printed into a list."""

    def __init__(self) -> None:
        self.world = HeldWorld()
        self.lines: list[str] = []
        self.metrics = EmfMetrics("jobline-test", self.world, self.lines.append)

    def read(self) -> Extracted:
        assert not any("\n" in line for line in self.lines)
        return extracted(json.loads(line) for line in self.lines)


def test_a_value_is_found_by_service_by_lane_and_by_task():
    # given one job that succeeded
    printed = Printed()
    with printed.metrics.invocation():
        printed.metrics.add(Measure.JOBS_SUCCEEDED, lane="low", task="work")

    # then it is counted three ways, and in no other
    assert printed.read() == {
        ("JobsSucceeded", at(**HERE)): [1],
        ("JobsSucceeded", at(**HERE, lane="low")): [1],
        ("JobsSucceeded", at(**HERE, lane="low", task="work")): [1],
    }


def test_the_names_are_those_that_alarms_were_built_on():
    assert {measure.value: measure.unit for measure in Measure} == {
        "JobsAccepted": "Count",
        "JobsStarted": "Count",
        "JobsSucceeded": "Count",
        "JobsRetried": "Count",
        "JobsDead": "Count",
        "JobsCancelled": "Count",
        "JobsExpired": "Count",
        "JobsWithoutKey": "Count",
        "QueueWait": "Milliseconds",
        "RunTime": "Milliseconds",
        "BilledTime": "Milliseconds",
        "BatchSize": "Count",
        "SweepLag": "Seconds",
        "DeadLetters": "Count",
        "Quarantined": "Count",
        "BudgetsSpent": "Count",
    }


def test_an_invocation_prints_one_line_for_a_batch_of_one_task():
    # given a batch as most are
    printed = Printed()
    with printed.metrics.invocation("low"):
        printed.metrics.add(Measure.BATCH_SIZE, 10, lane="low")
        for number in range(10):
            printed.metrics.add(Measure.JOBS_STARTED, lane="low", task="work")
            printed.metrics.add(Measure.RUN_TIME, number, lane="low", task="work")

    # then all of it is on one line, the size of the batch by lane only
    assert len(printed.lines) == 1
    found = printed.read()
    assert found["JobsStarted", at(**HERE, lane="low", task="work")] == [10]
    assert found["RunTime", at(**HERE)] == [float(number) for number in range(10)]
    assert found["BatchSize", at(**HERE, lane="low")] == [10]
    assert ("BatchSize", at(**HERE, lane="low", task="work")) not in found


def test_an_invocation_in_which_nothing_happened_prints_nothing():
    printed = Printed()
    with printed.metrics.invocation():
        pass
    assert printed.lines == []


def test_what_was_counted_is_printed_though_the_invocation_failed():
    printed = Printed()
    with suppress(RuntimeError), printed.metrics.invocation():
        printed.metrics.add(Measure.JOBS_STARTED, lane="low", task="work")
        raise RuntimeError
    assert printed.read()["JobsStarted", at(**HERE)] == [1]


def test_an_invocations_time_is_billed_to_its_tasks_by_how_long_they_ran():
    # given an invocation of 800 ms in which one task ran three times as long as another
    printed = Printed()
    with printed.metrics.invocation("low"):
        printed.metrics.add(Measure.RUN_TIME, 100, lane="low", task="short")
        printed.metrics.add(Measure.RUN_TIME, 300, lane="low", task="long")
        printed.world.advance(800 * MS)

    # then the shares are that, and sum up to the whole
    found = printed.read()
    assert found["BilledTime", at(**HERE, lane="low", task="short")] == [200]
    assert found["BilledTime", at(**HERE, lane="low", task="long")] == [600]
    assert sum(found["BilledTime", at(**HERE)]) == 800


@pytest.mark.parametrize("ran", [[], [0, 0]])
def test_an_invocation_is_billed_though_nothing_ran_for_long(ran):
    printed = Printed()
    with printed.metrics.invocation("low"):
        for number, time in enumerate(ran):
            printed.metrics.add(Measure.RUN_TIME, time, lane="low", task=f"t{number}")
    assert sum(printed.read()["BilledTime", at(**HERE, lane="low")]) == 1  # Lambda bills whole milliseconds


def test_invocations_side_by_side_do_not_mix():
    # given two lanes whose consumers run in one process, as on a developer's machine
    printed = Printed()
    both_inside = threading.Barrier(2, timeout=30)

    def batch(lane: str) -> None:
        with printed.metrics.invocation(lane):
            both_inside.wait()
            printed.metrics.add(Measure.JOBS_STARTED, lane=lane, task="work")
            both_inside.wait()

    threads = [threading.Thread(target=batch, args=(lane,)) for lane in ("high", "low")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    # then each printed its own
    assert len(printed.lines) == 2
    assert printed.read()["JobsStarted", at(**HERE)] == [1, 1]


def test_what_is_added_outside_an_invocation_is_nobodys():
    printed = Printed()
    printed.metrics.add(Measure.JOBS_ACCEPTED, lane="low", task="work")
    assert printed.lines == []


PLACES = st.one_of(
    st.just((None, None)), st.tuples(st.sampled_from(["high", "low"]), st.sampled_from([None, "a", "b", "c"]))
)
ADDED = st.tuples(st.sampled_from(list(Measure)), st.integers(0, 10**6), PLACES)


@given(st.lists(ADDED, max_size=60), st.integers(1, 150))
def test_no_value_is_lost_or_doubled_whatever_is_added(added, times):
    # given anything, and one metric with more values than a document may hold
    printed = Printed()
    values = [*added, *[(Measure.QUEUE_WAIT, number, ("low", "a")) for number in range(times)]]
    with printed.metrics.invocation():
        for measure, value, (lane, task) in values:
            printed.metrics.add(measure, value, lane=lane, task=task)

    # then every sum is right, in valid documents
    found = printed.read()
    for measure in {measure for measure, _, _ in values}:
        total = sum(value for one, value, _ in values if one is measure)
        assert sum(found[measure.value, at(**HERE)]) == total
    waits = [value for one, value, _ in values if one is Measure.QUEUE_WAIT]
    assert sorted(found["QueueWait", at(**HERE)]) == sorted(waits)


@pytest.mark.parametrize(
    ("environment", "on"),
    [
        ({}, False),
        ({"AWS_LAMBDA_FUNCTION_NAME": "f"}, True),
        ({"AWS_LAMBDA_FUNCTION_NAME": "f", "JOBLINE_METRICS": "off"}, False),
        ({"JOBLINE_METRICS": "on"}, True),
    ],
)
def test_metrics_are_printed_on_lambda_unless_said_otherwise(environment, on):
    assert Settings.from_env(environment).metrics is on


def test_a_setting_that_is_neither_on_nor_off_is_refused():
    with pytest.raises(BadSetting, match="JOBLINE_METRICS='yes'"):
        Settings.from_env({"JOBLINE_METRICS": "yes"})


def test_where_nobody_counts_nothing_happens(capsys):
    with NOBODY_COUNTS.invocation("low"):
        NOBODY_COUNTS.add(Measure.JOBS_STARTED)
    assert capsys.readouterr().out == ""


@pytest.mark.slow
def test_the_journey_adds_up(unsampled: Journey, sampled: Journey):
    # given a visit, what follows it, a coroutine, a failure tried twice, a cancelled job, junk, a dead letter and a tick
    for journey in (unsampled, sampled):
        found = extracted(journey.documents)
        here = {"service": "jobline-trip"}

        # then this is what CloudWatch shows of it
        total = {name: sum(found[name, at(**here)]) for name, dimensions in found if dimensions == at(**here)}
        counts = {name: total for name, total in total.items() if name not in _TIMES}
        assert counts == {
            "JobsAccepted": 5,
            "JobsStarted": 5,
            "JobsSucceeded": 3,
            "JobsRetried": 1,
            "JobsDead": 1,
            "JobsCancelled": 1,
            "BatchSize": 3 + 2 + 1 + 1,
            "Quarantined": 1,
            "DeadLetters": 1,
        }
        assert sum(found["JobsDead", at(**here, lane="default", task="stumble")]) == 1
        assert len(found["QueueWait", at(**here)]) == len(found["RunTime", at(**here)]) == 5
        assert len(found["SweepLag", at(**here)]) == 1
        assert total["BilledTime"] >= 4

        # and nothing in it names a job or a tenant
        said = json.dumps([sorted(dimensions) for _, dimensions in found])
        assert "ann" not in said
        assert not any(job_id in said for job_id in journey.facts["jobs"].values())


_TIMES = ("QueueWait", "RunTime", "BilledTime", "SweepLag")

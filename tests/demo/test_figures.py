import pytest

from examples.demo.figures import attempts, percentile, row, seconds
from tests.demo.times import at


@pytest.mark.parametrize(
    ("values", "share", "expected"),
    [
        ([], 0.5, None),
        ([3.0], 0.5, 3.0),
        ([1.0, 2.0, 3.0, 4.0], 0.5, 2.0),
        ([float(n) for n in range(1, 101)], 0.95, 95.0),
        ([float(n) for n in range(1, 21)], 0.95, 19.0),
        ([1.0, 2.0], 0.95, 2.0),
    ],
)
def test_a_percentile_is_a_value_that_occurred(values, share, expected):
    assert percentile(values, share) == expected


def test_a_row_counts_each_outcome_once(job):
    jobs = [
        job("SUCCEEDED"),
        job("SUCCEEDED", attempts=3),
        job("DEAD", attempts=4, error="E"),
        job("CANCELLED"),
        job("QUEUED"),
    ]

    found = row("thumbnails", jobs)

    assert (found.submitted, found.succeeded, found.retried, found.dead, found.other) == (5, 2, 2, 1, 2)
    assert (found.p50, found.p95, found.max) == (2.0, 2.0, 2.0)


def test_a_kind_of_which_nothing_ended_has_no_latency(job):
    assert row("thumbnails", [job("QUEUED")]).max is None


def test_a_time_that_is_not_there_gives_no_seconds(job):
    assert seconds(job("QUEUED"), "created_at", "finished_at") is None
    assert seconds({"a": at(1.25), "b": at(3)}, "a", "b") == 1.75


def test_attempts_are_read_from_the_history_a_lost_one_ends_when_the_next_takes_over(job):
    events = ["queued", "claimed", "retry_scheduled", "claimed", "reclaimed", "succeeded"]
    history = [{"at": at(n), "event": event, "note": ""} for n, event in enumerate(events)]

    assert attempts(job(history=history)) == [(at(1), at(2)), (at(3), at(4)), (at(4), at(5))]
    assert attempts(job(history=history[:4])) == [(at(1), at(2)), (at(3), None)]

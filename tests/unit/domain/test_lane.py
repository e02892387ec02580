"""A lane is declared within what AWS and the pipeline can do, or it is refused by the name of what is wrong."""

from datetime import timedelta

import pytest

from chalicelib.domain.errors import LaneMisdeclared
from chalicelib.domain.lane import HANDS, Lane, names
from chalicelib.lanes import BY_NAME, DECLARED, LANES

SECOND, MINUTE = timedelta(seconds=1), timedelta(minutes=1)


def lane(**given: object) -> Lane:
    return Lane(**{"name": "reports", "meant": "Reports.", **given})


@pytest.mark.parametrize(
    ("field", "value"),
    [
        *(("name", value) for value in ("", "Reports", "2nd", "a_b", "a--b", "a-", "x" * 21)),
        *(("name", value) for value in ("dead-letters", "undelivered")),
        *(("meant", value) for value in ("", "  ", "two\nlines")),
        *(("timeout", value) for value in (9 * SECOND, 901 * SECOND, 60.5 * SECOND)),
        *(("memory", value) for value in (127, 10_241)),
        *(("batch_size", value) for value in (0, HANDS + 1)),
        *(("window", value) for value in (-SECOND, 301 * SECOND, 0.5 * SECOND)),
        *(("concurrency", value) for value in (0, 1, 1001)),
        *(("alarm_after", value) for value in (59 * SECOND, timedelta(days=2))),
    ],
)
def test_what_cannot_be_is_named(field, value):
    with pytest.raises(LaneMisdeclared, match=f": {field}="):
        lane(**{field: value})


@pytest.mark.parametrize(
    "given",
    [
        {"name": "x" * 20},
        {"name": "big-reports-2"},
        {"timeout": 900 * SECOND, "memory": 10_240, "concurrency": 1000},
        {"timeout": 10 * SECOND, "memory": 128, "concurrency": 2},
        {"batch_size": HANDS, "window": SECOND},
        {"batch_size": 1, "window": 5 * MINUTE, "concurrency": None},
    ],
)
def test_the_outermost_figures_are_taken(given):
    assert lane(**given)


def test_a_batch_of_more_than_ten_waits_at_least_a_second_as_lambda_asks():
    with pytest.raises(LaneMisdeclared, match="window"):
        lane(batch_size=11)


def test_a_message_is_hidden_for_six_times_what_its_consumer_may_take():
    assert lane(timeout=15 * MINUTE).visibility == 90 * MINUTE


def test_a_consumers_name_is_one_that_python_takes():
    assert lane(name="big-reports").consumer == "consume_big_reports"


def test_a_lane_is_declared_once():
    with pytest.raises(LaneMisdeclared, match="twice"):
        names([*DECLARED, DECLARED[0]])


def test_there_is_a_lane_for_tasks_that_name_none():
    with pytest.raises(LaneMisdeclared, match="'default'"):
        names([lane()])


def test_the_shares_leave_room_in_an_account_of_a_thousand_for_what_is_no_lane():
    shares = [lane.concurrency for lane in DECLARED]

    assert None not in shares
    assert (
        sum(share or 0 for share in shares) <= 1000 - 100 - 100
    )  # never to be reserved; the API, the tick, the dead letters


def test_more_urgent_lanes_have_more_and_alarm_sooner():
    assert LANES == tuple(BY_NAME) == ("high", "default", "low")
    assert sorted((lane.concurrency or 0 for lane in DECLARED), reverse=True) == [
        lane.concurrency for lane in DECLARED
    ]
    assert sorted(lane.alarm_after for lane in DECLARED) == [lane.alarm_after for lane in DECLARED]

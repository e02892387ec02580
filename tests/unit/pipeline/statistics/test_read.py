"""Asking for figures: the same answer from hours, minutes and parts; bounded; of one task or tenant."""

from datetime import datetime, timedelta

import pytest

from chalicelib.domain.errors import InvalidInput
from chalicelib.pipeline.measures import Measure
from chalicelib.pipeline.statistics import read as reading
from chalicelib.pipeline.statistics.book import OTHER, Book
from chalicelib.pipeline.statistics.read import BY_HOURS, BY_MINUTES, question
from chalicelib.pipeline.statistics.shelves import bound, minute_spot, part, part_spot
from tests.unit.pipeline.statistics.conftest import HOUR, MINUTE, NOON

EMPTY = {"since": None, "until": None, "step": None, "task": None, "tenant": None, "now": NOON}
MIDNIGHT = NOON.replace(hour=0)
DAY = (MIDNIGHT, MIDNIGHT + 24 * HOUR)


def test_figures_are_the_same_before_and_after_they_are_bound(stage):
    # given jobs at many times of a day
    minutes = [0, 1, 5, 59, 60, 61, 240, 241, 700]
    for minute in minutes:
        stage.put(MIDNIGHT + minute * MINUTE)
    stage.at(MIDNIGHT + 12 * HOUR)
    before = stage.steps(*DAY, step=3600), stage.steps(*DAY, step=300)

    # when the tick binds them
    assert stage.tick() == len(minutes)

    # then nobody sees a difference
    assert (stage.steps(*DAY, step=3600), stage.steps(*DAY, step=300)) == before
    assert before[0] == {"21 00:00": 4, "21 01:00": 2, "21 04:00": 2, "21 11:00": 1}
    assert sum(before[1].values()) == len(minutes)


def test_a_job_that_has_just_ended_is_there(stage):
    stage.put(NOON)

    assert stage.steps(NOON - 5 * MINUTE, NOON + MINUTE) == {"21 12:00": 1}


def test_what_is_bound_and_what_is_not_meet_without_a_gap_or_an_overlap(stage):
    for minute in range(180):
        stage.put(NOON + minute * MINUTE)
    stage.at(NOON + 90 * MINUTE).tick()
    stage.at(NOON + 180 * MINUTE)

    assert sum(stage.steps(NOON, NOON + 180 * MINUTE, step=60).values()) == 180
    assert stage.steps(*DAY, step=3600) == {"21 12:00": 60, "21 13:00": 60, "21 14:00": 60}


def test_a_range_across_days_and_months_is_whole(stage):
    end_of_month = datetime.fromisoformat("2026-11-30T22:00:00+00:00")
    for hour in range(6):
        stage.put(end_of_month + hour * HOUR)
    stage.at(end_of_month + 7 * HOUR).tick()

    month = (end_of_month - 24 * HOUR, end_of_month + 24 * HOUR)
    assert sum(stage.steps(*month, step=3600).values()) == 6
    assert sum(stage.steps(*month, step=300).values()) == 6
    assert stage.steps(*month, step=86400) == {"30 00:00": 2, "01 00:00": 4}


@pytest.mark.parametrize("ticked", [False, True])
def test_one_task_or_one_tenant_is_told_apart(stage, ticked):
    stage.put(NOON, key="a", number=3, task="mail", tenant="x")
    stage.put(NOON, key="b", number=5, task="mail", tenant="y")
    stage.put(NOON, key="c", number=7, task="pay", tenant="y")
    stage.at(NOON + HOUR)
    if ticked:
        stage.tick()

    asked = (NOON, NOON + MINUTE)
    assert stage.ask(*asked).total.succeeded == 15
    assert stage.ask(*asked, task="mail").total.succeeded == 8
    assert stage.ask(*asked, tenant="y").total.succeeded == 12
    assert stage.ask(*asked, task="mail", tenant="y").total.succeeded == 5
    assert stage.ask(*asked, tenant="nobody").total.succeeded == 0
    found = stage.ask(*asked)
    assert {name: one.succeeded for name, one in found.tasks.items()} == {"mail": 8, "pay": 7}
    assert {name: one.succeeded for name, one in found.tenants.items()} == {"x": 3, "y": 12}


def test_whoever_was_folded_away_is_told_so(stage):
    book = Book()
    book.take(Measure.JOBS_SUCCEEDED, 1, ("mail", OTHER))
    stage.parts.items.write(part_spot(NOON, "k"), part(book, NOON))

    found = stage.ask(NOON, NOON + MINUTE, tenant="small")
    assert found.folded
    assert found.total.succeeded == 0


def test_percentiles_of_hours_are_those_of_their_jobs(stage):
    # given an hour of quick jobs and an hour of slow ones
    for hour, ms in enumerate((10, 5000)):
        book = Book()
        for _ in range(100):
            book.take(Measure.RUN_TIME, ms, ("work", "default"))
        stage.parts.items.write(part_spot(NOON + hour * HOUR, "k"), part(book, NOON))
    stage.at(NOON + 3 * HOUR).tick()

    # then the day's p95 is not the mean of the hours'
    run = stage.ask(*DAY, step=86400).total.run
    assert run.quantile(0.25) == pytest.approx(10, rel=0.05)
    assert run.quantile(0.95) == pytest.approx(5000, rel=0.05)


def test_more_parts_than_are_read_are_said_to_be_missing(stage, monkeypatch):
    monkeypatch.setattr(reading, "PARTS_READ", 2)
    for minute in range(6):
        for key in "abcd":
            stage.put(NOON + minute * MINUTE, key=key)
    stage.at(NOON + 6 * MINUTE)

    found = stage.ask(NOON, NOON + 6 * MINUTE)
    assert NOON <= found.complete < NOON + 6 * MINUTE


def test_parts_of_long_ago_are_not_looked_for(stage):
    # a stage without a tick for days does not make a question dear
    stage.put(NOON)
    stage.at(NOON + 72 * HOUR)

    assert stage.steps(NOON, NOON + 72 * HOUR, step=3600) == {}


def test_what_a_newer_clock_wrote_into_the_future_is_not_counted_now(stage):
    stage.put(NOON + HOUR)

    assert stage.steps(NOON, NOON + MINUTE) == {}


def test_without_a_word_it_is_the_last_hour_by_minutes():
    asked = question(**EMPTY)

    assert (asked.since, asked.until, asked.step) == (NOON - 59 * MINUTE, NOON + MINUTE, MINUTE)


@pytest.mark.parametrize(
    ("span", "step"),
    [
        (HOUR, 60),
        (2 * HOUR, 60),
        (3 * HOUR, 300),
        (24 * HOUR, 900),
        (48 * HOUR, 3600),
        (30 * 24 * HOUR, 6 * 3600),
        (90 * 24 * HOUR, 86400),
    ],
)
def test_the_step_follows_from_the_time(span, step):
    assert question(**{**EMPTY, "since": NOON - span, "until": NOON}).step == timedelta(seconds=step)


def test_steps_begin_at_whole_ones_and_the_last_is_whole():
    asked = question(
        **{
            **EMPTY,
            "since": NOON + 17 * MINUTE,
            "until": NOON + 18.5 * MINUTE,
            "step": 300,
            "now": NOON + HOUR,
        }
    )

    assert asked.since == NOON + 15 * MINUTE
    assert asked.until == NOON + 19 * MINUTE


@pytest.mark.parametrize(
    ("wrong", "argument"),
    [
        ({"since": NOON, "until": NOON}, "since"),
        ({"since": NOON + HOUR}, "since"),
        ({"since": NOON - BY_MINUTES - HOUR, "step": 60}, "since"),
        ({"since": NOON - BY_MINUTES, "step": 60}, "step"),
        ({"since": NOON - BY_HOURS - 48 * HOUR, "step": 86400}, "since"),
        ({"since": NOON - BY_HOURS, "step": 3600}, "step"),
        ({"step": 0}, "step"),
        ({"step": -60}, "step"),
        ({"step": 59}, "step"),
        ({"step": 90}, "step"),
        ({"step": 3660}, "step"),
        ({"step": 10**10}, "step"),
    ],
)
def test_what_would_be_too_much_or_makes_no_sense_is_refused_by_name(wrong, argument):
    with pytest.raises(InvalidInput) as refused:
        question(**{**EMPTY, **wrong})
    assert refused.value.argument == argument


def test_a_minute_can_be_bound_and_read_alone(stage):
    book = Book()
    book.take(Measure.JOBS_DEAD, 1, ("mail", "x"))
    stage.parts.items.write(minute_spot(NOON), bound(book, NOON + HOUR))
    stage.put(NOON + 30 * MINUTE)
    stage.at(NOON + HOUR).tick()

    assert stage.ask(NOON, NOON + MINUTE).total.dead == 1

"""Binding parts into minutes and minutes into hours: whatever happens to ticks, each part is counted once."""

from contextlib import suppress

import pytest

from chalicelib.domain.errors import Unavailable
from chalicelib.pipeline.items import Edit
from chalicelib.pipeline.statistics import bind as binding
from chalicelib.pipeline.statistics.bind import LAG, bind, bound_until
from chalicelib.pipeline.statistics.shelves import (
    BOOK,
    CURSOR,
    MINUTES_KEPT,
    PARTS_KEPT,
    SHARDS,
    hour_spot,
    minute_spot,
    part_shelf,
    part_spot,
)
from tests.support.faults import Crash, How, Trap, trapped
from tests.unit.pipeline.statistics.conftest import HOUR, MINUTE, NOON, Stage

DAY = (NOON.replace(hour=0), NOON.replace(hour=0) + 24 * HOUR)


def test_the_parts_of_a_minute_become_one_item(stage):
    # given a minute of which three containers wrote
    for key in "abc":
        stage.put(NOON, key=key)

    # when it is over
    assert stage.at(NOON + MINUTE + LAG).tick() == 1

    # then it is bound, and so far the cursor is
    assert stage.parts.items.read(minute_spot(NOON))[BOOK]
    assert bound_until(stage.parts) == NOON + MINUTE
    assert stage.steps(NOON, NOON + MINUTE) == {"21 12:00": 3}


def test_a_minute_that_may_still_grow_is_not_bound(stage):
    stage.put(NOON)

    assert stage.at(NOON + MINUTE + LAG - MINUTE / 60).tick() == 0
    assert bound_until(stage.parts) is None


def test_a_tick_that_finds_nothing_writes_nothing(stage):
    stage.put(NOON)
    stage.at(NOON + HOUR).tick()
    before = stage.parts.items.read(CURSOR)

    assert stage.at(NOON + 5 * HOUR).tick() == 0
    assert stage.parts.items.read(CURSOR) == before


def test_twice_is_as_once(stage):
    stage.put(NOON)
    stage.put(NOON + HOUR)
    stage.at(NOON + 2 * HOUR + 2 * MINUTE).tick()
    once = stage.steps(*DAY, step=3600)

    stage.tick()
    stage.parts.items.delete(CURSOR)
    stage.tick()

    assert stage.steps(*DAY, step=3600) == once == {"21 12:00": 1, "21 13:00": 1}


def test_an_hour_is_bound_when_its_last_minute_is(stage):
    # given jobs in the first and the last minute of an hour
    stage.put(NOON)
    stage.put(NOON + 59 * MINUTE)
    stage.at(NOON + 30 * MINUTE).tick()
    assert stage.parts.items.read(hour_spot(NOON)) == {}

    # when the hour is over
    stage.at(NOON + HOUR + LAG).tick()

    # then it has both
    assert stage.parts.items.read(hour_spot(NOON))
    assert stage.steps(*DAY, step=3600) == {"21 12:00": 2}


def test_the_hour_before_a_long_silence_is_bound_with_the_next_jobs(stage):
    stage.put(NOON)
    stage.at(NOON + 2 * MINUTE).tick()
    stage.put(NOON + 7 * HOUR)
    stage.at(NOON + 7 * HOUR + 2 * MINUTE).tick()

    assert stage.parts.items.read(hour_spot(NOON))
    assert stage.steps(*DAY, step=3600) == {"21 12:00": 1, "21 19:00": 1}


def test_after_an_outage_of_the_tick_all_is_bound(stage):
    for hour in range(30):
        stage.put(NOON + hour * HOUR, key=f"k{hour}")

    assert stage.at(NOON + 30 * HOUR).tick() == 30
    assert sum(stage.steps(NOON, NOON + 31 * HOUR, step=3600).values()) == 30


@pytest.mark.parametrize("how", [How.CRASH_BEFORE, How.CRASH_AFTER, How.REPLY_LOST, How.NO_ANSWER])
def test_whatever_call_of_the_tick_fails_the_next_tick_makes_it_whole(how):
    for call in range(1, 20):
        # given two hours of jobs, and a tick that dies at its n-th call
        stage = Stage()
        for minute in (0, 1, 59, 61):
            stage.put(NOON + minute * MINUTE)
        stage.at(NOON + 2 * HOUR + 2 * MINUTE)
        trap = Trap(how=how, at=call)
        with suppress(Crash, Unavailable):
            bind(until=stage.world.now() + MINUTE, parts=trapped(stage.parts, trap))
        if trap.sprung is None:
            assert call > 8
            return

        # when the next one comes
        stage.at(stage.world.now() + MINUTE).tick()

        # then every job is counted once
        assert stage.steps(*DAY, step=3600) == {"21 12:00": 3, "21 13:00": 1}
        assert stage.steps(NOON, NOON + 2 * HOUR) == {
            "21 12:00": 1,
            "21 12:01": 1,
            "21 12:59": 1,
            "21 13:01": 1,
        }
    pytest.fail("the tick makes more calls than were tried")


def test_a_tick_takes_so_many_parts_and_the_next_goes_on(stage, monkeypatch):
    # given more parts than a tick takes
    monkeypatch.setattr(binding, "PARTS_A_TICK", 3)
    monkeypatch.setattr(binding, "PAGE", 2)
    for minute in range(6):
        for key in "abcd":
            stage.put(NOON + minute * MINUTE, key=key)
    stage.at(NOON + HOUR)

    # when ticks come
    ticks = 0
    while stage.tick():
        ticks += 1

    # then they get to the end, and what was bound of the minutes is what a tick takes
    assert 1 < ticks <= 6
    assert bound_until(stage.parts) is not None
    counted = stage.steps(NOON, NOON + 6 * MINUTE)
    assert len(counted) == 6
    assert all(1 <= some <= 4 for some in counted.values())


def test_a_tick_whose_time_is_over_leaves_it_to_the_next(stage):
    stage.put(NOON)
    stage.at(NOON + HOUR)

    assert bind(until=stage.world.now(), parts=stage.parts) == 0
    assert stage.tick() == 1


def test_a_part_of_newer_code_is_left_out_and_told(stage, caplog):
    stage.put(NOON)
    stage.parts.items.write(part_spot(NOON, "newer"), Edit(set={BOOK: '{"form":7}'}))

    assert stage.at(NOON + HOUR).tick() == 1
    assert stage.steps(NOON, NOON + MINUTE) == {"21 12:00": 1}
    assert "left out of the statistics" in caplog.text


def test_parts_outlive_a_long_outage_and_minutes_a_week(stage):
    # what may be deleted by itself is what nobody needs any more
    assert PARTS_KEPT >= 24 * HOUR
    assert MINUTES_KEPT >= 7 * 24 * HOUR
    assert len({part_spot(NOON, key).shelf for key in map(str, range(50))}) == SHARDS
    assert part_spot(NOON, "x").shelf in {part_shelf(shard) for shard in range(SHARDS)}

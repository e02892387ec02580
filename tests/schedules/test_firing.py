"""Exactly one job for each fire time: by one ticker, by two, late, early, and when the same work is done twice."""

from dataclasses import replace
from datetime import timedelta

import pytest

from chalicelib.domain.flow import Rate
from chalicelib.pipeline.schedule_change import delete
from chalicelib.pipeline.schedule_item import KEPT_FINISHED
from tests.schedules.ground import MINUTE, START, Ground, every
from tests.schedules.traps import Among, Late, Meanwhile, Twice
from tests.support.faults import How, Trap, trapped

FIVE = timedelta(minutes=5)
RATE = Rate(limit=100, per=timedelta(minutes=1), key=("word",))
CALLS = 12
"""More than a tick that fires makes; each test asserts that the last of them is beyond its end."""


def test_every_five_minutes_a_job_starts_to_the_second():
    ground = Ground()
    ground.make(every=FIVE)
    ground.minutes(31)
    assert ground.fired() == every(START, FIVE, 6)
    assert [at for at, _ in ground.runs] == every(START, FIVE, 6)


def test_a_job_says_which_schedule_it_comes_from_and_carries_its_arguments():
    ground = Ground()
    ground.make(every=FIVE, args={"word": "hi"})
    ground.minutes(6)
    assert [(row.cause, row.task) for row in ground.jobs()] == [("schedule:s", "work")]
    assert [word for _, word in ground.runs] == ["hi"]


def test_every_minute_means_every_minute():
    ground = Ground()
    ground.make(cron="* * * * *")
    ground.minutes(30)
    assert [at for at, _ in ground.runs] == every(START, MINUTE, 30)


def test_a_one_off_fires_once_and_is_then_finished():
    ground = Ground()
    ground.make(at=START + timedelta(minutes=7, seconds=13), args={"word": "once"})
    ground.minutes(60)
    assert ground.runs == [(START + timedelta(minutes=7, seconds=13), "once")]
    assert ground.find().next is None
    # and the item may go some days later
    item = ground.parts.items.shelves[ground.find().spot]
    assert item.due is None
    assert item.until - START > KEPT_FINISHED


def test_what_is_due_before_the_next_tick_does_not_wait_for_it():
    ground = Ground()
    ground.tick()
    ground.seconds(10)
    ground.make(at=START + timedelta(seconds=15))
    ground.seconds(49)
    assert [at for at, _ in ground.runs] == [START + timedelta(seconds=15)]


def test_a_tick_that_fails_is_not_noticed():
    ground = Ground()
    ground.make(every=FIVE)
    for minute in range(31):
        if minute % 2:
            ground.tick()
        ground.seconds(60)
    assert [at for at, _ in ground.runs] == every(START, FIVE, 6)


def test_time_for_starting_counts_from_the_fire_time():
    ground = Ground(expires=timedelta(seconds=30))
    ground.make(every=FIVE)
    ground.minutes(6)
    assert [row.expires for row in ground.jobs()] == [START + FIVE + timedelta(seconds=30)]
    assert len(ground.runs) == 1


# ----------------------------------------------------------------------------------------------- crashes, at every call
def until_the_fire(ground: Ground) -> None:
    """Up to the tick that fires 12:05."""
    ground.make(every=FIVE)
    ground.minutes(3)


@pytest.mark.parametrize("how", How)
def test_whatever_happens_at_any_call_of_a_tick_each_fire_time_has_its_one_job(how):
    sprung = []
    for call in range(1, CALLS + 1):
        # given a tick that is about to fire, and in which something happens at this call
        ground = Ground()
        until_the_fire(ground)
        trap = Trap(how=how, at=call)
        ground.tick(trapped(ground.parts, Among(trap=trap)))
        ground.seconds(60)
        # when all goes well afterwards
        ground.minutes(27)
        # then there is no trace of it
        assert ground.fired() == every(START, FIVE, 6), trap.sprung
        assert len(ground.runs) == 6, trap.sprung
        sprung.append(trap.sprung)
    assert {"items.read", "items.write", "store.create", "queue.send"} <= set(sprung)
    assert sprung[-1] is None


@pytest.mark.parametrize("kind", [Twice, Late])
def test_a_call_that_happens_twice_or_a_minute_late_fires_nothing_twice(kind):
    sprung = []
    for call in range(1, CALLS + 1):
        ground = Ground()
        until_the_fire(ground)
        trap = kind(at=call)
        ground.tick(trapped(ground.parts, Among(trap=trap)))
        ground.seconds(60)
        ground.minutes(1)
        if isinstance(trap, Late):
            trap.land()
        ground.minutes(26)
        assert ground.fired() == every(START, FIVE, 6), call
        assert len(ground.runs) == 6, call
        sprung.append(trap.sprung)
    assert sprung[3]
    assert not sprung[-1]


def test_two_ticks_at_once_fire_once_whenever_the_second_comes():
    sprung = []
    for call in range(1, CALLS + 1):
        ground = Ground()
        until_the_fire(ground)
        trap = Meanwhile(at=call, other=ground.tick)
        ground.tick(trapped(ground.parts, Among(trap=trap)))
        ground.seconds(60)
        ground.minutes(27)
        assert ground.fired() == every(START, FIVE, 6)
        assert len(ground.runs) == 6
        sprung.append(trap.sprung)
    assert sprung[3]
    assert not sprung[-1]


# ------------------------------------------------------------------------------------------------------- outages, clocks
@pytest.mark.parametrize(
    ("policy", "made_up_for"),
    [("skip", []), ("one", [180]), ("all:4", [165, 170, 175, 180]), ("all", [*range(5, 181, 5)])],
)
def test_after_three_hours_without_a_tick_the_policy_says_what_is_made_up_for(policy, made_up_for):
    ground = Ground()
    ground.make(every=FIVE, catch_up=policy)
    # when no tick comes for three hours and 20 seconds
    ground.seconds(3 * 60 * 60 + 20)
    ground.minutes(10)
    # then these are made up for, and all goes on as before
    expected = [START + minutes * MINUTE for minutes in [*made_up_for, 185, 190]]
    assert ground.fired() == expected
    assert len(ground.runs) == len(expected)


def test_a_tick_that_is_killed_while_catching_up_is_finished_by_the_next_one_with_the_same_choice():
    for call in range(1, 60):
        ground = Ground()
        ground.make(every=FIVE, catch_up="all:4")
        ground.seconds(3 * 60 * 60 + 20)
        trap = Trap(how=How.CRASH_AFTER, at=call, only=lambda name: name in ("items.write", "store.create"))
        ground.tick(trapped(ground.parts, trap))
        # and that comes only when another fire time has passed
        ground.seconds(6 * 60)
        ground.minutes(2)
        expected = [START + minutes * MINUTE for minutes in (165, 170, 175, 180, 185)]
        if trap.sprung is None:
            break
        assert ground.fired() == expected, (call, trap.sprung)
    assert call > 5


@pytest.mark.parametrize("off", [-10, 10])
def test_a_ticker_whose_clock_is_ten_minutes_off_changes_nothing_but_how_early_a_job_is_put(off):
    ground = Ground()
    ground.make(every=FIVE)
    other = ground.other_clock(off * MINUTE)
    for minute in range(60):
        ground.tick(other if minute % 3 else None)
        ground.seconds(60)
    fired = ground.fired()
    assert fired[:11] == every(START, FIVE, 11)
    assert ground.doubled() == []


# ---------------------------------------------------------------------------------------------------------------- many
@pytest.mark.slow
@pytest.mark.long
def test_ten_thousand_due_in_one_minute_are_fired_by_one_tick_each_once():
    ground = Ground()
    due = START + timedelta(hours=1)
    for number in range(10_000):
        ground.make(id=f"s{number}", at=due)
    ground.world.advance(due - START - MINUTE)
    ground.tick()
    assert len(ground.fired()) == 10_000
    assert {row.due for row in ground.jobs()} == {due}
    ground.tick()
    ground.world.advance(MINUTE)
    ground.tick()
    assert len(ground.jobs()) == 10_000


def test_when_a_tick_has_no_time_for_all_of_them_the_next_ones_do_the_rest():
    ground = Ground()
    due = START + timedelta(hours=1)
    for number in range(1000):
        ground.make(id=f"s{number}", at=due)
    ground.world.advance(due - START - 2 * MINUTE)

    class Slow:
        """50 ms a call."""

        def around(self, name, call, *args, **kwargs):
            if name.startswith("items."):
                ground.world.advance(timedelta(milliseconds=50))
            return call(*args, **kwargs)

    seen = []
    for _ in range(12):
        ground.tick(trapped(ground.parts, Slow()))
        seen.append(len(ground.jobs()))
    assert 0 < seen[0] < 1000
    assert seen[-1] == len({row.cause for row in ground.jobs()}) == 1000


# ------------------------------------------------------------------------------------------------------ unknown tasks
def test_a_schedule_whose_task_this_code_does_not_have_waits_for_code_that_has_it():
    ground = Ground()
    ground.make(every=timedelta(hours=1), catch_up="one")
    task = ground.stage.registry.tasks.pop("work")
    ground.minutes(130)
    assert ground.jobs() == []
    # when code that knows it is deployed
    ground.stage.registry.tasks["work"] = task
    ground.minutes(20)
    # then it catches up, and goes on
    assert ground.fired() == [START + timedelta(hours=2)]


def test_a_schedule_whose_arguments_no_longer_fit_a_limits_key_keeps_what_it_owes_and_others_go_on():
    ground = Ground()
    ground.make(id="odd", every=FIVE, args={"word": "x"})
    ground.make(id="fine", every=FIVE)
    # given a deploy after which the argument cannot be part of the task's key
    odd = ground.parts.items.shelves[ground.find("odd").spot]
    ground.parts.items.shelves[ground.find("odd").spot] = replace(
        odd, fields={**odd.fields, "args": '{"word":["x"]}'}
    )
    ground.stage.registry.tasks.pop("work")
    ground.stage.task(lambda word="": ground.runs.append((ground.world.now(), word)), "work", rate=RATE)
    ground.minutes(6)
    assert [row.cause for row in ground.jobs()] == ["schedule:fine"]
    assert len(ground.find("odd").owes) == 1
    # and it can be deleted
    delete("odd", tenant="default", parts=ground.parts)
    ground.minutes(30)
    assert {row.cause for row in ground.jobs()} == {"schedule:fine"}

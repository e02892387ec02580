"""Editing, pausing and deleting while ticks fire: each fire time gets the old rule or the new one, never both, and none after an answer."""

import contextlib
from datetime import timedelta
from typing import cast

import pytest

from chalicelib.adapters.memory import MemoryItems
from chalicelib.domain.errors import Conflict, InvalidInput, NotFound, NotPossible, Unavailable, UnknownTask
from chalicelib.domain.job import State
from chalicelib.pipeline import schedule_quota
from chalicelib.pipeline.schedule_change import (
    Changes,
    NewSchedule,
    create,
    delete,
    fire_now,
    pause,
    resume,
    update,
)
from chalicelib.pipeline.schedule_query import all_of, find, listed, next_fires
from chalicelib.pipeline.timetable import Rule
from jobline.testing.crash import Killed
from tests.schedules.ground import MINUTE, START, Ground, every
from tests.schedules.traps import FIRING, Among, Late, Meanwhile
from tests.support.faults import How, Trap, trapped

FIVE = timedelta(minutes=5)
T = {"tenant": "default"}


# ------------------------------------------------------------------------------------------------------------- in peace
def test_an_edit_takes_effect_with_the_next_fire():
    ground = Ground()
    ground.make(every=FIVE, args={"word": "old"})
    ground.minutes(12)
    update("s", Changes(args={"word": "new"}), **T, parts=ground.parts)
    ground.minutes(10)
    assert [word for _, word in ground.runs] == ["old", "old", "new", "new"]
    assert ground.fired() == every(START, FIVE, 4)


def test_an_edit_of_a_fire_that_is_ahead_already_changes_it_too():
    ground = Ground()
    ground.make(every=FIVE, args={"word": "old"})
    # given that 12:05 was put at 12:03
    ground.minutes(4)
    assert len(ground.jobs()) == 1
    # when it is edited at 12:04
    update("s", Changes(args={"word": "new"}), **T, parts=ground.parts)
    ground.minutes(7)
    # then 12:05 runs once, with the new arguments and to the second
    assert ground.runs == [(START + FIVE, "new"), (START + 2 * FIVE, "new")]
    assert len(ground.jobs(State.CANCELLED)) == 1


def test_another_rule_takes_the_place_of_the_old_one():
    ground = Ground()
    ground.make(every=FIVE)
    ground.minutes(6)
    update("s", Changes(cron="0,30 * * * *", timezone="Europe/Berlin"), **T, parts=ground.parts)
    ground.minutes(60)
    assert ground.fired() == [START + minutes * MINUTE for minutes in (5, 30, 60)]
    assert ground.find().rule.every is None


def test_a_period_that_is_edited_is_counted_from_the_edit():
    ground = Ground()
    ground.make(every=FIVE)
    ground.minutes(7)
    update("s", Changes(every=timedelta(minutes=10)), **T, parts=ground.parts)
    ground.minutes(22)
    assert ground.fired() == [START + minutes * MINUTE for minutes in (5, 17, 27)]


def test_nothing_starts_after_a_pause_was_answered_and_what_was_missed_is_missed():
    ground = Ground()
    ground.make(every=FIVE, catch_up="all")
    ground.minutes(4)
    assert len(ground.jobs()) == 1  # 12:05 is ahead
    paused = pause("s", **T, parts=ground.parts)
    assert paused.next is None
    ground.minutes(30)
    assert ground.runs == []
    resume("s", **T, parts=ground.parts)
    ground.minutes(8)
    assert ground.fired() == [START + 35 * MINUTE, START + 40 * MINUTE]


def test_a_pause_and_a_resume_before_the_next_fire_change_nothing():
    ground = Ground()
    ground.make(every=FIVE)
    ground.minutes(4)
    pause("s", **T, parts=ground.parts)
    resume("s", **T, parts=ground.parts)
    ground.minutes(3)
    assert ground.runs == [(START + FIVE, "")]


def test_what_was_due_when_it_is_paused_is_performed_first():
    ground = Ground()
    ground.make(every=FIVE)
    # given that no tick came for six minutes
    ground.seconds(360)
    pause("s", **T, parts=ground.parts)
    ground.minutes(30)
    assert ground.fired() == [START + FIVE]


def test_a_deleted_schedule_is_gone_and_its_id_is_free():
    ground = Ground()
    ground.make(every=FIVE, args={"word": "first"})
    ground.minutes(4)
    delete("s", **T, parts=ground.parts)
    with pytest.raises(NotFound):
        ground.find()
    with pytest.raises(NotFound):
        delete("s", **T, parts=ground.parts)
    ground.make(every=FIVE, args={"word": "second"})
    ground.minutes(16)
    # the second counts from its own creation
    assert ground.runs == [(START + minutes * MINUTE, "second") for minutes in (9, 14, 19)]


def test_a_later_schedule_of_the_same_id_and_rule_fires_times_that_the_first_one_had_ahead():
    ground = Ground()
    ground.make(cron="*/5 * * * *", args={"word": "first"})
    ground.minutes(4)
    delete("s", **T, parts=ground.parts)
    ground.make(cron="*/5 * * * *", args={"word": "second"})
    ground.minutes(7)
    assert ground.runs == [(START + FIVE, "second"), (START + 2 * FIVE, "second")]


def test_firing_now_leaves_the_rule_alone_and_works_while_paused():
    ground = Ground()
    ground.make(every=FIVE, args={"word": "hi"})
    ground.minutes(2)
    job = fire_now("s", **T, parts=ground.parts)
    assert (job.cause, job.due) == ("schedule:s", None)
    pause("s", **T, parts=ground.parts)
    fire_now("s", **T, parts=ground.parts)
    ground.seconds(0)
    assert [word for _, word in ground.runs] == ["hi", "hi"]
    resume("s", **T, parts=ground.parts)
    ground.minutes(5)
    assert len(ground.runs) == 3


def test_a_finished_one_off_can_be_given_another_time():
    ground = Ground()
    ground.make(at=START + FIVE)
    ground.minutes(10)
    update("s", Changes(at=START + 4 * FIVE), **T, parts=ground.parts)
    assert ground.parts.items.shelves[ground.find().spot].until.year == 2999
    ground.minutes(12)
    assert ground.fired() == [START + FIVE, START + 4 * FIVE]


def test_the_next_fire_times_can_be_asked_for():
    ground = Ground()
    made = ground.make(cron="30 2 * * *", timezone="Europe/Berlin")
    assert [at.isoformat() for at in next_fires(made, 2, START)] == [
        "2026-01-02T01:30:00+00:00",
        "2026-01-03T01:30:00+00:00",
    ]
    assert next_fires(pause("s", **T, parts=ground.parts), 2, START) == []


# ------------------------------------------------------------------------------------------------- in the middle of a tick
CALLS = 14


def _edit(ground: Ground, parts) -> None:
    update("s", Changes(args={"word": "new"}), **T, parts=parts)


def _pause(ground: Ground, parts) -> None:
    pause("s", **T, parts=parts)


def _delete(ground: Ground, parts) -> None:
    delete("s", **T, parts=parts)


@pytest.mark.parametrize("minute", [3, 4, 5])
@pytest.mark.parametrize("edit", [_edit, _pause, _delete])
def test_a_change_between_any_two_calls_of_a_tick_leaves_each_fire_time_with_one_rule(edit, minute):
    sprung = []
    for call in range(1, CALLS + 1):
        # given a tick that fires 12:05 (at minute 3) or comes after that, and a change right before its n-th call
        ground = Ground()
        ground.make(every=FIVE, args={"word": "old"})
        ground.minutes(minute)
        changed = []

        def other(ground=ground, changed=changed):
            edit(ground, ground.parts)
            changed.append(ground.world.now())

        trap = Meanwhile(at=call, other=other)
        ground.tick(trapped(ground.parts, Among(trap=trap)))
        if not trap.sprung:
            other()
        ground.seconds(60)
        ground.until(27)
        assert_one_rule(ground, edit, changed[0])
        sprung.append(trap.sprung)
    assert not sprung[-1]
    assert sprung[0] or minute > 3


@pytest.mark.parametrize("minute", [3, 4, 5])
@pytest.mark.parametrize("edit", [_edit, _pause, _delete])
def test_a_tick_between_any_two_calls_of_a_change_leaves_each_fire_time_with_one_rule(edit, minute):
    sprung = []
    for call in range(1, CALLS + 6):
        ground = Ground()
        ground.make(every=FIVE, args={"word": "old"})
        ground.minutes(minute)
        trap = Meanwhile(at=call, other=ground.tick)
        edit(ground, trapped(ground.parts, All(trap)))
        changed = ground.world.now()
        ground.seconds(60)
        ground.until(27)
        assert_one_rule(ground, edit, changed)
        sprung.append(trap.sprung)
    assert not sprung[-1]
    assert sprung[0]


@pytest.mark.parametrize("how", How)
@pytest.mark.parametrize("edit", [_edit, _pause, _delete])
def test_a_change_that_dies_at_any_call_and_is_asked_for_again_is_made_once(edit, how):
    sprung = []
    for call in range(1, CALLS + 6):
        ground = Ground()
        ground.make(every=FIVE, args={"word": "old"})
        ground.minutes(4)
        trap = Trap(how=how, at=call, only=lambda name: name in FIRING)
        try:
            edit(ground, trapped(ground.parts, trap))
        except (Killed, Unavailable):
            # given that whoever asked comes again after the next tick
            ground.tick()
            try:
                edit(ground, ground.parts)
            except NotFound:
                assert edit is _delete
        changed = ground.world.now()
        ground.seconds(60)
        ground.until(27)
        assert_one_rule(ground, edit, changed)
        sprung.append(trap.sprung)
    assert sprung[0]
    assert sprung[-1] is None


@pytest.mark.parametrize("edit", [_edit, _pause, _delete])
def test_a_change_that_dies_and_is_never_asked_for_again_is_finished_by_the_tick(edit):
    for call in range(1, CALLS + 6):
        ground = Ground()
        ground.make(every=FIVE, args={"word": "old"})
        ground.minutes(4)
        trap = Trap(how=How.CRASH_AFTER, at=call, only=lambda name: name in FIRING)
        with contextlib.suppress(Killed):
            edit(ground, trapped(ground.parts, trap))
        ground.minutes(20)
        # then 12:05 has one rule or, once it is paused or deleted, none; and there is nothing that is owed for ever
        assert ground.doubled() == []
        assert len({at for at, _ in ground.runs}) == len(ground.runs)
        item = ground.parts.items.shelves[next(iter(all_spots(ground)))]
        assert "owes" not in item.fields
        assert "voids" not in item.fields


@pytest.mark.parametrize("edit", [_edit, _pause, _delete])
def test_calls_of_a_dying_tick_that_land_after_a_change_start_nothing(edit):
    sprung = []
    for call in range(1, CALLS):
        ground = Ground()
        ground.make(every=FIVE, args={"word": "old"})
        ground.minutes(3)
        # given a tick that hears nothing from its n-th call on
        trap = Late(at=call)
        ground.tick(trapped(ground.parts, Among(trap=trap)))
        # when what it asked for lands after a change was answered
        edit(ground, ground.parts)
        changed = ground.world.now()
        trap.land()
        ground.seconds(60)
        ground.until(27)
        assert_one_rule(ground, edit, changed)
        sprung.append(trap.sprung)
    assert sprung[3]
    assert not sprung[-1]


@pytest.mark.parametrize("off", [-10, 10])
@pytest.mark.parametrize("edit", [_edit, _pause, _delete])
def test_an_editor_whose_clock_is_ten_minutes_off_doubles_nothing(edit, off):
    for minute in range(3, 9):
        ground = Ground()
        ground.make(every=FIVE, args={"word": "old"})
        ground.minutes(minute)
        edit(ground, ground.other_clock(off * MINUTE))
        ground.until(37)
        assert ground.doubled() == []
        # nor does it fire times before there was a schedule
        assert all(at > START for at in ground.fired())
        assert len(ground.runs) == len(ground.fired())


class All:
    """Lets the calls of firing through to the trap."""

    def __init__(self, trap):
        self.trap = trap

    def around(self, name, call, *args, **kwargs):
        if name in FIRING:
            return self.trap.around(name, call, *args, **kwargs)
        return call(*args, **kwargs)


def all_spots(ground: Ground):
    shelves = cast("MemoryItems", ground.stage.parts.items).shelves
    return [spot for spot in shelves if spot.kind == "schedule"]


def assert_one_rule(ground: Ground, edit, changed) -> None:
    """No fire time ran twice; those after the change ran under the new rule, or not at all."""
    assert ground.doubled() == []
    times = [at for at, _ in ground.runs]
    assert len(times) == len(set(times)) == len(ground.fired())
    after = {at: word for at, word in ground.runs if at > changed}
    if edit is _edit:
        assert set(after.values()) == {"new"}
        due = [at for at in every(START, FIVE, 8) if changed < at < ground.world.now()]
        assert [at for at in ground.fired() if at > changed] == due
    else:
        assert after == {}
    assert {word for at, word in ground.runs if at <= changed} <= {"old"}


# --------------------------------------------------------------------------------------------------- creating and asking
def test_creating_the_same_again_is_creating_it_once():
    ground = Ground()
    first = ground.make(every=FIVE, args={"word": "a"})
    ground.minutes(2)
    assert ground.make(every=FIVE, args={"word": "a"}).created == first.created
    with pytest.raises(Conflict):
        ground.make(every=FIVE, args={"word": "b"})
    with pytest.raises(Conflict):
        ground.make(every=2 * FIVE, args={"word": "a"})


@pytest.mark.parametrize("how", How)
def test_a_creation_that_dies_at_any_call_is_made_by_asking_again(how):
    for call in range(1, 9):
        ground = Ground()
        trap = Trap(how=how, at=call, only=lambda name: name in FIRING)
        new = NewSchedule(task="work", rule=Rule(cron="*/5 * * * *"), id="s")
        try:
            create(new, **T, parts=trapped(ground.parts, trap))
        except (Killed, Unavailable):
            create(new, **T, parts=ground.parts)
        ground.minutes(11)
        assert ground.fired() == every(START, FIVE, 2)


@pytest.mark.parametrize(
    ("new", "argument"),
    [
        ({"task": "nothing"}, "task"),
        ({"id": "a b"}, "id"),
        ({"id": "@work"}, "id"),
        ({"id": "x" * 65}, "id"),
        ({"args": {"word": 1}}, "args.word"),
        ({"args": {"other": 1}}, "args.other"),
        ({"args": {"word": "x" * 5000}}, "args"),
        ({"rule": Rule(at=START)}, "at"),
        ({"rule": Rule(cron="x")}, "cron"),
    ],
)
def test_a_wrong_schedule_is_refused_by_the_name_of_the_argument(new, argument):
    ground = Ground()
    with pytest.raises(InvalidInput) as refused:
        create(NewSchedule(**{"task": "work", "rule": Rule(every=FIVE), **new}), **T, parts=ground.parts)
    assert refused.value.argument == argument
    assert all_spots(ground) == []


@pytest.mark.parametrize(
    ("changes", "argument"),
    [
        ({"args": {"word": 1}}, "args.word"),
        ({"cron": "x"}, "cron"),
        ({"timezone": "Europe/Berlin"}, "timezone"),
        ({"at": START - FIVE}, "at"),
        ({"catch_up": "x"}, "catch_up"),
        ({"cron": "* * * * *", "every": FIVE}, "every"),
    ],
)
def test_a_wrong_edit_is_refused_and_changes_nothing(changes, argument):
    ground = Ground()
    before = ground.make(every=FIVE)
    with pytest.raises(InvalidInput) as refused:
        update("s", Changes(**changes), **T, parts=ground.parts)
    assert refused.value.argument == argument
    assert ground.find() == before


def test_another_tenants_schedule_is_not_there():
    ground = Ground()
    ground.make(every=FIVE)
    for ask in (delete, pause, resume, fire_now, find):
        with pytest.raises(NotFound):
            ask("s", tenant="other", parts=ground.parts)
    with pytest.raises(NotFound):
        update("s", Changes(catch_up="skip"), tenant="other", parts=ground.parts)


def test_a_tenants_schedules_are_listed_page_by_page_in_the_order_of_their_ids():
    ground = Ground()
    for number in range(25):
        ground.make(id=f"s{number:02}", every=FIVE)
    for tenant in ("defaul", "default-b", "default.b", "a", "z"):
        create(NewSchedule(task="work", rule=Rule(every=FIVE), id="other"), tenant=tenant, parts=ground.parts)
    delete("s07", **T, parts=ground.parts)
    found, cursor = [], ""
    while cursor is not None:
        page = listed(**T, limit=10, after=cursor, parts=ground.parts)
        found += [one.id for one in page.schedules]
        cursor = page.cursor
    assert found == [f"s{number:02}" for number in range(25) if number != 7]
    assert sorted(one.id for one in all_of("default", parts=ground.parts, page=3)) == found


def test_a_tenant_has_a_limited_number_of_schedules(monkeypatch):
    monkeypatch.setattr(schedule_quota, "MOST", 3)
    ground = Ground()
    for number in range(3):
        ground.make(id=f"s{number}", every=FIVE)
    with pytest.raises(NotPossible, match="has 3 schedules"):
        ground.make(id="s3", every=FIVE)
    # the same again is none more
    ground.make(id="s2", every=FIVE)
    delete("s1", **T, parts=ground.parts)
    ground.make(id="s3", every=FIVE)
    # another tenant has its own
    create(NewSchedule(task="work", rule=Rule(every=FIVE)), tenant="b", parts=ground.parts)


def test_a_count_that_went_wrong_refuses_nobody(monkeypatch):
    monkeypatch.setattr(schedule_quota, "MOST", 3)
    ground = Ground()
    for _ in range(3):
        schedule_quota.reserve("default", parts=ground.parts)
    for number in range(3):
        ground.make(id=f"s{number}", every=FIVE)
    with pytest.raises(NotPossible):
        ground.make(id="s3", every=FIVE)


def test_a_task_that_is_gone_can_neither_be_edited_nor_fired_but_paused_and_deleted():
    ground = Ground()
    ground.make(every=FIVE)
    ground.stage.registry.tasks.pop("work")
    with pytest.raises(UnknownTask):
        update("s", Changes(args={}), **T, parts=ground.parts)
    with pytest.raises(UnknownTask):
        fire_now("s", **T, parts=ground.parts)
    assert pause("s", **T, parts=ground.parts).paused
    delete("s", **T, parts=ground.parts)


def test_an_id_is_made_where_none_is_given():
    ground = Ground()
    made = create(NewSchedule(task="work", rule=Rule(every=FIVE)), **T, parts=ground.parts)
    assert len(made.id) == 10
    assert find(made.id, **T, parts=ground.parts) == made

"""`@task(schedule=...)`: the table learns what the code declares, from whichever process started last, and forgets what it no longer does."""

from dataclasses import replace
from datetime import timedelta

import pytest

from chalicelib.adapters.memory import MemoryItems
from chalicelib.domain.errors import NotFound, NotPossible, TaskMisdeclared
from chalicelib.pipeline.declared import SPOT, TENANT, declarations, tell_declared
from chalicelib.pipeline.parts import Parts
from chalicelib.pipeline.schedule_change import Changes, delete, pause, resume, update
from chalicelib.pipeline.schedule_query import all_of, find
from chalicelib.pipeline.task import Options, Registry
from chalicelib.pipeline.timetable import Rule
from tests.schedules.ground import MINUTE, START, Ground, every
from tests.schedules.traps import Meanwhile
from tests.support.faults import How, Trap, trapped

FIVE = timedelta(minutes=5)


class Same:
    """The same shelves, held by another process."""

    def __init__(self, items: MemoryItems) -> None:
        self._items = items
        self.calls: list[str] = []

    def __getattr__(self, name):
        self.calls.append(name)
        return getattr(self._items, name)


def code(**schedules) -> Registry:
    """Code that declares these, by the task's name."""
    registry = Registry()
    for name, options in schedules.items():
        registry.add(lambda: None, name, Options(**options))
    return registry


def process(ground: Ground, registry: Registry) -> Parts:
    """A process that has just started with this code."""
    return replace(ground.stage.parts, items=Same(ground.stage.parts.items), registry=registry)


def known(ground: Ground) -> dict:
    return {one.id: one for one in all_of(TENANT, parts=ground.stage.parts)}


def test_a_declared_schedule_fires_from_the_first_tick_on():
    ground = Ground(schedule=FIVE)
    ground.minutes(16)
    assert ground.fired() == every(START, FIVE, 3)
    assert ground.find("@work").rule == Rule(every=FIVE)


def test_a_cron_rule_with_a_zone_and_a_policy_is_taken_over():
    ground = Ground(schedule="0 3 * * *", timezone="Europe/Berlin", catch_up="all:3")
    ground.tick()
    found = ground.find("@work")
    assert (found.rule.cron, found.rule.timezone, found.rule.catch_up) == (
        "0 3 * * *",
        "Europe/Berlin",
        "all:3",
    )
    assert found.next.isoformat() == "2026-01-02T02:00:00+00:00"


def test_a_process_asks_once_and_writes_nothing_when_the_table_knows_it_all():
    ground = Ground()
    registry = code(a={"schedule": FIVE}, b={"schedule": "0 3 * * *"}, c={})
    ground.tick(process(ground, registry))
    again = process(ground, registry)
    for _ in range(3):
        tell_declared(until=START + MINUTE, parts=again)
    assert again.items.calls == ["read"]


def test_what_is_no_longer_declared_is_removed_and_what_is_new_is_made():
    ground = Ground()
    ground.tick(process(ground, code(a={"schedule": FIVE}, b={"schedule": FIVE})))
    ground.tick(process(ground, code(b={"schedule": 2 * FIVE}, c={"schedule": FIVE})))
    assert set(known(ground)) == {"@b", "@c"}
    assert known(ground)["@b"].rule.every == 2 * FIVE
    ground.tick(process(ground, code()))
    assert known(ground) == {}
    # and back again
    ground.tick(process(ground, code(a={"schedule": FIVE})))
    assert set(known(ground)) == {"@a"}


def test_a_deploy_leaves_what_it_does_not_change_alone():
    ground = Ground()
    ground.tick(process(ground, code(a={"schedule": FIVE}, b={"schedule": FIVE})))
    before = known(ground)["@a"]
    ground.tick(process(ground, code(a={"schedule": FIVE})))
    after = known(ground)["@a"]
    assert (after.next, after.revision, after.seed, after.created) == (
        before.next,
        before.revision,
        before.seed,
        before.created,
    )


def test_an_old_process_does_not_fight_the_new_one_and_a_rollback_wins():
    ground = Ground()
    old = process(ground, code(a={"schedule": FIVE}))
    new = process(ground, code(a={"schedule": 2 * FIVE}))
    for parts in (old, new, old, new, old, old):
        ground.tick(parts)
        ground.world.advance(MINUTE)
    assert known(ground)["@a"].rule.every == 2 * FIVE
    ground.tick(process(ground, code(a={"schedule": FIVE})))
    assert known(ground)["@a"].rule.every == FIVE


def test_a_pause_by_hand_outlives_deploys():
    ground = Ground(schedule=FIVE)
    ground.tick()
    pause("@work", tenant=TENANT, parts=ground.parts)
    ground.tick(process(ground, code(work={"schedule": 2 * FIVE})))
    assert known(ground)["@work"].paused
    ground.minutes(20)
    assert ground.runs == []
    resumed = resume("@work", tenant=TENANT, parts=ground.parts)
    assert (resumed.rule.every, resumed.next) == (2 * FIVE, START + 3 * 2 * FIVE)


def test_what_code_declares_can_only_be_changed_there():
    ground = Ground(schedule=FIVE)
    ground.tick()
    with pytest.raises(NotPossible, match="declared in code"):
        update("@work", Changes(catch_up="skip"), tenant=TENANT, parts=ground.parts)
    with pytest.raises(NotPossible, match="declared in code"):
        delete("@work", tenant=TENANT, parts=ground.parts)


@pytest.mark.parametrize("how", How)
def test_a_process_that_dies_while_it_tells_leaves_it_to_the_next_tick(how):
    sprung = []
    for call in range(1, 30):
        ground = Ground()
        ground.tick(process(ground, code(a={"schedule": FIVE}, b={"schedule": FIVE}, c={"schedule": FIVE})))
        registry = code(b={"schedule": 2 * FIVE}, c={"schedule": FIVE}, d={"schedule": FIVE})
        trap = Trap(how=how, at=call, only=lambda name: name.startswith("items.") and name != "items.due")
        ground.tick(trapped(process(ground, registry), trap))
        # when the next process is of the same code
        ground.tick(process(ground, registry))
        assert {key: one.rule.every for key, one in known(ground).items()} == {
            "@b": 2 * FIVE,
            "@c": FIVE,
            "@d": FIVE,
        }
        sprung.append(trap.sprung)
    assert "items.write" in sprung
    assert sprung[-1] is None


def test_two_processes_that_tell_at_once_end_with_what_one_of_them_declares():
    sprung = []
    for call in range(1, 30):
        ground = Ground()
        ground.tick(process(ground, code(a={"schedule": FIVE}, b={"schedule": FIVE})))
        new = process(ground, code(a={"schedule": 3 * FIVE}, d={"schedule": 3 * FIVE}))
        old = process(ground, code(a={"schedule": 2 * FIVE}, c={"schedule": 2 * FIVE}))
        trap = Meanwhile(at=call, other=lambda ground=ground, new=new: ground.tick(new))

        class Only:
            def around(self, name, verb, *args, trap=trap, **kwargs):
                chosen = name in ("items.read", "items.write", "items.listed")
                return trap.around(name, verb, *args, **kwargs) if chosen else verb(*args, **kwargs)

        old = trapped(old, Only())
        for _ in range(3):
            ground.tick(old)
            ground.tick(new)
        found = {key: one.rule.every for key, one in known(ground).items()}
        theirs = ({"@a": 3 * FIVE, "@d": 3 * FIVE}, {"@a": 2 * FIVE, "@c": 2 * FIVE})
        assert found in theirs, call
        sprung.append(trap.sprung)
    assert sprung[5]
    assert not sprung[-1]


def test_nothing_declared_is_nothing_written():
    ground = Ground()
    ground.minutes(3)
    assert ground.parts.items.read(SPOT) == {}
    assert list(declarations(ground.stage.registry)) == []


# -------------------------------------------------------------------------------------------------------- misdeclared
def needs(number: int) -> None:
    """Cannot run by itself."""


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"schedule": "every day"}, "schedule: 'every day' is not five fields"),
        ({"schedule": "0 0 31 2 *"}, "schedule: "),
        ({"schedule": timedelta(seconds=30)}, "schedule: 0:00:30 is not between a minute"),
        ({"schedule": "0 3 * * *", "timezone": "Berlin"}, "timezone: 'Berlin' is no time zone"),
        ({"schedule": "0 3 * * *", "catch_up": "both"}, "catch_up: 'both' is none of"),
        ({"schedule": FIVE, "timezone": "Europe/Berlin"}, "timezone: is for cron"),
        ({"timezone": "Europe/Berlin"}, "timezone is for a schedule, and there is none"),
        ({"catch_up": "skip"}, "catch_up is for a schedule, and there is none"),
    ],
)
def test_a_misdeclared_schedule_is_refused_at_import_by_the_option(options, words):
    with pytest.raises(TaskMisdeclared, match="@task t: ") as refused:
        Registry().add(lambda: None, "t", Options(**options))
    assert words in str(refused.value)


def test_a_task_that_needs_arguments_cannot_have_a_declared_schedule():
    with pytest.raises(TaskMisdeclared, match=r"schedule: args\.number has no default"):
        Registry().add(needs, None, Options(schedule=FIVE))


def test_a_declared_schedule_is_found_like_any_other():
    ground = Ground(schedule=FIVE)
    with pytest.raises(NotFound):
        find("@work", tenant=TENANT, parts=ground.parts)
    ground.tick()
    assert find("@work", tenant=TENANT, parts=ground.parts).declared

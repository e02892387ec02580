"""Schedules as people use them."""

from datetime import timedelta

from bench.ground import Ground, feature
from bench.uses import MANY, Begin, work
from chalicelib.pipeline.schedule_change import NewSchedule, create, pause, resume
from chalicelib.pipeline.schedule_item import Schedule
from chalicelib.pipeline.timetable import Rule


@feature("a schedule that is made")
def schedule_made(ground: Ground, begin: Begin) -> int:
    task = ground.task(work)
    begin()
    for number in range(MANY):
        scheduled_at(ground, task, f"made-{number}", LEAP_DAY)
    return MANY


@feature("a schedule's fire, with its job")
def schedule_fired(ground: Ground, begin: Begin) -> int:
    task = ground.task(work)
    made = [scheduled_at(ground, task, f"fired-{number}", "0 3 * * *") for number in range(MANY)]
    fire = made[0].timetable.after(ground.world.now())
    if fire is None:
        raise ValueError("a nightly schedule that never fires")
    ground.world.advance(fire - ground.world.now() - timedelta(minutes=3))
    begin()
    ground.later(timedelta(minutes=4))
    ground.check_all(schedule.job_id(fire) for schedule in made)
    return MANY


@feature("a schedule that is paused and resumed")
def schedule_paused(ground: Ground, begin: Begin) -> int:
    task = ground.task(work)
    made = [scheduled_at(ground, task, f"paused-{number}", LEAP_DAY) for number in range(MANY)]
    begin()
    for schedule in made:
        pause(schedule.id, tenant=schedule.tenant, parts=ground.parts)
        resume(schedule.id, tenant=schedule.tenant, parts=ground.parts)
    return MANY


LEAP_DAY = "0 3 29 2 *"
"""When none of the other features is used: they share one table."""


def scheduled_at(ground: Ground, task: str, schedule_id: str, cron: str) -> Schedule:
    """A schedule."""
    new = NewSchedule(id=schedule_id, task=task, args={"number": 1}, rule=Rule(cron=cron))
    return create(new, tenant="default", parts=ground.parts)

"""What the tick looks after, one tenant having a hundred times as much: the other's is served within the ticks that their number sets.

The index is in order of time and knows no tenant, so the promise is one of order: what was due first is visited first, and whatever a visit
comes to, the appointment moves to a later time. A tick that came back to the same ones would never come to the last.
"""

import math
from datetime import timedelta

import pytest

from chalicelib.pipeline.enqueue import JobRequest, enqueue
from chalicelib.pipeline.limits import SEND_AHEAD, Limits
from chalicelib.pipeline.schedule_change import NewSchedule, create
from chalicelib.pipeline.schedule_query import find
from chalicelib.pipeline.task import Submission
from chalicelib.pipeline.timetable import Rule
from jobline.testing.drive import tick
from tests.support.stage import Stage

HOUR, SECOND = timedelta(hours=1), timedelta(seconds=1)
VISITS = 20
"""How much one tick looks after here."""

NOISY = 100
"""The other tenant's, for the one that is watched."""

TICKS = math.ceil((NOISY + 1) / VISITS)


@pytest.fixture
def stage():
    found = Stage(limits=Limits(visits_per_tick=VISITS))
    found.works()
    found.works("gone")
    return found


def ticks_until(stage, served):
    """After how many ticks it is so. Nothing of a minute is left to another."""
    for number in range(1, 3 * TICKS):
        tick(stage.parts)
        if served():
            return number
        stage.advance(minutes=1)
    pytest.fail(f"not within {3 * TICKS} ticks")


def test_a_delayed_job_behind_a_hundred_of_another_tenant_is_sent_in_its_turn(stage):
    # given a hundred that are due in an hour, and one of another tenant a second later; none is in anybody's hands
    for number in range(NOISY + 1):
        how = Submission(tenant="noisy" if number < NOISY else "zzz", delay=HOUR + number // NOISY * SECOND)
        enqueue([JobRequest(task="work", args={}, how=how)], parts=stage.parts)
    (ours,) = (row for row in stage.store.rows.values() if row.tenant == "zzz")
    looked_at = ours.due - SEND_AHEAD
    while stage.world.now() < looked_at:
        tick(stage.parts)
        stage.advance(minutes=1)
    stage.lose_messages()

    # then it is woken within the ticks that all of them take, though nobody runs what was woken before
    assert ticks_until(stage, lambda: stage.row(ours).next_check > ours.due) <= TICKS
    assert {row.tenant for row in stage.store.rows.values() if row.next_check > looked_at} == {"noisy", "zzz"}


def test_a_schedule_behind_a_hundred_that_cannot_fire_fires_in_its_turn(stage):
    # given a hundred schedules of a task that the code has lost, and one of another tenant that is due after them all
    at = stage.world.now() + HOUR
    for number in range(NOISY):
        new = NewSchedule(id=f"s{number}", task="gone", rule=Rule(at=at))
        create(new, tenant="noisy", parts=stage.parts)
    create(NewSchedule(id="ours", task="work", rule=Rule(at=at + SECOND)), tenant="zzz", parts=stage.parts)
    stage.parts.registry.tasks.pop("gone")
    stage.advance(hours=1, seconds=1)

    # then it fires within the ticks that all of them take
    def fired():
        return any(row.tenant == "zzz" for row in stage.store.rows.values())

    assert ticks_until(stage, fired) <= TICKS
    assert find("ours", tenant="zzz", parts=stage.parts).next is None
    assert not any(row.tenant == "noisy" for row in stage.store.rows.values())

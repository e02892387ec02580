"""A tenant that does a hundred times as much beside one that does little: what the other notices at the tick, at the door and in its lists."""

from datetime import timedelta

import pytest

from chalicelib import wiring
from chalicelib.domain.job import TERMINAL
from chalicelib.pipeline.api_keys import create_key
from chalicelib.pipeline.enqueue import JobRequest, enqueue
from chalicelib.pipeline.limits import SEND_AHEAD, Limits
from chalicelib.pipeline.schedule_change import NewSchedule, create
from chalicelib.pipeline.task import Submission
from chalicelib.pipeline.tenant_limits import MOST_SCHEDULES, MOST_UNFINISHED
from chalicelib.pipeline.timetable import Rule
from jobline.testing.drive import deliver, tick
from tests.api.desk import Desk
from tests.lanes.lambda_model import p95
from tests.security.ground import counted, quiet
from tests.support.stage import Stage

SECOND, MINUTE = timedelta(seconds=1), timedelta(minutes=1)
VISITS = 200
"""How much one tick looks after here; on a stage 10,000, as many as a tenant may have schedules, or unfinished jobs under its quota."""


def test_the_numbers_of_a_stage_are_in_the_same_proportion():
    assert Limits().visits_per_tick >= MOST_SCHEDULES
    assert Limits().visits_per_tick >= MOST_UNFINISHED
    assert SEND_AHEAD >= 2 * MINUTE, "a tick that is full is made up for by the next, before anything is due"


def stage_of(noisy: int, begin) -> list[float]:
    """The quiet tenant's p95 from the due time to the start, and its number, with so many of the noisy one's due in the same minute."""
    stage = Stage(limits=Limits(visits_per_tick=VISITS))
    stage.works()
    tenants = ["aaa"] * noisy + ["zzz"] * 2  # it comes last, by its name and by its time
    begin(stage, tenants)
    due = stage.world.now() + timedelta(hours=1)
    while stage.world.now() < due + 7 * MINUTE:
        tick(stage.parts)
        steps = 60 if stage.world.now() >= due - MINUTE else 1
        for _ in range(steps):
            stage.world.advance(MINUTE / steps)
            while deliver(stage.parts, "default"):
                """As many consumers as it takes: what the lane itself does is looked at in test_fair_queues."""
    rows = [row for row in stage.store.rows.values() if row.tenant == "zzz" and row.state in TERMINAL]
    return [
        max(0.0, (entry.at - due).total_seconds())
        for row in rows
        for entry in row.history
        if entry.event == "claimed"
    ]


def schedules(stage, tenants):
    rule = Rule(at=stage.world.now() + timedelta(hours=1))
    for number, tenant in enumerate(tenants):
        create(NewSchedule(id=f"s{number}", task="work", rule=rule), tenant=tenant, parts=stage.parts)


def delayed(stage, tenants):
    for tenant in tenants:
        how = Submission(tenant=tenant, delay=timedelta(hours=1))
        enqueue([JobRequest(task="work", args={}, how=how)], parts=stage.parts)


@pytest.mark.parametrize("begin", [schedules, delayed])
def test_what_is_due_in_the_minute_of_a_tenant_with_a_hundred_times_as_much_starts_on_time(begin):
    alone = stage_of(0, begin)
    beside = stage_of(VISITS, begin)
    assert len(alone) == len(beside) == 2
    assert p95(beside) <= max(2 * p95(alone), 1.0), f"{p95(beside):.1f} s instead of {p95(alone):.1f} s"


@pytest.fixture
def desk():
    with quiet():
        found = Desk()
        wiring.use(found.parts)
        yield found


def test_a_key_that_asks_a_hundred_times_as_often_as_it_may_costs_the_others_no_call(desk):
    token, _ = create_key(
        tenant="noisy", scopes=frozenset({"submit"}), name="n", per_minute=60, parts=desk.parts
    )
    noisy, ann = desk.nobody(token), desk.caller("submit", tenant="ann")
    calls = counted(desk)

    def asked() -> list[str]:
        calls.clear()
        reply = ann.post("/jobs", {"task": "add", "args": {"a": 1}})
        assert reply.status == 202
        return list(calls)

    asked()
    before = asked()
    for _ in range(3):
        statuses = [noisy.post("/jobs", {"task": "add", "args": {"a": 1}}).status for _ in range(100)]
        assert asked() == before
        desk.world.advance(SECOND)
    assert statuses == [429] * 100, "and it was refused"
    calls.clear()
    noisy.post("/jobs", {"task": "add", "args": {"a": 1}})
    assert calls == [], "which costs nothing either"


def test_a_list_finds_ones_own_among_a_hundred_times_as_many_page_by_page(desk):
    """All are found, none of others, and a page looks at a bounded number of rows: how many pages there are is what the others cost."""
    ann = desk.caller(tenant="ann")
    mine = []
    for _ in range(10):
        requests = [JobRequest(task="add", args={"a": 1}, how=Submission(tenant="noisy"))] * 100
        enqueue(requests, parts=desk.parts)
        mine.append(ann.submit("add", {"a": 1}))
        desk.world.advance(SECOND)
    found, cursor, pages = [], "", 0
    while cursor is not None and pages < 40:
        page = ann.get(f"/jobs?limit=10{cursor and f'&cursor={cursor}'}").body
        found += [job["id"] for job in page["jobs"]]
        cursor, pages = page["cursor"], pages + 1
        if len(found) == len(mine):
            break
    assert sorted(found) == sorted(mine)
    assert pages <= 2

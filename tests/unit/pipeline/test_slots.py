"""Concurrency limits: never more live claims than slots, nobody forgotten, nobody asking again and again."""

import itertools
from collections import Counter, defaultdict
from datetime import timedelta
from typing import Any

import pytest

from chalicelib.domain.change import Equals
from chalicelib.domain.errors import TaskMisdeclared
from chalicelib.domain.flow import Concurrency, Rate
from chalicelib.domain.job import State
from chalicelib.pipeline.cancel import cancel
from chalicelib.pipeline.context import current_job
from chalicelib.pipeline.life import written_by
from chalicelib.pipeline.redrive import redrive
from tests.support.drive import drain, run_until_quiet, tick
from tests.support.faults import How, Trap, trapped
from tests.support.interleave import Interleaved
from tests.support.stage import Stage

MINUTE = timedelta(minutes=1)


class Watch:
    """Who runs at the same time, by the rows: a claim that is over does not count, though its function may not know yet."""

    def __init__(self, stage: Stage, limit: int) -> None:
        self.stage, self.limit = stage, limit
        self.most: Counter[str] = Counter()
        self.running: dict[str, dict[str, int]] = defaultdict(dict)
        self.starts: list[str] = []
        self.other: Interleaved | None = None

    def task(self, *, fails: float = 0, **options) -> None:
        """Register a task that takes some turns to run."""

        def work(x: str = "a") -> str:
            job = current_job()
            self.starts.append(job.id)
            self.running[x][job.id] = job.epoch
            self.check(x)
            for _ in range(25):
                if self.other:
                    self.other.meet("task", deadly=False)
            if self.running[x].get(job.id) == job.epoch:
                del self.running[x][job.id]
            if self.other and self.other.chance.random() < fails:
                raise ValueError
            return x

        self.stage.task(work, concurrency=Concurrency(self.limit, key=("x",)), **options)

    def check(self, x: str) -> None:
        live = [
            job_id
            for job_id, epoch in self.running[x].items()
            if self.stage.store.rows[job_id].state is State.RUNNING
            and self.stage.store.rows[job_id].epoch == epoch
        ]
        self.most[x] = max(self.most[x], len(live))
        assert len(live) <= self.limit, f"{len(live)} live claims of {x!r} at once"


def count_writes(stage: Stage) -> Counter[str]:
    """How many writes of each kind there will have been: transitions by their names, and items."""
    counts: Counter[str] = Counter()
    write, edit, delete = stage.store.write, stage.parts.items.write, stage.parts.items.delete

    def written(job_id, change):
        entry = written_by(change)
        counts[entry.event if entry else "other"] += 1
        return write(job_id, change)

    def edited(*args):
        counts["items"] += 1
        return edit(*args)

    def deleted(*args):
        counts["items"] += 1
        return delete(*args)

    stage.store.write = written  # type: ignore[method-assign]  # counted
    items: Any = stage.parts.items
    items.write, items.delete = edited, deleted
    return counts


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("limit", [1, 3])
def test_no_more_run_at_once_than_there_are_slots_and_all_of_them_run(limit, seed):
    stage = Stage(seed=seed)
    watch = Watch(stage, limit)
    watch.task()
    for number in range(16):
        stage.submit(args={"x": "ab"[number % 2]})
    counts = count_writes(stage)
    # Without a tick: nobody may be forgotten between two writes.
    watch.other = Interleaved(stage, seed=seed, consumers=8, ticks=False)
    watch.other.run()
    assert all(row.state is State.SUCCEEDED and row.attempts == 1 for row in stage.store.rows.values())
    assert set(watch.most.values()) == {limit}, "they never met: nothing was shown"
    # Nobody asks again and again: a claim for each that runs, one for each time that one was put on the list.
    assert counts["parked"] <= 2 * 16
    assert counts["claimed"] <= 16 + counts["parked"]


@pytest.mark.parametrize("seed", range(8))
def test_crashes_at_any_call_and_failures_break_neither_the_limit_nor_the_hope(seed):
    stage = Stage(seed=seed)
    watch = Watch(stage, 2)
    watch.task(fails=0.2, max_attempts=20)
    for number in range(12):
        stage.submit(args={"x": "ab"[number % 2]})
    watch.other = Interleaved(stage, seed=seed, consumers=5, deaths=0.02)
    watch.other.run(steps=200_000)
    assert watch.other.deaths_seen
    assert all(row.state in {State.SUCCEEDED, State.DEAD} for row in stage.store.rows.values())


def test_a_crashed_holder_never_blocks_beyond_its_lease():
    stage = Stage()
    stage.works(concurrency=Concurrency(1), max_attempts=1)
    lost = stage.submit()
    claimed = stage.claim(lost)
    from chalicelib.pipeline.admission import admit

    assert admit(claimed, until=stage.world.now() + MINUTE, parts=stage.parts) is not None
    waiting = stage.submit()
    begun = stage.world.now()
    run_until_quiet(stage.parts)
    assert stage.row(lost).state is State.DEAD
    assert stage.row(waiting).state is State.SUCCEEDED
    # The lease, the tick that sees its end, and the next one, which sees the slot.
    assert stage.row(waiting).history[-1].at - begun <= claimed.lease - begun + 4 * MINUTE


def test_a_claim_whose_lease_is_over_keeps_its_slot_until_its_row_says_that_it_is_over():
    # Given a holder that sleeps past its lease, and has not been taken over yet
    stage = Stage()
    stage.works(concurrency=Concurrency(1))
    hold(stage)
    stage.advance(hours=2)
    # When another one asks
    other = stage.submit()
    drain(stage.parts)
    # Then it waits: the sleeper may still wake up, and write
    assert stage.row(other).state is State.SCHEDULED
    run_until_quiet(stage.parts)
    assert stage.row(other).state is State.SUCCEEDED


def hold(stage: Stage, **how):
    """A job that has its slot and runs on."""
    from chalicelib.pipeline.admission import admit

    job = stage.submit(**how)
    claimed = stage.claim(job, seconds=3600)
    admitted = admit(claimed, until=stage.world.now() + timedelta(hours=1), parts=stage.parts)
    assert admitted is not None
    stage.queue.messages[:] = [m for m in stage.queue.messages if job.id not in m.body]
    return claimed, admitted


def end(stage: Stage, claimed, admitted) -> None:
    from chalicelib.domain.job import Inline
    from chalicelib.pipeline.admission import leave
    from chalicelib.pipeline.settle import settle
    from chalicelib.pipeline.verdict import success

    until = stage.world.now() + MINUTE
    event = success(claimed, Inline(json="1"), None, stage.world.now())
    settle(claimed, event, until=until, parts=stage.parts)
    leave(claimed, admitted, until=until, parts=stage.parts)


def test_a_lost_claim_that_wakes_up_at_the_gate_does_not_take_the_slot_of_the_next_one():
    # Given a claim that stood still before it asked for a slot, and the next one of its job, which has it
    from chalicelib.pipeline.admission import admit

    stage = Stage()
    stage.works(concurrency=Concurrency(1))
    job = stage.submit()
    sleeper = stage.claim(job)
    stage.advance(hours=2)
    taken_over = stage.claim(stage.row(job), seconds=3600)
    until = stage.world.now() + timedelta(hours=1)
    assert admit(taken_over, until=until, parts=stage.parts) is not None
    # When it wakes up
    assert admit(sleeper, until=until, parts=stage.parts) is None
    # Then nobody runs beside the next one
    other = stage.submit()
    drain(stage.parts)
    assert stage.row(job).owner == taken_over.owner
    assert stage.row(other).state is State.SCHEDULED


def test_who_is_about_to_park_is_not_forgotten_when_two_leave_at_once():
    # Given two holders, and one who is on the list and about to park
    from chalicelib.pipeline import admission, slots, waiting_list
    from chalicelib.pipeline.waiting_list import Place

    stage = Stage()
    stage.works(concurrency=Concurrency(2))
    holders = [hold(stage), hold(stage)]
    job = stage.submit()
    asks = stage.claim(job)
    until = stage.world.now() + MINUTE
    back = admission._through(asks, [], until, stage.parts)
    place = Place(tenant=job.tenant, gate=asks.gates[0])
    seen = waiting_list.waiters(place, until=until, parts=stage.parts)
    # When both leave, the second one by a list that it read before the first one had given its slot away
    for claimed, admitted in holders:
        mine = (Equals("job", claimed.id), Equals("owner", claimed.owner))
        slots._give(place, admitted.slots[0][1], mine, seen, until=until, parts=stage.parts)
    admission._give_back(asks, back, until, stage.parts)
    # Then it is woken as soon as it has parked
    assert stage.row(job).state is State.QUEUED
    drain(stage.parts)
    assert stage.row(job).state is State.SUCCEEDED


def test_a_slot_that_is_left_goes_to_the_one_that_waits_longest():
    stage = Stage()
    stage.works(concurrency=Concurrency(1))
    holder = hold(stage)
    waiting = []
    for _ in range(5):
        stage.advance(seconds=1)
        waiting.append(stage.submit())
    drain(stage.parts)
    assert all(stage.row(job).state is State.SCHEDULED for job in waiting)
    end(stage, *holder)
    drain(stage.parts)
    ended = [stage.row(job).history[-1] for job in waiting]
    assert [entry.event for entry in ended] == ["succeeded"] * 5
    order = sorted(waiting, key=lambda job: [row.id for row in stage.store.rows.values()].index(job.id))
    assert order == waiting
    assert all(stage.row(job).attempts == 1 for job in waiting)


def test_nobody_new_takes_a_slot_past_those_who_wait():
    stage = Stage()
    stage.works(concurrency=Concurrency(1))
    holder = hold(stage)
    stage.advance(seconds=1)
    first = stage.submit()
    drain(stage.parts)
    end(stage, *holder)
    # The message of the one that waits is held up; one that comes new is faster.
    held_up = list(stage.queue.messages)
    stage.queue.messages.clear()
    stage.advance(seconds=1)
    late = stage.submit()
    drain(stage.parts)
    assert stage.row(late).state is State.SCHEDULED
    stage.queue.messages.extend(held_up)
    drain(stage.parts)
    assert stage.row(first).history[-1].at <= stage.row(late).history[-1].at
    assert stage.row(late).state is State.SUCCEEDED


def test_a_hundred_that_wait_for_an_hour_cost_nothing_but_a_look_each():
    stage = Stage()
    stage.works(concurrency=Concurrency(1))
    hold(stage)
    for _ in range(100):
        stage.submit()
    drain(stage.parts)
    for _ in range(4):  # the sweep sees each once
        stage.advance(minutes=1)
        tick(stage.parts)
    counts = count_writes(stage)
    for _ in range(50):
        stage.advance(minutes=1)
        tick(stage.parts)
        drain(stage.parts)
    assert sum(counts.values()) <= 20, counts


def test_keys_and_tenants_do_not_hinder_each_other():
    stage = Stage()
    stage.works(concurrency=Concurrency(1, key=("x",)))
    hold(stage, args={"x": "a"})
    other_key = stage.submit(args={"x": "b"})
    other_tenant = stage.submit(args={"x": "a"}, tenant="other")
    same = stage.submit(args={"x": "a"})
    drain(stage.parts)
    assert stage.row(other_key).state is State.SUCCEEDED
    assert stage.row(other_tenant).state is State.SUCCEEDED
    assert stage.row(same).state is State.SCHEDULED


def test_who_was_cancelled_while_it_waited_is_passed_over():
    stage = Stage()
    stage.works(concurrency=Concurrency(1))
    holder = hold(stage)
    gone = [stage.submit() for _ in range(30)]
    stage.advance(seconds=1)
    waiting = stage.submit()
    drain(stage.parts)
    for job in gone:
        cancel(job.id, tenant="default", parts=stage.parts)
    end(stage, *holder)
    drain(stage.parts)
    assert stage.row(waiting).state is State.SUCCEEDED
    assert not [spot for spot in stage.parts.items.shelves if spot.kind in ("slot", "wait")]


def test_who_was_cancelled_after_it_was_woken_keeps_its_slot_for_two_minutes_at_most():
    stage = Stage()
    stage.works(concurrency=Concurrency(1))
    holder = hold(stage)
    stage.advance(seconds=1)
    gone = stage.submit()
    stage.advance(seconds=1)
    waiting = stage.submit()
    drain(stage.parts)
    end(stage, *holder)
    cancel(gone.id, tenant="default", parts=stage.parts)
    begun = stage.world.now()
    run_until_quiet(stage.parts)
    assert stage.row(waiting).state is State.SUCCEEDED
    assert stage.row(waiting).history[-1].at - begun <= timedelta(minutes=16)


def test_a_job_that_expires_while_it_waits_leaves_no_trace():
    stage = Stage()
    stage.works(concurrency=Concurrency(1))
    holder = hold(stage)
    late = stage.submit(expires=timedelta(minutes=10))
    drain(stage.parts)
    for _ in range(15):
        stage.advance(minutes=1)
        tick(stage.parts)
    assert stage.row(late).state is State.EXPIRED
    end(stage, *holder)
    for _ in range(20):
        stage.advance(minutes=1)
        tick(stage.parts)
    assert not stage.parts.items.shelves


def test_a_job_redriven_asks_again():
    stage = Stage()
    stage.fails(concurrency=Concurrency(1), max_attempts=1, times=1)
    job = stage.submit()
    drain(stage.parts)
    assert stage.row(job).state is State.DEAD
    redrive(job.id, tenant="default", parts=stage.parts)
    drain(stage.parts)
    assert stage.row(job).state is State.SUCCEEDED
    assert not [spot for spot in stage.parts.items.shelves if spot.kind == "slot"]


@pytest.mark.parametrize(("before", "after"), [(3, 1), (1, 3), (2, None)])
def test_a_deploy_may_change_the_number_or_take_the_limit_away(before, after):
    stage = Stage()
    stage.works(concurrency=Concurrency(before))
    holders = [hold(stage) for _ in range(before)]
    waiting = [stage.submit() for _ in range(4)]
    drain(stage.parts)
    assert {stage.row(job).state for job in waiting} == {State.SCHEDULED}
    stage.works(concurrency=after and Concurrency(after))
    for holder in holders:
        end(stage, *holder)
    run_until_quiet(stage.parts, within=timedelta(hours=1))
    assert all(stage.row(job).state is State.SUCCEEDED for job in waiting)


def test_a_slot_is_kept_while_its_job_waits_for_its_moment():
    stage = Stage()
    stage.works(concurrency=Concurrency(1), rate=Rate(1, timedelta(minutes=10)))
    jobs = [stage.submit() for _ in range(3)]
    run_until_quiet(stage.parts)
    starts = [at for _, _, _, at in stage.ran]
    assert len(starts) == 3
    assert all(later - sooner >= timedelta(minutes=10) for sooner, later in itertools.pairwise(starts))
    assert [stage.row(job).attempts for job in jobs] == [1, 1, 1]


@pytest.mark.parametrize("how", list(How), ids=str)
@pytest.mark.parametrize("at", range(1, 26))
def test_whatever_happens_at_any_call_all_get_on_and_nothing_is_left(how, at):
    # Given one that runs and two that wait, and one fault anywhere on the way
    stage = Stage()
    stage.works(concurrency=Concurrency(1), max_attempts=4)
    holder = hold(stage)
    waiting = [stage.submit() for _ in range(2)]
    trap = Trap(how=how, at=at, only=lambda name: name.startswith(("items.", "store.write", "queue.")))
    parts = trapped(stage.parts, trap)
    drain(parts)
    end(stage, *holder)
    run_until_quiet(parts)
    assert trap.sprung is not None
    assert all(stage.row(job).state is State.SUCCEEDED for job in waiting)
    # The tick takes the last traces away.
    for _ in range(40):
        stage.advance(minutes=1)
        tick(stage.parts)
    assert not [spot for spot in stage.parts.items.shelves if spot.kind in ("wait", "watch")]


@pytest.mark.parametrize("limit", [0, 501])
def test_a_limit_that_cannot_be_is_refused_by_name(limit):
    with pytest.raises(TaskMisdeclared, match="concurrency="):
        Stage().works(concurrency=Concurrency(limit))

"""Ordered groups: one at a time, in the order of acceptance, whoever dies."""

from collections import defaultdict
from contextlib import suppress
from datetime import timedelta

import pytest

from chalicelib.domain.errors import InvalidInput, TaskMisdeclared
from chalicelib.domain.flow import Concurrency, Ordered, Rate
from chalicelib.domain.job import Inline, Job, State
from chalicelib.domain.retry import Backoff
from chalicelib.pipeline.accept import accept, new_job
from chalicelib.pipeline.admission import admit
from chalicelib.pipeline.cancel import cancel
from chalicelib.pipeline.context import current_job
from chalicelib.pipeline.enqueue import JobRequest, enqueue
from chalicelib.pipeline.redrive import redrive
from chalicelib.pipeline.task import Submission
from tests.support.drive import drain, run_until_quiet, tick
from tests.support.faults import How, Trap, trapped
from tests.support.interleave import Interleaved
from tests.support.stage import Stage

SOON = Backoff(base=timedelta(seconds=1), cap=timedelta(seconds=5))


def batch(stage: Stage, *groups: str, **how) -> list[Job]:
    """Jobs of these groups, in this order, in one request."""
    answers = enqueue(
        [JobRequest(task="work", args={"x": x}, how=Submission(**how)) for x in groups], parts=stage.parts
    )
    jobs = [answer for answer in answers if isinstance(answer, Job)]
    assert len(jobs) == len(groups), answers
    return jobs


class Watch:
    """Who ran in which order, and who with whom."""

    def __init__(self, stage: Stage) -> None:
        self.stage = stage
        self.starts: dict[str, list[str]] = defaultdict(list)
        self.running: dict[str, dict[str, int]] = defaultdict(dict)
        self.other: Interleaved | None = None

    def task(self, *, fails: float = 0, on_retry: str = "hold", **options) -> None:
        def work(x: str = "a") -> str:
            job = current_job()
            self.starts[x].append(job.id)
            self.running[x][job.id] = job.epoch
            rows = self.stage.store.rows
            live = [
                job_id
                for job_id, epoch in self.running[x].items()
                if rows[job_id].state is State.RUNNING and rows[job_id].epoch == epoch
            ]
            assert len(live) == 1, f"{len(live)} of {x!r} at once"
            for _ in range(10):
                if self.other:
                    self.other.meet("task", deadly=False)
            if self.running[x].get(job.id) == job.epoch:
                del self.running[x][job.id]
            if self.other and self.other.chance.random() < fails:
                raise ValueError
            return x

        self.stage.task(work, ordered=Ordered(key=("x",), on_retry=on_retry), backoff=SOON, **options)

    def order(self, x: str) -> list[str]:
        """The jobs of a group by their first start."""
        return list(dict.fromkeys(self.starts[x]))


@pytest.mark.parametrize("seed", range(5))
def test_a_group_runs_one_at_a_time_in_its_order_and_groups_beside_each_other(seed):
    stage = Stage(seed=seed)
    watch = Watch(stage)
    watch.task()
    jobs = batch(stage, *"abcabcabcabcabc")
    # Without a tick: nobody may be forgotten between two writes.
    watch.other = Interleaved(stage, seed=seed, consumers=6, ticks=False)
    watch.other.run()
    for x in "abc":
        assert watch.order(x) == [job.id for job in jobs if f'"{x}"' in job.args.json]
    assert all(row.attempts == 1 for row in stage.store.rows.values())
    assert not [spot for spot in stage.parts.items.shelves if spot.kind == "turn"]


@pytest.mark.parametrize("on_retry", ["hold", "skip"])
@pytest.mark.parametrize("seed", range(5))
def test_crashes_and_failures_break_neither_the_order_nor_the_hope(seed, on_retry):
    stage = Stage(seed=seed)
    watch = Watch(stage)
    watch.task(fails=0.2, on_retry=on_retry, max_attempts=30)
    jobs = batch(stage, *"ababababab")
    watch.other = Interleaved(stage, seed=seed, consumers=5, deaths=0.01)
    watch.other.run(steps=200_000)
    assert all(row.state is State.SUCCEEDED for row in stage.store.rows.values())
    for x in "ab":
        expected = [job.id for job in jobs if f'"{x}"' in job.args.json]
        assert watch.order(x) == expected
        if on_retry == "hold":
            assert watch.starts[x] == sorted(watch.starts[x], key=expected.index), "somebody passed"


def test_who_is_not_the_first_is_put_parked_and_costs_no_message():
    stage = Stage()
    stage.works(ordered=Ordered(key=("x",)))
    first, second, third = batch(stage, "a", "a", "a")
    assert [job.state for job in (first, second, third)] == [State.QUEUED, State.SCHEDULED, State.SCHEDULED]
    assert stage.messages == 1
    writes = stage.store.writes
    drain(stage.parts)
    assert all(row.state is State.SUCCEEDED for row in stage.store.rows.values())
    assert (
        stage.store.writes - writes == 2 + 2 * 3
    )  # claim and settle; and for those who waited, released once


def test_a_failed_job_holds_its_group_until_it_has_ended():
    stage = Stage()
    stage.fails(ordered=Ordered(), times=2, backoff=SOON, max_attempts=3)
    jobs = batch(stage, "a", "b")
    run_until_quiet(stage.parts)
    assert [attempt for _, attempt, _, _ in stage.ran] == [1, 2, 3, 1]
    assert all(stage.row(job).state is State.SUCCEEDED for job in jobs)


def test_with_skip_the_next_one_passes_and_the_failed_one_goes_to_the_end():
    stage = Stage()
    stage.fails(ordered=Ordered(on_retry="skip"), times=1, backoff=SOON)
    jobs = batch(stage, "a", "b", "c")
    run_until_quiet(stage.parts)
    assert [attempt for _, attempt, _, _ in stage.ran] == [1, 1, 1, 2]
    assert all(stage.row(job).state is State.SUCCEEDED for job in jobs)


@pytest.mark.parametrize("ending", ["cancelled", "expired", "dead", "lost"])
def test_whoever_ends_in_whatever_way_leaves_the_line(ending):
    stage = Stage()
    if ending == "dead":
        stage.fails(ordered=Ordered(), times=1, max_attempts=1)
    else:
        stage.works(ordered=Ordered(), max_attempts=1)
    first, second = batch(stage, "a", "b", expires=timedelta(days=1))
    if ending == "cancelled":
        cancel(first.id, tenant="default", parts=stage.parts)
        drain(stage.parts)
        assert stage.row(second).state is State.SUCCEEDED
    if ending == "expired":
        stage.lose_messages()
        third = batch(stage, "c", expires=timedelta(days=5))[0]
        stage.advance(days=2)
        run_until_quiet(stage.parts)
        assert stage.row(first).state is State.EXPIRED
        assert stage.row(third).state is State.SUCCEEDED
        return
    if ending == "lost":
        assert stage.claim(first) is not None
    begun = stage.world.now()
    run_until_quiet(stage.parts)
    assert stage.row(second).state is State.SUCCEEDED
    assert stage.row(second).history[-1].at - begun <= timedelta(minutes=4)


def test_a_message_that_finds_its_worker_lost_wakes_the_next_in_line():
    stage = Stage()
    stage.works(ordered=Ordered(), max_attempts=1)
    first, second = batch(stage, "a", "b")
    assert stage.claim(first) is not None
    stage.advance(minutes=10)
    drain(stage.parts)  # without a tick
    assert [stage.row(job).state for job in (first, second)] == [State.DEAD, State.SUCCEEDED]


def test_a_number_whose_job_never_came_holds_the_group_for_some_minutes_only():
    # Given a door that died after it had drawn a number, before it put the row
    stage = Stage()
    stage.works(ordered=Ordered())
    trap = Trap(how=How.CRASH_BEFORE, at=1, only=lambda name: name == "store.create")
    with pytest.raises(BaseException, match=r"store\.create"):
        enqueue([JobRequest(task="work", args={})], parts=trapped(stage.parts, trap))
    later = stage.submit()
    assert later.state is State.SCHEDULED
    begun = stage.world.now()
    run_until_quiet(stage.parts)
    assert stage.row(later).state is State.SUCCEEDED
    assert stage.row(later).history[-1].at - begun <= timedelta(minutes=11)


def test_a_row_that_comes_after_its_number_was_taken_off_draws_another_one():
    stage = Stage()
    task = stage.works(ordered=Ordered())
    from chalicelib.pipeline import turns

    job = new_job(
        task,
        job_id=stage.world.job_id(),
        now=stage.world.now(),
        how=Submission(),
        values={},
        args=lambda _: Inline(json="{}"),
    )
    (lined,) = turns.queue_up([job], parts=stage.parts)
    stage.advance(minutes=10)
    other = stage.submit()
    drain(stage.parts)
    assert stage.row(other).state in (State.SUCCEEDED, State.SCHEDULED)
    run_until_quiet(stage.parts)
    stage.store.create(lined)
    run_until_quiet(stage.parts)
    assert stage.row(job).state is State.SUCCEEDED
    assert stage.row(job).ticket != lined.ticket


def test_a_job_accepted_twice_has_one_number():
    stage = Stage()
    stage.works(ordered=Ordered())
    first = stage.submit(key="k")
    again = stage.submit(key="k")
    assert first.id == again.id
    accept([first], parts=stage.parts)
    assert sum(1 for spot in stage.parts.items.shelves if spot.kind == "turn") == 1
    run_until_quiet(stage.parts)
    assert stage.runs() == 1
    assert not [spot for spot in stage.parts.items.shelves if spot.kind == "turn"]


def test_a_job_redriven_goes_to_the_end_of_the_line():
    stage = Stage()
    stage.fails(ordered=Ordered(), times=1, max_attempts=1)
    first, second, third = batch(stage, "a", "b", "c")
    drain(stage.parts)
    assert stage.row(first).state is State.DEAD
    redrive(first.id, tenant="default", parts=stage.parts)
    drain(stage.parts)
    assert {stage.row(job).state for job in (first, second, third)} == {State.SUCCEEDED}


def test_a_delayed_job_at_the_head_holds_its_group_until_it_is_due():
    stage = Stage()
    stage.works(ordered=Ordered())
    first = stage.submit(delay=timedelta(hours=3))
    second = stage.submit()
    begun = stage.world.now()
    run_until_quiet(stage.parts)
    assert stage.row(first).history[-1].at - begun >= timedelta(hours=3)
    assert stage.row(second).history[-1].at >= stage.row(first).history[-1].at


def test_a_group_may_be_given_with_the_job():
    stage = Stage()
    stage.works(ordered=Ordered(key=("x",)))
    one, two = stage.submit(args={"x": "a"}, group="g"), stage.submit(args={"x": "b"}, group="g")
    assert one.gates == two.gates
    assert two.state is State.SCHEDULED


def test_a_group_of_a_task_without_order_is_refused():
    stage = Stage()
    stage.works()
    with pytest.raises(InvalidInput, match="group"):
        stage.submit(group="g")


def test_a_deploy_that_takes_the_order_away_lets_jobs_run():
    stage = Stage()
    stage.works(ordered=Ordered())
    jobs = batch(stage, *"abcd")
    stage.works()
    run_until_quiet(stage.parts)
    assert all(stage.row(job).state is State.SUCCEEDED for job in jobs)


def test_order_slots_and_rate_go_together():
    stage = Stage()
    stage.works(ordered=Ordered(key=("x",)), concurrency=Concurrency(2), rate=Rate(1, timedelta(seconds=30)))
    jobs = batch(stage, *"aabbccab")
    run_until_quiet(stage.parts)
    assert all(stage.row(job).state is State.SUCCEEDED for job in jobs)
    for x in "abc":
        ended = [stage.row(job).history[-1].at for job in jobs if f'"{x}"' in job.args.json]
        assert ended == sorted(ended)


@pytest.mark.parametrize("how", list(How), ids=str)
@pytest.mark.parametrize("at", range(1, 34))
def test_whatever_happens_at_any_call_all_get_on_in_order_and_nothing_is_left(how, at):
    stage = Stage()
    stage.works(ordered=Ordered(), max_attempts=4)
    trap = Trap(
        how=how, at=at, only=lambda name: name.startswith(("items.", "store.write", "store.create", "queue."))
    )
    parts = trapped(stage.parts, trap)
    for number in range(3):
        with suppress(BaseException):  # a door that died
            enqueue([JobRequest(task="work", args={"x": number})], parts=parts)
        stage.advance(seconds=1)
    run_until_quiet(parts)
    rows = sorted(stage.store.rows.values(), key=lambda row: row.id)
    assert len(rows) >= 2
    assert all(row.state is State.SUCCEEDED for row in rows)
    ended = [row.history[-1].at for row in rows]
    assert ended == sorted(ended)
    for _ in range(40):
        stage.advance(minutes=1)
        tick(stage.parts)
    assert not [spot for spot in stage.parts.items.shelves if spot.kind in ("turn", "watch")]


def test_a_batch_task_cannot_be_ordered():
    with pytest.raises(TaskMisdeclared, match="batch"):
        Stage().works(ordered=Ordered(), batch=True)


def test_a_door_that_stood_still_with_its_number_lets_nobody_run_beside_a_later_one():
    # Given a door that has drawn a number and stands still before it lays it down
    stage = Stage()
    stage.works(ordered=Ordered())
    write, ran = stage.parts.items.write, []

    def stands_still(spot, edit):
        if spot.kind == "turn" and not ran:
            ran.append(spot)
            later = stage.submit()
            ran.append(stage.claim(later, seconds=3600))
            assert admit(ran[1], until=stage.world.now() + timedelta(hours=1), parts=stage.parts)
        return write(spot, edit)

    stage.parts.items.write = stands_still
    # When it goes on while a later one's job runs
    job = stage.submit()
    stage.queue.messages[:] = [message for message in stage.queue.messages if job.id in message.body]
    drain(stage.parts)
    # Then its job waits
    assert stage.row(job).state is State.SCHEDULED
    assert stage.row(job).ticket > ran[1].ticket

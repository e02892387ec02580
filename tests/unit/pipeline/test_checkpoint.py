"""Long jobs: what a checkpoint promises, whatever ends the attempt that made it."""

import asyncio
import json
from dataclasses import replace
from datetime import timedelta

import pytest

from bench.sizes import item_size
from chalicelib import JobCancelled, current_job
from chalicelib.adapters.aws.rows import to_item
from chalicelib.domain.errors import InvalidInput, Unavailable
from chalicelib.domain.job import Inline, State, Stored
from chalicelib.pipeline.cancel import cancel
from chalicelib.pipeline.limits import Limits
from chalicelib.pipeline.ports import Refused
from chalicelib.pipeline.redrive import redrive
from chalicelib.pipeline.signal import JobContinues
from tests.support.drive import deliver, drain, replay, run_until_quiet
from tests.support.faults import How, Trap, trapped
from tests.support.stage import Stage

INVOCATION = 60


class Count:
    """A task that counts to `total`, a checkpoint each piece; each piece takes `seconds`. It says what it did, and from where it went on."""

    def __init__(self, stage, *, total, seconds=7.0, before=lambda number: None, **options):
        self.stage, self.total, self.seconds, self.before = stage, total, seconds, before
        self.began: list[int] = []
        self.did: list[int] = []
        stage.task(self.work, "work", **options)

    def work(self):
        job = current_job()
        start = 0 if job.state is None else job.state["next"]
        self.began.append(start)
        for number in range(start, self.total):
            self.before(number)
            self.stage.advance(seconds=self.seconds)
            self.did.append(number)
            job.checkpoint({"next": number + 1})
        return {"counted": self.total}


def result(stage, job):
    row = stage.row(job)
    assert row.state is State.SUCCEEDED, row
    return json.loads(row.result.json)


def test_a_job_longer_than_an_invocation_goes_on_in_others_and_uses_one_attempt(stage):
    count = Count(stage, total=40)
    job = stage.submit()
    run_until_quiet(stage.parts)
    assert result(stage, job) == {"counted": 40}
    assert count.did == list(range(40)), "nothing is done twice"
    assert len(count.began) > 4
    assert stage.row(job).attempts == 1
    replay(stage.parts)


def test_it_goes_on_at_once_with_a_new_message(stage):
    Count(stage, total=40)
    job = stage.submit()
    (first,) = stage.queue.messages
    deliver(stage.parts, "default")
    row = stage.row(job)
    assert (row.state, row.ready, row.attempts, row.due) == (State.QUEUED, 1, 0, None)
    (second,) = stage.queue.messages
    assert second.id != first.id
    assert second.visible == stage.world.now()
    assert stage.world.now() <= second.visible


def test_the_attempt_ends_with_time_to_settle(stage):
    Count(stage, total=80, seconds=1)
    stage.submit()
    began = stage.world.now()
    deliver(stage.parts, "default")
    took = (stage.world.now() - began).total_seconds()
    limits = stage.parts.limits
    margin = (limits.continue_margin + limits.reserve).total_seconds()
    assert INVOCATION - margin <= took <= INVOCATION - margin + 1


def test_where_checkpoints_are_far_between_the_last_one_comes_early_enough(stage):
    # given pieces of 20 s, in invocations of 60: after the second there are 17 s left, too few for a third
    count = Count(stage, total=6, seconds=20)
    job = stage.submit()
    while stage.row(job).state is not State.SUCCEEDED:
        began = stage.world.now()
        deliver(stage.parts, "default")
        assert stage.world.now() - began <= timedelta(seconds=57), "no part comes too late"
    assert result(stage, job)
    assert count.did == list(range(6))
    assert stage.row(job).attempts == 1


def test_a_time_limit_bounds_one_part_and_not_the_whole(stage):
    count = Count(stage, total=20, seconds=2, time_limit=timedelta(seconds=15))
    job = stage.submit()
    run_until_quiet(stage.parts)
    assert result(stage, job)
    assert count.did == list(range(20))
    assert len(count.began) >= 3


def test_a_failure_after_a_checkpoint_goes_on_from_it(stage):
    def trip(number):
        if number == 3 and current_job().attempt == 1:
            raise ValueError("a stone")

    count = Count(stage, total=5, seconds=1, before=trip)
    job = stage.submit()
    run_until_quiet(stage.parts)
    assert result(stage, job)
    assert (count.began, count.did) == ([0, 3], [0, 1, 2, 3, 4])
    assert stage.row(job).attempts == 2


def test_a_redriven_job_goes_on_from_its_checkpoint(stage):
    well = []

    def trip(number):
        if number == 3 and not well:
            raise ValueError("a wall")

    count = Count(stage, total=5, seconds=1, before=trip, max_attempts=2)
    job = stage.submit()
    run_until_quiet(stage.parts)
    assert stage.row(job).state is State.DEAD
    well.append(True)
    redrive(job.id, tenant="default", parts=stage.parts)
    run_until_quiet(stage.parts)
    assert result(stage, job)
    assert count.did == [0, 1, 2, 3, 4]


def test_a_lost_worker_costs_an_attempt_and_what_it_had_not_checkpointed(stage):
    count = Count(stage, total=8, seconds=1)
    job = stage.submit()
    trap = Trap(how=How.CRASH_BEFORE, at=4, only=lambda name: name == "store.write")
    whole, stage.parts = stage.parts, trapped(stage.parts, trap)
    deliver(stage.parts, "default")
    stage.parts = whole
    run_until_quiet(stage.parts)
    assert result(stage, job)
    assert count.did == [0, 1, 2, 2, 3, 4, 5, 6, 7]
    assert stage.row(job).attempts == 2


@pytest.mark.parametrize("how", How)
def test_one_fault_at_any_call_loses_nothing_that_was_recorded(how):
    """Each call of the whole job in turn fails, dies before or after, or loses its reply."""
    sprung = []
    for at in range(1, 100):
        stage = Stage(seed=at)
        count = Count(stage, total=14)
        trap = Trap(how=how, at=at)
        job = stage.submit()
        whole, stage.parts = stage.parts, trapped(stage.parts, trap)
        run_until_fault(stage)
        stage.parts = whole
        run_until_quiet(stage.parts)
        if trap.sprung is None:
            break
        sprung.append(trap.sprung)
        assert result(stage, job) == {"counted": 14}
        assert set(count.did) == set(range(14))
        assert len(count.did) <= 15, f"{how} at {trap.sprung}: one piece again at most, but {count.did}"
        assert count.began == sorted(count.began), "a later attempt begins no earlier"
        replay(stage.parts)
    else:
        pytest.fail("still sprung")
    assert {"store.write", "queue.send"} <= set(sprung)


def run_until_fault(stage):
    for _ in range(6):
        drain(stage.parts)


def test_states_beyond_the_row_lie_outside_it(stage):
    seen = []

    def work():
        seen.append(current_job().state)
        current_job().checkpoint(["x" * 5000])
        if len(seen) == 1:
            raise ValueError

    stage.task(work)
    job = stage.submit()
    run_until_quiet(stage.parts)
    assert isinstance(stage.row(job).checkpoint, Stored)
    assert seen == [None, ["x" * 5000]]


@pytest.mark.parametrize(
    ("state", "why"), [(object(), "cannot be JSON"), (float("nan"), "JSON"), ("x" * 2**20, "limit")]
)
def test_a_state_that_cannot_be_recorded_is_refused_by_name(stage, state, why):
    said = []

    def work():
        try:
            current_job().checkpoint(state)
        except InvalidInput as error:
            said.append(error)

    stage.task(work)
    stage.submit()
    drain(stage.parts)
    assert [error.argument for error in said] == ["state"]
    assert why in str(said[0])


def test_a_state_is_json_as_results_are(stage):
    def work():
        current_job().checkpoint({"at": stage.world.now(), "took": timedelta(seconds=90)})

    stage.task(work)
    job = stage.submit()
    drain(stage.parts)
    assert stage.row(job).checkpoint == Inline(json='{"at":"2026-01-01T12:00:00Z","took":"PT90S"}')


def test_except_exception_does_not_swallow_the_continuation(stage):
    tidied = []

    def work():
        for number in range(current_job().state or 0, 12):
            stage.advance(seconds=7)
            try:
                current_job().checkpoint(number + 1)
            except Exception:  # noqa: BLE001 - as tasks do
                pytest.fail("this is no error")
            finally:
                tidied.append(number)
        return "all"

    stage.task(work)
    job = stage.submit()
    run_until_quiet(stage.parts)
    assert result(stage, job) == "all"
    assert tidied == list(range(12))
    assert not issubclass(JobContinues, Exception)


def test_a_wish_to_cancel_is_heard_at_the_next_checkpoint(stage):
    def wish(number):
        if number == 2:
            cancel(job.id, tenant="default", parts=stage.parts)

    count = Count(stage, total=9, before=wish)
    job = stage.submit()
    run_until_quiet(stage.parts)
    row = stage.row(job)
    assert (row.state, row.error.type, count.did) == (State.CANCELLED, "JobCancelled", [0, 1, 2])
    assert row.checkpoint == Inline(json='{"next":3}'), "what was done is still to be seen"


def test_a_wish_that_comes_between_the_last_checkpoint_and_its_requeueing_wins(stage):
    def wish(name):
        # the third write of the attempt is the requeueing, after a claim and a checkpoint
        return name == "store.write"

    Count(stage, total=3, seconds=55)
    job = stage.submit()
    trap = Trap(how=How.NO_ANSWER, at=3, only=wish)
    stage.parts = trapped(stage.parts, trap)
    whole = stage.world.pause

    def pause(by):
        cancel(job.id, tenant="default", parts=stage.parts)
        stage.world.pause = whole
        whole(by)

    stage.world.pause = pause
    deliver(stage.parts, "default")
    assert trap.sprung
    assert stage.row(job).state is State.CANCELLED


def test_an_attempt_that_lost_its_job_records_nothing_more(stage):
    def overtaken():
        job = current_job()
        if job.attempt == 1:
            stage.advance(seconds=100)  # past the lease; another one takes the job, and gets further
            run_until_quiet(stage.parts)
            with pytest.raises(JobCancelled):
                job.checkpoint("old")
            return "old"
        job.checkpoint("new")
        return "new"

    stage.task(overtaken, "work")
    job = stage.submit()
    deliver(stage.parts, "default")
    run_until_quiet(stage.parts)
    assert result(stage, job) == "new"
    assert stage.row(job).checkpoint == Inline(json='"new"')


def test_a_checkpoint_that_lands_late_does_not_take_the_job_back(stage):
    """The first write gets no answer for as long as anybody waits, the task goes on without it, and then it lands."""
    late, landed = [], []
    write = stage.store.write

    def slow(job_id, change):
        if change.set.get("checkpoint") == Inline(json="1") and not late:
            late.append(change)
        if late and change == late[0]:
            raise Unavailable("no answer")
        return write(job_id, change)

    def work():
        with pytest.raises(Unavailable):
            current_job().checkpoint(1)
        late_one = late.pop()
        stage.store.write = write
        try:
            current_job().checkpoint(2)
        finally:  # all the time was spent on waiting for the first: it says that the job goes on elsewhere
            landed.append(write(current_job().id, late_one))

    stage.store.write = slow
    stage.task(work)
    job = stage.submit()
    deliver(stage.parts, "default")
    assert stage.row(job).checkpoint == Inline(json="2")
    assert [type(answer) for answer in landed] == [Refused]


def test_one_that_lands_just_before_the_next_does_not_stop_that(stage):
    write = stage.store.write
    lost = []

    def slow(job_id, change):
        if change.set.get("checkpoint") == Inline(json="1"):
            lost[:] = [change]
            raise Unavailable("no answer")
        if lost and "checkpoint" in change.set:
            write(job_id, lost.pop())
        return write(job_id, change)

    def work():
        with pytest.raises(Unavailable):
            current_job().checkpoint(1)
        current_job().checkpoint(2)

    stage.store.write = slow
    stage.task(work)
    job = stage.submit()
    deliver(stage.parts, "default")
    assert stage.row(job).checkpoint == Inline(json="2")


def test_progress_said_before_a_checkpoint_is_written_with_it(stage):
    seen = []

    def work():
        current_job().progress(0.5, "half")
        current_job().checkpoint(1)
        seen.append(stage.row(job).progress)

    stage.task(work)
    job = stage.submit()
    writes = stage.store.writes
    drain(stage.parts)
    assert (seen[0].fraction, seen[0].message) == (0.5, "half")
    assert stage.store.writes - writes == 3, "claim, checkpoint, success"


def test_a_coroutine_awaits_its_checkpoint(stage):
    async def work():
        job = current_job()
        for number in range(job.state or 0, 14):
            stage.advance(seconds=7)
            await job.checkpoint_async(number + 1)
        with pytest.raises(RuntimeError, match="await checkpoint_async"):
            job.checkpoint(1)
        return "all"

    stage.task(work)
    job = stage.submit()
    run_until_quiet(stage.parts)
    assert result(stage, job) == "all"
    assert stage.row(job).attempts == 1


def test_a_task_group_may_wrap_the_continuation(stage):
    async def piece(number):
        stage.advance(seconds=50)
        await current_job().checkpoint_async(number)

    async def work():
        if current_job().state is None:
            async with asyncio.TaskGroup() as group:
                group.create_task(piece(1))
        return current_job().state

    stage.task(work)
    job = stage.submit()
    run_until_quiet(stage.parts)
    assert result(stage, job) == 1


def test_three_hours_in_a_thousand_parts_keep_the_row_small():
    stage = Stage(limits=Limits(continue_margin=timedelta(seconds=10)))
    count = Count(stage, total=1000, seconds=11, time_limit=timedelta(seconds=13))
    job = stage.submit()
    run_until_quiet(stage.parts)
    assert result(stage, job)
    assert count.did == list(range(1000))
    row = stage.row(job)
    assert row.epoch >= 1000
    assert row.attempts == 1
    assert len(row.history) <= 8
    assert item_size(to_item(row)) <= 1024, "each checkpoint is one write unit to the end"


def test_a_lost_message_of_a_continued_job_is_noticed_within_two_minutes(stage):
    Count(stage, total=14, seconds=7)
    job = stage.submit()
    stage.advance(minutes=30)
    whole, stage.parts = stage.parts, stage.parts
    deliver(stage.parts, "default")
    assert stage.row(job).state is State.QUEUED
    stage.lose_messages()
    lost = stage.world.now()
    run_until_quiet(whole)
    resumed = next(
        entry.at for entry in stage.row(job).history if entry.event == "claimed" and entry.at > lost
    )
    assert resumed - lost <= timedelta(minutes=5)
    assert replace(stage.row(job)).state is State.SUCCEEDED

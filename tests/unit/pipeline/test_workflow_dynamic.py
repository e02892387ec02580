"""A task that returns a workflow: it waits for that, and its result is that one's. What it returns is looked at like what a caller sends."""

import asyncio
from collections.abc import Generator
from contextlib import suppress
from datetime import timedelta

import pytest

from chalicelib import Concurrency, Flow, Ordered, Rate, chain, current_job, group
from chalicelib.domain.errors import Unavailable
from chalicelib.domain.job import State
from chalicelib.pipeline.cancel import cancel
from chalicelib.pipeline.payloads import load
from chalicelib.pipeline.redrive import redrive
from chalicelib.pipeline.sealer import result_of
from chalicelib.pipeline.workflows.depth import MOST_ABOVE, check_depth
from tests.support.drive import check_end, drain, replay, run_until_quiet, tick
from tests.support.faults import Crash, How, Trap, trapped
from tests.support.stage import Stage


class Plans:
    """Tasks that return what `plan` says."""

    def __init__(self, stage):
        self.stage = stage
        self.ran = []
        self.broken = False
        self.add = stage.task(self._add, "add", max_attempts=1)
        self.total = stage.task(self._total, "total")

    def _add(self, x: int, y: int = 1) -> int:
        self.ran.append(x)
        if self.broken:
            raise ValueError("broken")
        return x + y

    def _total(self, numbers: list[int]) -> int:
        return sum(numbers)

    def sums(self, n: int) -> Flow:
        """So many, and their sum."""
        return group(self.add.s(number) for number in range(n)) | self.total.s()

    def result(self, task, **args):
        job = self.stage.submit(task, args)
        run_until_quiet(self.stage.parts)
        row = self.stage.row(job)
        assert row.state is State.SUCCEEDED, row.error
        return load(row.result, whose=result_of(row), parts=self.stage.parts)

    def death(self, task, **args):
        job = self.stage.submit(task, args)
        run_until_quiet(self.stage.parts)
        row = self.stage.row(job)
        assert row.state is State.DEAD
        return row.error


@pytest.fixture
def plans(stage):
    return Plans(stage)


def _plain(plans):
    def plan(n: int) -> Flow:
        return plans.sums(n)

    return plan, {}


def _loop(plans):
    async def plan(n: int) -> Flow:
        await asyncio.sleep(0)
        return plans.sums(n)

    return plan, {}


def _cpu(plans):
    return _plain(plans)[0], {"cpu": True}


def _generator(plans):
    def plan(n: int) -> Generator[int, None, Flow]:
        for number in range(current_job().state or 0, n):
            yield number + 1
        return plans.sums(n)

    return plan, {}


@pytest.mark.parametrize("kind", [_plain, _loop, _cpu, _generator])
def test_a_task_of_any_kind_may_return_one(stage, plans, kind):
    function, options = kind(plans)
    stage.task(function, "plan", **options)
    assert plans.result("plan", n=4) == 1 + 2 + 3 + 4
    check_end(stage.parts)
    replay(stage.parts)
    assert len(plans.ran) == 4


def test_it_may_be_a_part_of_another_and_what_follows_gets_its_result(stage, plans):
    plan = stage.task(_plain(plans)[0], "plan")
    stage.task(lambda: chain(group(plan.s(2), plan.s(3)), plans.total.s(), plans.add.s(y=100)), "outer")
    assert plans.result("outer") == (1 + 2) + (1 + 2 + 3) + 100


def test_one_step_is_a_workflow_too(stage, plans):
    stage.task(lambda: plans.add.s(1, 1), "plan")
    assert plans.result("plan") == 2


def test_what_is_wrong_with_it_is_the_death_of_the_task_with_its_place(stage, plans):
    stage.task(lambda: plans.add.s(1) | plans.total.s(), "unfit")
    stage.task(lambda: plans.add.s(1) | group(plans.add.s("x", "y"), plans.add.s()), "wrong")
    stage.task(lambda: plans.add.map(y=2), "empty")
    for task, why in (
        (
            "unfit",
            "workflow.chain[1].into: 'total' wants an array of integers for 'numbers', 'add' gives an integer",
        ),
        ("wrong", "workflow.chain[1].group[0].args: 2 given by their places, add has 1 for them"),
        ("empty", "workflow.items: missing: nothing comes before this map that could be its items"),
    ):
        error = plans.death(task)
        assert (error.type, error.message) == ("InvalidInput", why)
    assert plans.ran == []


def test_a_batch_task_cannot_return_one_and_says_so(stage, plans):
    def plan(jobs: list[dict]) -> list:
        return [plans.sums(2) for _ in jobs]

    stage.task(plan, "plan", batch=True)
    for alone in (True, False):
        jobs = [stage.submit("plan", {"n": 1}) for _ in range(1 if alone else 3)]
        drain(stage.parts)
        for job in jobs:
            error = stage.row(job).error
            assert error.type == "ResultNotJson"
            assert error.message.endswith("a batch task's job cannot become a workflow")


def test_a_task_that_returns_itself_for_ever_dies_of_it(stage, plans):
    calls = []

    def again(n: int) -> Flow:
        calls.append(n)
        return stage.registry["again"].s(n + 1)

    stage.task(again, "again")
    error = plans.death("again", n=0)
    assert len(calls) == MOST_ABOVE + 1
    assert error.message.startswith("step 0: step 0: ")
    assert f"is DEAD: InvalidInput: workflow: {MOST_ABOVE} jobs wait for again" in error.message
    assert all(row.state is State.DEAD for row in stage.store.rows.values())


def test_as_deep_as_is_allowed_it_comes_back(stage, plans):
    def down(n: int) -> Flow | int:
        return stage.registry["down"].s(n - 1) if n else 7

    stage.task(down, "down")
    assert plans.result("down", n=MOST_ABOVE) == 7
    assert "jobs wait for down" in plans.death("down", n=MOST_ABOVE + 1).message


def test_who_is_not_deep_pays_a_read_for_each_that_waits_for_it(stage, plans):
    stage.task(_plain(plans)[0], "plan")
    job = stage.submit("plan", {"n": 2})
    drain(stage.parts)
    read, asked = stage.store.read, []
    stage.store.read = lambda job_id: asked.append(job_id) or read(job_id)
    found = []
    for row in stage.store.rows.values():
        asked.clear()
        check_depth(row, parts=stage.parts)
        found.append((row.task, len(asked)))
    assert found[0] == (stage.row(job).task, 0) == ("plan", 0)
    assert sorted(found[1:]) == [
        ("add", 3),
        ("add", 3),
        ("jobline.workflow", 1),
        ("jobline.workflow", 2),
        ("total", 2),
    ]


def test_what_dies_in_it_is_the_tasks_own_death_and_a_retry_goes_on(stage, plans):
    stage.task(_plain(plans)[0], "plan")
    plans.broken = True
    job = stage.submit("plan", {"n": 1})
    drain(stage.parts)
    assert stage.row(job).state is State.DEAD
    assert "ValueError: broken" in stage.row(job).error.message
    plans.broken = False
    redrive(job.id, tenant="default", parts=stage.parts)
    drain(stage.parts)
    assert stage.row(job).state is State.SUCCEEDED
    check_end(stage.parts)


def test_cancelling_the_task_cancels_what_it_has_become(stage, plans):
    def plan() -> Flow:
        return plans.add.s(1).set(delay=60) | plans.add.s()

    stage.task(plan, "plan")
    job = stage.submit("plan")
    drain(stage.parts)
    assert stage.row(job).state is State.WAITING
    cancel(job.id, tenant="default", parts=stage.parts)
    run_until_quiet(stage.parts)
    assert stage.row(job).state is State.CANCELLED
    assert plans.ran == []


def changing_plans(stage):
    """A task that returns another workflow each time; the numbers of those that it made."""
    made = []

    def plan() -> Flow:
        made.append(len(made))
        return stage.registry["tell"].s(made[-1]) | stage.registry["tell"].s()

    stage.task(lambda plan: plan, "tell", max_attempts=20)
    stage.task(plan, "plan", max_attempts=20)
    return made


@pytest.mark.parametrize("how", How)
def test_a_fault_at_any_call_leaves_one_plan_that_is_carried_out_though_each_attempt_makes_another(how):
    names = set()
    for at in range(1, 200):
        stage = Stage(seed=at)
        made = changing_plans(stage)
        job = stage.submit("plan")
        trap = Trap(how=how, at=at)
        whole, stage.parts = stage.parts, trapped(stage.parts, trap)
        for _ in range(4):
            with suppress(Crash, Unavailable):
                drain(stage.parts)
            with suppress(Crash, Unavailable):
                tick(stage.parts)
        stage.parts = whole
        run_until_quiet(stage.parts)
        row = stage.row(job)
        assert row.state is State.SUCCEEDED, f"{how} at {trap.sprung}: {row.error}"
        assert load(row.result, whose=result_of(row), parts=stage.parts) in made
        children = [one for one in stage.store.rows.values() if one.id != job.id]
        assert {one.state for one in children} == {State.SUCCEEDED}
        assert len(children) == 1 + 2, f"{how} at {trap.sprung}"
        replay(stage.parts)
        if trap.sprung is None:
            break
        names.add(trap.sprung)
    else:
        pytest.fail("still sprung")
    assert {"store.create", "store.write", "store.read", "queue.send"} <= names


def booking(stage, **options):
    """A task that returns a workflow of itself as often as it is told. When it began, and how often it was to go on."""
    began = []

    def book(account: str, left: int) -> Flow | int:
        began.append((left, stage.world.now()))
        return chain(task.s(account, left - 1)) if left else 7

    task = stage.task(book, "book", **options)
    return began


@pytest.mark.parametrize(
    "gate",
    [
        {"ordered": Ordered(key=("account",))},
        {"concurrency": Concurrency(1, key=("account",))},
        {"rate": Rate(1, timedelta(minutes=1), key=("account",))},
    ],
    ids=lambda gate: next(iter(gate)),
)
def test_a_task_whose_workflow_has_jobs_of_its_own_group_does_not_wait_for_itself(stage, plans, gate):
    # given a task that returns a workflow of itself, within one group, slot and rate
    began = booking(stage, **gate)
    assert plans.result("book", account="a", left=3) == 7
    assert [left for left, _ in began] == [3, 2, 1, 0]
    # then each started once, and what came back for a result was no start
    if "rate" in gate:
        assert began[-1][1] - began[0][1] < timedelta(minutes=4)


def test_a_worker_that_dies_once_a_task_became_a_workflow_does_not_hold_up_its_group(stage, plans):
    # given a group of two, the first of which becomes a workflow of the same group, at every call of which the worker may die
    for at in range(1, 200):
        stage = Stage(seed=at)
        booking(stage, ordered=Ordered(key=("account",)), max_attempts=10)
        jobs = [stage.submit("book", {"account": "a", "left": left}) for left in (1, 0)]
        trap = Trap(how=How.CRASH_AFTER, at=at)
        whole, stage.parts = stage.parts, trapped(stage.parts, trap)
        for _ in range(3):
            with suppress(Crash, Unavailable):
                drain(stage.parts)
        stage.parts = whole
        run_until_quiet(stage.parts, within=timedelta(days=1))
        assert {stage.row(job).state for job in jobs} == {State.SUCCEEDED}, trap.sprung
        if trap.sprung is None:
            return
    pytest.fail("still sprung")

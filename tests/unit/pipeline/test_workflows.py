"""Workflows: what comes of them, and of each thing that goes wrong on the way. docs/workflows.md"""

from datetime import timedelta

import pytest

from chalicelib.domain.job import TERMINAL, State
from chalicelib.pipeline.cancel import cancel
from chalicelib.pipeline.payloads import load
from chalicelib.pipeline.redrive import redrive
from chalicelib.pipeline.sealer import result_of
from chalicelib.pipeline.workflows.flow import chain, chord, group
from tests.support.drive import check_end, deliver, drain, replay, run_until_quiet, tick


class Sums:
    """A stage with tasks that count, and say how often they ran."""

    def __init__(self, stage):
        self.stage = stage
        self.ran: list[str] = []
        self.broken: set[int] = set()
        self.one = stage.task(self._one, "one")
        self.add = stage.task(self._add, "add")
        self.total = stage.task(self._total, "total")
        self.fragile = stage.task(self._fragile, "fragile", max_attempts=1)

    def _one(self) -> int:
        self.ran.append("one")
        return 1

    def _add(self, x: int, y: int = 1) -> int:
        self.ran.append(f"add {x} {y}")
        return x + y

    def _total(self, numbers: list[int | None]) -> int:
        self.ran.append("total")
        return sum(number or 0 for number in numbers)

    def _fragile(self, x: int) -> int:
        self.ran.append(f"fragile {x}")
        if x in self.broken:
            raise ValueError(f"{x} is broken")
        return x * x


@pytest.fixture
def sums(stage):
    return Sums(stage)


def submit(stage, flow, **how):
    return stage.submit("jobline.workflow", {"workflow": flow.json()}, **how)


def result(stage, job):
    row = stage.row(job)
    assert row.state is State.SUCCEEDED, row
    return load(row.result, whose=result_of(row), parts=stage.parts)


def test_each_step_of_a_chain_gets_the_result_of_the_one_before(stage, sums):
    job = submit(stage, chain(sums.one.s(), sums.add.s(10), sums.add.s(y=100)))
    drain(stage.parts)
    assert result(stage, job) == 111
    assert sums.ran == ["one", "add 1 10", "add 11 100"]
    replay(stage.parts)
    check_end(stage.parts)


def test_a_step_that_is_immutable_does_not_get_it(stage, sums):
    job = submit(stage, sums.one.s() | sums.add.si(5, 6))
    drain(stage.parts)
    assert result(stage, job) == 11


def test_a_group_gives_the_results_in_its_order(stage, sums):
    job = submit(stage, group(sums.add.s(n, n) for n in range(5)))
    drain(stage.parts)
    assert result(stage, job) == [0, 2, 4, 6, 8]
    replay(stage.parts)
    check_end(stage.parts)


def test_an_empty_group_gives_an_empty_list(stage, sums):
    job = submit(stage, chord([], sums.total.s()))
    drain(stage.parts)
    assert result(stage, job) == 0


@pytest.mark.parametrize("count", [1, 99, 100, 101, 250])
def test_a_chord_fires_once_with_all_results(stage, sums, count):
    job = submit(stage, chord([sums.add.s(n) for n in range(count)], sums.total.s()))
    drain(stage.parts)
    assert result(stage, job) == sum(range(count)) + count
    assert sums.ran.count("total") == 1
    replay(stage.parts)
    assert sums.ran.count("total") == 1
    check_end(stage.parts)


def test_what_comes_before_goes_into_all_of_a_group(stage, sums):
    job = submit(stage, chain(sums.one.s(), group(sums.add.s(1), sums.add.s(2)), sums.total.s()))
    drain(stage.parts)
    assert result(stage, job) == 5


def test_workflows_nest(stage, sums):
    inner = chain(sums.add.s(1), group(sums.add.s(10), chain(sums.add.s(20), sums.add.s(30))))
    job = submit(stage, chain(sums.one.s(), group(inner, inner), sums.total.map(), sums.total.s()))
    drain(stage.parts)
    assert result(stage, job) == 2 * (12 + 52)
    check_end(stage.parts)


def test_a_map_has_a_job_for_each_item(stage, sums):
    job = submit(stage, sums.add.map(range(230), y=1) | sums.total.s())
    drain(stage.parts)
    assert result(stage, job) == sum(range(230)) + 230


def test_a_starmap_spreads_its_items_and_chunks_gather_them(stage, sums):
    spread = submit(stage, sums.add.starmap([(1, 2), [3], {"x": 5, "y": 6}]))
    lots = submit(stage, sums.total.chunks(range(7), 3))
    drain(stage.parts)
    assert result(stage, spread) == [3, 4, 11]
    assert result(stage, lots) == [3, 12, 6]


def test_one_bad_child_ends_a_group_and_the_rest_does_not_start(stage, sums):
    sums.broken = {3}
    job = submit(stage, chord([sums.fragile.s(n) for n in range(150)], sums.total.s()))
    run_until_quiet(stage.parts)
    row = stage.row(job)
    assert row.state is State.DEAD
    assert "ValueError: 3 is broken" in row.error.message
    assert "total" not in sums.ran
    states = {one.state for one in stage.store.rows.values() if (one.cause or "").startswith("workflow:")}
    assert State.CANCELLED in states
    assert sums.ran.count("fragile 149") == 0


@pytest.mark.parametrize(("policy", "stands"), [("ignore", None), ("collect", "ValueError")])
def test_what_is_wrong_stands_in_its_place(stage, sums, policy, stands):
    sums.broken = {1}
    job = submit(stage, group([sums.fragile.s(n) for n in range(3)], on_error=policy))
    drain(stage.parts)
    first, second, third = result(stage, job)
    assert (first, third) == (0, 4)
    assert (second if second is None else second["error"]["type"]) == stands


@pytest.mark.parametrize(("least", "state"), [(2, State.SUCCEEDED), (3, State.DEAD)])
def test_so_many_must_succeed(stage, sums, least, state):
    sums.broken = {1}
    flow = group([sums.fragile.s(n) for n in range(3)], on_error="ignore", min_success=least)
    job = submit(stage, flow)
    drain(stage.parts)
    assert stage.row(job).state is state


def test_a_chain_ends_with_the_step_that_fails(stage, sums):
    sums.broken = {2}
    job = submit(stage, chain(sums.add.s(1, 1), sums.fragile.s(), sums.add.s(1)))
    drain(stage.parts)
    row = stage.row(job)
    assert row.state is State.DEAD
    assert "step 1" in row.error.message
    assert "ValueError: 2 is broken" in row.error.message


def test_what_has_succeeded_at_any_depth_is_not_done_again_when_a_dead_workflow_is_retried(stage, sums):
    sums.broken = {7, 130}
    squares = group([sums.fragile.si(n) for n in range(200)], on_error="ignore", min_success=200)
    job = submit(
        stage, chain(sums.one.s(), group(squares, sums.add.si(1, 2)), sums.total.map(on_error="ignore"))
    )
    drain(stage.parts)
    assert stage.row(job).state is State.DEAD
    for broken, again in (({7}, ["fragile 130", "fragile 7"]), (set(), ["fragile 7", "total"])):
        sums.broken, before = broken, len(sums.ran)
        redrive(job.id, tenant="default", parts=stage.parts)
        drain(stage.parts)
        assert sorted(sums.ran[before:]) == again
    assert result(stage, job) == [sum(n * n for n in range(200)), None]
    check_end(stage.parts)


def test_a_group_that_is_retried_does_only_what_failed(stage, sums):
    sums.broken = {7, 130}
    flow = group([sums.fragile.si(n) for n in range(200)], on_error="ignore", min_success=200)
    job = submit(stage, flow)
    drain(stage.parts)
    assert stage.row(job).state is State.DEAD
    sums.broken, before = {7}, len(sums.ran)
    redrive(job.id, tenant="default", parts=stage.parts)
    drain(stage.parts)
    assert stage.row(job).state is State.DEAD
    assert sorted(sums.ran[before:]) == ["fragile 130", "fragile 7"]
    sums.broken, before = set(), len(sums.ran)
    redrive(job.id, tenant="default", parts=stage.parts)
    drain(stage.parts)
    assert result(stage, job) == [n * n for n in range(200)]
    assert sums.ran[before:] == ["fragile 7"]
    check_end(stage.parts)


def test_a_cancelled_workflow_starts_nothing_more(stage, sums):
    job = submit(stage, group([sums.add.s(n) for n in range(150)]))
    while stage.row(job).state is not State.WAITING:
        deliver(stage.parts, "default")
    cancel(job.id, tenant="default", parts=stage.parts)
    before = len(sums.ran)
    run_until_quiet(stage.parts)
    assert len(sums.ran) == before
    assert stage.row(job).state is State.CANCELLED


def test_a_task_may_return_a_workflow_which_takes_its_place(stage, sums):
    def plan(n: int):
        return chain(sums.add.map(range(n), y=0), sums.total.s())

    stage.task(plan, "plan")
    job = stage.submit("plan", {"n": 5})
    drain(stage.parts)
    assert result(stage, job) == 10
    check_end(stage.parts)
    replay(stage.parts)


def test_a_workflow_within_a_cancelled_one_does_not_wait_for_what_is_due_in_a_year(stage, sums):
    year = 365 * 24 * 3600
    job = submit(stage, chain(sums.one.s(), group(sums.add.s(1), sums.add.s(2).set(delay=year))))
    drain(stage.parts)
    cancel(job.id, tenant="default", parts=stage.parts)
    for _ in range(10):
        stage.advance(minutes=1)
        tick(stage.parts)
        drain(stage.parts)
    waiting = [one for one in stage.store.rows.values() if one.state is State.WAITING]
    assert waiting == []


def test_a_fan_out_longer_than_an_invocation_goes_on_in_others_and_gets_on_in_each(stage, sums):
    create = stage.store.create

    def slowly(job):
        stage.world.advance(timedelta(milliseconds=20))
        return create(job)

    stage.store.create = slowly
    job = submit(stage, sums.add.map(range(1000)))
    invocations = 0
    while stage.row(job).state is not State.WAITING:
        before = stage.row(job).epoch
        deliver(stage.parts, "default", left=timedelta(seconds=6))
        invocations += stage.row(job).epoch > before
    assert invocations > 4
    assert stage.row(job).attempts == 0
    run_until_quiet(stage.parts)
    assert result(stage, job) == [n + 1 for n in range(1000)]
    assert sum(1 for one in stage.store.rows.values() if one.cause) == 1000


def test_a_chain_may_lose_as_many_workers_as_it_has_steps(stage, sums):
    # given that the first attempt at each step of a long chain is lost
    job = submit(stage, chain(sums.one.s(), *[sums.add.s() for _ in range(25)]))
    while stage.row(job).state not in TERMINAL:
        row = stage.row(job)
        if row.state is State.QUEUED:
            stage.claim(row, seconds=1)
            stage.advance(minutes=10)
        run_until_quiet_for(stage, job, row.epoch)
    assert result(stage, job) == 26


def run_until_quiet_for(stage, job, epoch):
    """Until the workflow is at its next step, and its message is there and not taken, or it is over."""
    for _ in range(40):
        tick(stage.parts)
        for _ in range(3):
            deliver(stage.parts, "default")
            row = stage.row(job)
            if row.state in TERMINAL or (row.state is State.QUEUED and row.epoch > epoch + 1):
                return
        stage.advance(minutes=1)

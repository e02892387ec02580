"""A map over the lines of an object: all of them once, or the workflow is dead and says which line it was."""

from contextlib import suppress
from dataclasses import replace
from datetime import timedelta
from io import BytesIO

import pytest

from chalicelib.domain.errors import InvalidInput, Unavailable
from chalicelib.domain.job import State
from chalicelib.domain.workflow import Map, Source, Step
from chalicelib.pipeline.payloads import load
from chalicelib.pipeline.redrive import redrive
from chalicelib.pipeline.sealer import result_of
from chalicelib.pipeline.workflows import lines
from chalicelib.pipeline.workflows.flow import Flow
from chalicelib.pipeline.workflows.items_of import Supply
from tests.support import drive
from tests.support.drive import check_end, deliver, drain, replay, run_until_quiet
from tests.support.faults import Crash, How, Trap, trapped
from tests.support.stage import Stage

KEY = "inputs/default/numbers.jsonl"


class Squares:
    """A stage with a task for numbers, and an object of them."""

    def __init__(self, stage):
        self.stage = stage
        self.ran: list[int] = []
        self.broken: set[int] = set()
        stage.task(self._square, "square", max_attempts=1)
        stage.task(self._total, "sum_of")

    def _square(self, x: int) -> int:
        self.ran.append(x)
        if x in self.broken:
            raise ValueError(f"{x} is broken")
        return x * x

    def _total(self, xs: list[int | None]) -> int:
        return sum(x or 0 for x in xs)

    def put(self, body, key=KEY):
        self.stage.parts.inputs.put(key, BytesIO(body))

    def numbers(self, count):
        self.put(b"".join(b"%d\n" % n for n in range(count)))

    def submit(self, *, key=KEY, **more):
        tree = {"map": {"task": "square", "into": "x"}, "object": key, **more}
        return self.stage.submit("jobline.workflow", {"workflow": tree})


@pytest.fixture
def squares(stage):
    return Squares(stage)


def result(stage, job):
    row = stage.row(job)
    assert row.state is State.SUCCEEDED, row
    return load(row.result, whose=result_of(row), parts=stage.parts)


@pytest.mark.parametrize("count", [0, 1, 99, 100, 101, 250])
def test_each_line_has_a_job_and_the_results_are_in_their_order(stage, squares, count):
    squares.numbers(count)
    job = squares.submit()
    drain(stage.parts)
    assert result(stage, job) == [n * n for n in range(count)]
    replay(stage.parts)
    assert len(squares.ran) == count
    check_end(stage.parts)


def test_lots_of_lines_go_into_one_job(stage, squares):
    squares.numbers(7)
    tree = {"map": {"task": "sum_of", "into": "xs"}, "object": KEY, "size": 3}
    job = stage.submit("jobline.workflow", {"workflow": tree})
    drain(stage.parts)
    assert result(stage, job) == [3, 12, 6]


def test_lines_can_be_arguments(stage, squares):
    stage.task(lambda x, y: x - y, "minus")
    squares.put(b'[5, 3]\n{"x": 1, "y": 2}\n')
    tree = {"map": {"task": "minus"}, "object": KEY, "spread": True}
    job = stage.submit("jobline.workflow", {"workflow": tree})
    drain(stage.parts)
    assert result(stage, job) == [2, -1]


@pytest.mark.parametrize("at", [0, 50, 130])
def test_a_broken_line_ends_the_workflow_and_nothing_half_made_runs_on(stage, squares, at):
    good = [b"%d\n" % n for n in range(230)]
    squares.put(b"".join([*good[:at], b"{broken\n", *good[at:]]))
    job = squares.submit()
    deliver(stage.parts, "default")
    row = stage.row(job)
    assert row.state is State.DEAD
    assert f"{KEY}: the line at byte {len(b''.join(good[:at])):,}: not JSON" in row.error.message
    run_until_quiet(stage.parts, within=timedelta(days=1))
    assert squares.ran == []


def test_an_object_that_is_not_there_ends_the_workflow_at_once(stage, squares):
    job = squares.submit()
    drain(stage.parts)
    row = stage.row(job)
    assert (row.state, row.attempts) == (State.DEAD, 1)
    assert f"there is no {KEY}" in row.error.message


def test_another_tenants_object_is_refused_at_the_door(squares):
    with pytest.raises(InvalidInput, match=r"workflow\.object: not a key that begins with inputs/default/"):
        squares.submit(key="inputs/bob/numbers.jsonl")


def test_another_tenants_object_is_refused_to_a_task_that_returns_such_a_workflow(stage, squares):
    squares.put(b"1\n", key="inputs/bob/numbers.jsonl")

    class Sly(Flow):
        def node(self, **_):
            step = Step(task="square", into="x")
            return Map(step=step, source=Source.OBJECT, object="inputs/bob/numbers.jsonl")

        def tasks(self):
            return []

    def sly():
        return Sly()

    stage.task(sly, "sly")
    job = stage.submit("sly")
    drain(stage.parts)
    assert stage.row(job).state is State.DEAD
    assert "not a key that begins with inputs/default/" in stage.row(job).error.message
    assert squares.ran == []


def test_another_tenants_object_is_refused_at_the_fan_out_too_whoever_wrote_the_row(stage, squares):
    job = squares.submit(key=KEY)
    node = Map(step=Step(task="square", into="x"), source=Source.OBJECT, object="inputs/bob/numbers.jsonl")
    with pytest.raises(InvalidInput, match="not a key that begins with inputs/default/"):
        Supply(job, node, None, None, parts=stage.parts)


@pytest.mark.parametrize(
    ("more", "where"),
    [
        ({"items": [1]}, "items, from, object"),
        ({"from": "before"}, "items, from, object"),
        ({"key": 7}, "not an object's key"),
    ],
)
def test_what_is_no_map_of_an_object_is_refused(squares, more, where):
    with pytest.raises(InvalidInput, match=where):
        squares.submit(**more)


def test_an_object_that_is_replaced_meanwhile_ends_the_workflow(stage, squares, monkeypatch):
    monkeypatch.setattr(lines, "PIECE", 100)
    squares.numbers(500)
    job = squares.submit()
    inputs, calls = stage.parts.inputs, []

    class Replaced:
        def read(self, *args):
            calls.append(args)
            if len(calls) == 3:
                inputs.put(KEY, BytesIO(b"".join(b"%d\n" % (n + 7) for n in range(500))))
            return inputs.read(*args)

    whole, stage.parts = stage.parts, replace(stage.parts, inputs=Replaced())
    deliver(stage.parts, "default")
    stage.parts = whole
    assert stage.row(job).state is State.DEAD
    assert "has changed" in stage.row(job).error.message
    run_until_quiet(stage.parts, within=timedelta(days=1))
    assert squares.ran == []


class Slow:
    """Shelves on which each page takes its time, so that a fan-out takes several invocations."""

    def __init__(self, stage):
        self._stage, self._items = stage, stage.parts.items

    def __getattr__(self, name):
        return getattr(self._items, name)

    def write(self, spot, edit):
        if spot.kind == "page" and "at" in edit.set:
            self._stage.advance(seconds=15)
        return self._items.write(spot, edit)


def test_a_fan_out_goes_on_elsewhere_when_its_time_is_over_at_the_same_line(stage, squares, monkeypatch):
    squares.numbers(600)
    monkeypatch.setattr(lines, "PIECE", 500)
    job = squares.submit(on_error="ignore")
    whole, stage.parts = stage.parts, replace(stage.parts, items=Slow(stage))
    run_until_quiet(stage.parts, within=timedelta(days=1))
    stage.parts = whole
    assert stage.row(job).epoch > 2, "claims"
    assert result(stage, job) == [n * n for n in range(600)]
    assert sorted(squares.ran) == list(range(600))


def test_a_fan_out_that_goes_on_elsewhere_does_not_go_on_with_another_content(stage, squares):
    squares.numbers(600)
    job = squares.submit()
    whole, stage.parts = stage.parts, replace(stage.parts, items=Slow(stage))
    deliver(stage.parts, "default")
    stage.parts = whole
    assert stage.row(job).state is State.QUEUED
    squares.put(b"".join(b"%d\n" % (n + 1000) for n in range(600)))
    run_until_quiet(stage.parts, within=timedelta(days=1))
    assert stage.row(job).state is State.DEAD
    assert "has changed" in stage.row(job).error.message


def test_a_retried_map_does_only_what_failed_and_keeps_nothing_of_another_content(stage, squares):
    squares.numbers(150)
    squares.broken = {7, 130}
    job = squares.submit(on_error="ignore", min_success=150)
    drain(stage.parts)
    assert stage.row(job).state is State.DEAD
    squares.broken, squares.ran = {7}, []
    redrive(job.id, tenant="default", parts=stage.parts)
    drain(stage.parts)
    assert (stage.row(job).state, sorted(squares.ran)) == (State.DEAD, [7, 130])
    squares.put(b"".join(b"%d\n" % (n + 1000) for n in range(150)))
    squares.broken, squares.ran = set(), []
    redrive(job.id, tenant="default", parts=stage.parts)
    drain(stage.parts)
    assert result(stage, job) == [(n + 1000) ** 2 for n in range(150)]
    assert len(squares.ran) == 150
    check_end(stage.parts)


@pytest.mark.parametrize("how", How)
def test_a_fault_at_any_read_changes_nothing(monkeypatch, how):
    monkeypatch.setattr(lines, "PIECE", 100)
    for at in range(1, 20):
        stage = Stage(seed=at)
        squares = Squares(stage)
        squares.numbers(210)
        job = squares.submit()
        trap = Trap(how=how, at=at, only=lambda name: name == "inputs.read")
        whole, stage.parts = stage.parts, trapped(stage.parts, trap)
        for _ in range(3):
            with suppress(Crash, Unavailable):
                drive.drain(stage.parts)
            with suppress(Crash, Unavailable):
                drive.tick(stage.parts)
        stage.parts = whole
        run_until_quiet(stage.parts, within=timedelta(days=2))
        assert result(stage, job) == [n * n for n in range(210)], f"{how} at {at}"
        assert len(squares.ran) == 210
        if trap.sprung is None:
            break
    else:
        pytest.fail("still sprung")
    assert at > 4

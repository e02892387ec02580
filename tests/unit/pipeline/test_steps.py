"""Steps: what is recorded is not done again, whatever ends the attempt that did it."""

import hashlib
import json
from collections import Counter
from dataclasses import replace
from datetime import timedelta

import pytest

from chalicelib import current_job
from chalicelib.domain.errors import InvalidInput
from chalicelib.domain.job import Inline, State
from chalicelib.pipeline.items import Edit, Spot
from chalicelib.pipeline.redrive import redrive
from chalicelib.pipeline.steps import MAX_STEPS
from tests.support.drive import deliver, drain, replay, run_until_quiet
from tests.support.faults import How, Trap, trapped
from tests.support.stage import Stage


class Trip:
    """A task of three steps: book a flight, book a hotel, send a letter. What it did to the world is in `did`."""

    def __init__(self, stage, **options):
        self.stage, self.did, self.broken = stage, Counter(), False
        stage.task(self.work, "work", **options)

    def do(self, what, price=0):
        self.did[what] += 1
        return {"what": what, "number": sum(self.did.values()), "price": price}

    def work(self, x=None):
        step = current_job().step
        flight = step("flight", self.do, "flight", price=100)
        hotel = step("hotel", self.do, "hotel", price=flight["price"] * 2)
        if self.broken:
            raise ValueError("no letter today")
        step("letter", self.do, "letter")
        return [flight["price"], hotel["price"]]


def result(stage, job):
    row = stage.row(job)
    assert row.state is State.SUCCEEDED, row
    return json.loads(row.result.json)


def test_a_retry_does_nothing_again_that_was_recorded(stage):
    trip = Trip(stage)
    trip.broken = True
    job = stage.submit()
    drain(stage.parts)
    assert stage.row(job).state is State.RETRYING
    trip.broken = False
    run_until_quiet(stage.parts)
    assert result(stage, job) == [100, 200]
    assert trip.did == {"flight": 1, "hotel": 1, "letter": 1}


@pytest.mark.parametrize("how", How)
def test_one_fault_at_any_call_repeats_at_most_the_call_that_was_not_recorded(how):
    sprung = []
    for at in range(1, 60):
        stage = Stage(seed=at)
        trip = Trip(stage)
        job = stage.submit()
        trap = Trap(how=how, at=at)
        whole, stage.parts = stage.parts, trapped(stage.parts, trap)
        drain(stage.parts)
        stage.parts = whole
        run_until_quiet(stage.parts)
        if trap.sprung is None:
            break
        sprung.append(trap.sprung)
        assert result(stage, job) == [100, 200]
        assert sum(trip.did.values()) <= 4
        assert all(trip.did[what] >= 1 for what in ("flight", "hotel", "letter"))
        if trap.sprung != "items.write" or how is not How.CRASH_BEFORE:
            assert sum(trip.did.values()) == 3, f"{how} at {trap.sprung}: {trip.did}"
        replay(stage.parts)
    else:
        pytest.fail("still sprung")
    assert sprung.count("items.write") == 3


def test_what_is_returned_is_what_is_recorded_the_first_time_too(stage):
    seen = []

    def work():
        seen.append(current_job().step("when", lambda: (stage.world.now(), timedelta(seconds=90))))
        if len(seen) == 1:
            raise ValueError

    stage.task(work)
    stage.submit()
    run_until_quiet(stage.parts)
    assert seen == [["2026-01-01T12:00:00Z", "PT90S"]] * 2


def test_null_is_a_result_too(stage):
    calls = []

    def work():
        assert current_job().step("quiet", calls.append, 1) is None
        if current_job().attempt == 1:
            raise ValueError

    stage.task(work)
    stage.submit()
    run_until_quiet(stage.parts)
    assert calls == [1]


def test_the_first_that_is_recorded_wins_over_an_attempt_that_was_overtaken(stage):
    def work():
        job = current_job()

        def slow():
            if job.attempt == 1:
                stage.advance(seconds=100)
                run_until_quiet(stage.parts)  # the second attempt does the step, and all the rest
            return job.attempt

        return job.step("who", slow)

    seen = []
    stage.task(lambda: seen.append(work()), "work")
    stage.submit()
    deliver(stage.parts, "default")
    run_until_quiet(stage.parts)
    assert seen == [2, 2]


def test_a_function_that_raises_leaves_no_record(stage):
    tried = []

    def flaky():
        tried.append(1)
        if len(tried) < 3:
            raise ConnectionError
        return "at last"

    stage.task(lambda: current_job().step("call", flaky), "work")
    job = stage.submit()
    run_until_quiet(stage.parts)
    assert (result(stage, job), len(tried)) == ("at last", 3)


def test_large_results_lie_outside_the_item(stage):
    seen = []

    def work():
        seen.append(current_job().step("big", lambda: "x" * 20_000))
        if len(seen) == 1:
            raise ValueError

    stage.task(work)
    stage.submit()
    run_until_quiet(stage.parts)
    assert seen == ["x" * 20_000] * 2
    assert len(stage.parts.payloads.bodies) == 1
    (item,) = stage.parts.items.shelves.values()
    assert "json" not in item.fields


def test_a_redriven_job_finds_its_steps_and_one_with_other_arguments_none(stage):
    trip = Trip(stage, max_attempts=1)
    trip.broken = True
    job = stage.submit()
    run_until_quiet(stage.parts)
    assert stage.row(job).state is State.DEAD
    redrive(job.id, tenant="default", parts=stage.parts)
    run_until_quiet(stage.parts)
    assert trip.did == {"flight": 1, "hotel": 1}
    stage.store.rows[job.id] = replace(stage.row(job), args=Inline(json='{"x":1}'))
    trip.broken = False
    redrive(job.id, tenant="default", parts=stage.parts)
    run_until_quiet(stage.parts)
    assert trip.did == {"flight": 2, "hotel": 2, "letter": 1}


def test_the_first_attempt_reads_nothing_and_each_step_is_one_write(stage):
    Trip(stage)
    stage.submit()
    trap = Trap(how=How.NO_ANSWER, at=10**6)
    stage.parts = trapped(stage.parts, trap)
    drain(stage.parts)
    assert [name for name in trap.names if name.startswith("items")] == ["items.write"] * 3


def test_a_later_attempt_reads_them_all_at_once(stage):
    trip = Trip(stage)
    trip.broken = True
    stage.submit()
    drain(stage.parts)
    trap = Trap(how=How.NO_ANSWER, at=10**6)
    trip.broken = False
    stage.parts = trapped(stage.parts, trap)
    stage.advance(minutes=1)
    drain(stage.parts)
    assert [name for name in trap.names if name.startswith("items")] == ["items.listed", "items.write"]


def test_a_record_outlives_its_job(stage):
    Trip(stage, keep=timedelta(days=365))
    job = stage.submit()
    drain(stage.parts)
    row = stage.row(job)
    assert all(item.until > row.forget for item in stage.parts.items.shelves.values())


@pytest.mark.parametrize(
    ("name", "function", "argument"),
    [
        ("", int, "name"),
        ("a" * 101, int, "name"),
        ("a\nb", int, "name"),
        (7, int, "name"),
        ("a", 7, "function"),
        ("a", object, "result"),
        ("a", lambda: "x" * 2**20, "result"),
    ],
)
def test_a_wrong_step_is_refused_by_name(stage, name, function, argument):
    said = []

    def work():
        try:
            current_job().step(name, function)
        except InvalidInput as error:
            said.append(error.argument)

    stage.task(work)
    stage.submit()
    drain(stage.parts)
    assert said == [argument]
    assert stage.parts.items.shelves == {}


def test_a_job_has_at_most_a_thousand_steps(stage):
    said = []

    def work():
        for number in range(MAX_STEPS):
            current_job().step(f"step {number}", int)
        try:
            current_job().step("one more", int)
        except InvalidInput as error:
            said.append(error.argument)
        current_job().step("step 7", pytest.fail)

    stage.task(work)
    stage.submit()
    drain(stage.parts)
    assert said == ["name"]


def test_steps_of_coroutines(stage):
    calls = []

    async def fetch(what):
        calls.append(what)
        return what.upper()

    async def work():
        job = current_job()
        found = [await job.step_async("a", fetch, "a"), await job.step_async("b", str.upper, "b")]
        with pytest.raises(RuntimeError, match="await step_async"):
            job.step("c", int)
        if job.attempt == 1:
            raise ValueError
        return found

    stage.task(work)
    job = stage.submit()
    run_until_quiet(stage.parts)
    assert (result(stage, job), calls) == (["A", "B"], ["a"])


def test_a_coroutine_function_in_plain_code_is_refused(stage):
    async def fetch():
        """Never awaited."""

    said = []

    def work():
        try:
            current_job().step("a", fetch)
        except InvalidInput as error:
            said.append(error.argument)

    stage.task(work)
    stage.submit()
    drain(stage.parts)
    assert said == ["function"]


def test_what_lies_there_already_is_what_counts(stage):
    """A write of ours that got no answer may land when we have given up: then it is the record."""

    def work():
        job = current_job()
        digest = hashlib.sha256(b"{}").hexdigest()[:16]
        stage.parts.items.write(Spot(f"step#{job.id} {digest}", "a"), Edit(set={"bytes": 2, "json": "42"}))
        return job.step("a", lambda: 7)

    stage.task(work)
    job = stage.submit()
    drain(stage.parts)
    assert result(stage, job) == 42

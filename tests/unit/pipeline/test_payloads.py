"""What is too large for the row lies outside it, is checked when it is read, and is missed if it is gone."""

from dataclasses import replace

import pytest

from chalicelib.domain.errors import PayloadMissing, TooLarge, Unavailable
from chalicelib.domain.job import INLINE_BYTES, Inline, Reason, State, Stored
from chalicelib.pipeline.cancel import cancel
from chalicelib.pipeline.limits import MAX_BODY, PAYLOAD_LIFE
from chalicelib.pipeline.outcome import RESULT_BYTES
from chalicelib.pipeline.payloads import fetch, load, place
from chalicelib.pipeline.sealer import args_for, args_of
from tests.support.drive import drain, run_until_quiet
from tests.support.faults import How, Trap, trapped
from tests.support.rows import DAY, HOUR, NOW

BIG = "a" * 1000


def read(stage, job, payload):
    return load(payload, whose=args_of(job), parts=stage.parts)


def echoes(stage, **options):
    def work(x):
        stage.note("work")
        return x

    return stage.task(work, **options)


def test_a_large_argument_reaches_the_task_and_a_large_result_whoever_asks(stage):
    echoes(stage)
    job = stage.submit(args={"x": BIG})
    drain(stage.parts)
    row = stage.row(job)
    assert isinstance(row.args, Stored)
    assert isinstance(row.result, Stored)
    assert read(stage, job, row.args) == {"x": BIG}
    assert read(stage, job, row.result) == BIG


@pytest.mark.parametrize(("size", "kind"), [(INLINE_BYTES, Inline), (INLINE_BYTES + 1, Stored)])
def test_the_row_holds_what_fits_to_the_byte(stage, size, kind):
    text = '"' + "é" * ((size - 2) // 2) + "a" * (size % 2) + '"'
    assert len(text.encode()) == size
    payload = place(text, whose=args_for("t", "j"), due=NOW, parts=stage.parts)
    assert type(payload) is kind
    assert fetch(payload, whose=args_for("t", "j"), parts=stage.parts) == text


def test_nothing_larger_than_the_limit_is_stored(stage):
    place("a" * MAX_BODY, whose=args_for("t", "j"), due=NOW, parts=stage.parts)
    with pytest.raises(TooLarge):
        place("a" * (MAX_BODY + 1), whose=args_for("t", "j"), due=NOW, parts=stage.parts)


@pytest.mark.parametrize("harm", ["gone", "damaged"])
def test_missing_arguments_are_looked_for_again_and_then_the_job_is_dead_of_that(stage, harm):
    # given stored arguments that are gone, or are not what was stored
    echoes(stage, max_attempts=3)
    job = stage.submit(args={"x": BIG})
    bodies = stage.parts.payloads.bodies
    for key in list(bodies):
        bodies[key] = b"other"
        if harm == "gone":
            del bodies[key]
    # when the job's attempts are used up
    run_until_quiet(stage.parts)
    # then it says so, and the task never saw any of it
    row = stage.row(job)
    assert (row.state, row.reason, row.attempts) == (State.DEAD, Reason.PAYLOAD_MISSING, 3)
    assert row.error.type == "PayloadMissing"
    assert stage.runs() == 0


def test_arguments_that_appear_late_are_found(stage):
    echoes(stage)
    job = stage.submit(args={"x": BIG})
    kept = dict(stage.parts.payloads.bodies)
    stage.parts.payloads.bodies.clear()
    drain(stage.parts)
    assert stage.row(job).state is State.RETRYING
    stage.parts.payloads.bodies.update(kept)
    run_until_quiet(stage.parts)
    assert stage.row(job).state is State.SUCCEEDED


def test_missing_arguments_of_a_job_that_is_to_be_cancelled_are_no_death(stage):
    # given a wish that comes while the arguments are looked for, in the last attempt
    echoes(stage, max_attempts=1)
    job = stage.submit(args={"x": BIG})

    def gone(*args):
        cancel(job.id, tenant="default", parts=stage.parts)
        raise PayloadMissing("gone")

    stage.parts.payloads.get = gone
    drain(stage.parts)
    assert stage.row(job).state is State.CANCELLED


def test_arguments_that_no_reader_takes_are_undecodable_at_once(stage):
    # given a row whose arguments were written by somebody else
    echoes(stage)
    job = stage.submit(args={"x": 1})
    stage.store.rows[job.id] = replace(job, args=Inline(json='{"x": NaN}'))
    drain(stage.parts)
    row = stage.row(job)
    assert (row.state, row.reason, row.attempts, stage.runs()) == (State.DEAD, Reason.UNDECODABLE, 1, 0)


def test_a_service_that_is_down_is_not_a_missing_payload(stage):
    # given a payload store that does not answer for longer than an attempt lasts
    echoes(stage, max_attempts=2)
    job = stage.submit(args={"x": BIG})
    payloads = stage.parts.payloads
    get, payloads.get = payloads.get, lambda *_: (_ for _ in ()).throw(Unavailable("down"))
    drain(stage.parts)
    # then nothing was decided
    assert stage.row(job).state is State.RUNNING
    # and when it is back, the job runs
    payloads.get = get
    run_until_quiet(stage.parts)
    assert stage.row(job).state is State.SUCCEEDED


@pytest.mark.parametrize("how", [How.NO_ANSWER, How.REPLY_LOST])
def test_work_that_is_done_is_not_thrown_away_for_a_flicker(stage, how):
    stage.works(result=BIG)
    job = stage.submit()
    stage.parts = trapped(stage.parts, Trap(how=how, at=1, only=lambda name: name == "payloads.put"))
    drain(stage.parts)
    assert (stage.row(job).state, stage.runs()) == (State.SUCCEEDED, 1)


@pytest.mark.parametrize("keep", [HOUR, 366 * DAY])
def test_a_payload_outlives_the_row_that_names_it(stage, keep):
    stage.works(result=BIG, keep=keep)
    job = stage.submit(args={"x": BIG}, delay=3 * DAY)
    run_until_quiet(stage.parts)
    row = stage.row(job)
    kept = stage.parts.payloads.keep_until
    assert kept[job.id, row.args.sha256] >= row.forget
    assert kept[job.id, row.result.sha256] >= row.forget


def test_arguments_wait_as_long_as_retries_may_take(stage):
    stage.works()
    job = stage.submit(args={"x": BIG}, delay=366 * DAY)
    kept = stage.parts.payloads.keep_until[job.id, job.args.sha256]
    assert kept >= job.due + PAYLOAD_LIFE


def nested(depth):
    value = 1
    for _ in range(depth):
        value = [value]
    return value


@pytest.mark.parametrize(
    "result",
    [
        nested(30),
        list(range(99_000)),
        "a" * (RESULT_BYTES - 2),
        10**37,
        {"a": None},
    ],
    ids=["deep", "many", "large", "long", "plain"],
)
def test_whatever_a_task_may_return_can_be_read_and_told_to_the_task_that_follows(stage, result):
    stage.works(result=result, on_success="after")
    stage.mourns("after")
    job = stage.submit()
    drain(stage.parts)
    assert stage.row(job).state is State.SUCCEEDED
    assert read(stage, job, stage.row(job).result) == result
    assert stage.told[0]["result"] == result
    assert all(row.state is State.SUCCEEDED for row in stage.store.rows.values())


@pytest.mark.parametrize(
    "result",
    [
        nested(31),
        list(range(100_001)),
        "a" * RESULT_BYTES,
        10**38,
        float("nan"),
        "\ud800",
        object(),
        {(1, 2): 3},
    ],
    ids=["deep", "many", "large", "long", "nan", "surrogate", "object", "tuple key"],
)
def test_what_could_not_be_read_again_is_no_result_and_the_job_fails_at_once(stage, result):
    stage.works(result=result)
    job = stage.submit()
    drain(stage.parts)
    row = stage.row(job)
    assert (row.state, row.reason, row.attempts) == (State.DEAD, Reason.FAILED, 1)
    assert row.error.type == "ResultNotJson"

"""Acceptance: checked at the door, the row first, then the message."""

from datetime import timedelta

import pytest

from chalicelib.adapters.memory.queue import Unkindness
from chalicelib.domain.errors import InvalidInput, TooLarge, Unavailable, UnknownTask
from chalicelib.domain.job import INLINE_BYTES, Inline, Job, State, Stored
from chalicelib.pipeline.accept import accept
from chalicelib.pipeline.enqueue import JobRequest, enqueue
from chalicelib.pipeline.ids import time_of
from chalicelib.pipeline.limits import MAX_BODY
from chalicelib.pipeline.task import Submission
from tests.support.drive import drain, run_until_quiet
from tests.support.faults import How, Trap, trapped
from tests.support.rows import DAY, HOUR, MINUTE, SECOND
from tests.support.stage import Stage

MS = timedelta(milliseconds=1)


def test_an_accepted_job_has_a_row_and_a_message(stage):
    stage.works(lane="high")
    job = stage.submit(args={"x": 1})
    assert stage.row(job) == job
    assert (job.state, job.ready, job.epoch, job.args) == (State.QUEUED, 0, 0, Inline(json='{"x":1}'))
    assert [(m.lane, m.visible) for m in stage.queue.messages] == [("high", stage.world.now())]


def test_a_jobs_id_tells_when_it_was_accepted(stage):
    stage.works()
    assert time_of(stage.submit().id) == stage.world.now()


def test_a_plain_job_touches_no_index(stage):
    stage.works()
    job = stage.submit()
    drain(stage.parts)
    assert stage.row(job).state is State.SUCCEEDED
    assert stage.row(job).attention is None


def test_a_plain_job_costs_three_writes_and_one_message(stage):
    stage.works()
    stage.submit()
    drain(stage.parts)
    assert stage.store.writes == 3
    assert len(stage.queue.ever) == 1


def test_the_tasks_options_become_the_jobs_unless_the_request_says_otherwise(stage):
    stage.works(lane="low", max_attempts=2, keep=DAY, expires=HOUR, on_success="after", on_failure="after")
    stage.mourns("after")
    stage.works("other")
    job = stage.submit()
    assert (job.lane, job.max_attempts, job.keep, job.on_success, job.on_failure) == (
        "low",
        2,
        DAY,
        "after",
        "after",
    )
    assert job.expires == stage.world.now() + HOUR
    job = stage.submit(
        lane="high", max_attempts=7, expires=MINUTE, on_success="other", tags=("a", "b"), tenant="acme"
    )
    assert (job.lane, job.max_attempts, job.on_success, job.tags, job.tenant) == (
        "high",
        7,
        "other",
        ("a", "b"),
        "acme",
    )
    assert job.expires == stage.world.now() + MINUTE


@pytest.mark.parametrize(
    ("how", "argument"),
    [
        ({"delay": -SECOND}, "delay"),
        ({"delay": 366 * DAY + MS}, "delay"),
        ({"delay": timedelta.max}, "delay"),
        ({"expires": 0 * SECOND}, "expires"),
        ({"expires": -SECOND}, "expires"),
        ({"expires": MINUTE, "delay": MINUTE}, "expires"),
        ({"expires": timedelta.max}, "expires"),
        ({"tenant": "a b"}, "tenant"),
        ({"tenant": "\ud800"}, "tenant"),
        ({"lane": "middle"}, "lane"),
        ({"lane": ""}, "lane"),
        ({"max_attempts": 0}, "max_attempts"),
        ({"max_attempts": 51}, "max_attempts"),
        ({"tags": ("a",) * 11}, "tags"),
        ({"tags": ("a", "")}, "tags[1]"),
        ({"tags": ("x" * 65,)}, "tags[0]"),
        ({"tags": ("a\nb",)}, "tags[0]"),
        ({"tags": ("\ud800",)}, "tags[0]"),
        ({"key": ""}, "idempotency_key"),
        ({"key": "k" * 201}, "idempotency_key"),
        ({"key": "a\x00"}, "idempotency_key"),
        ({"on_success": "nobody"}, "on_success"),
        ({"on_failure": "nobody"}, "on_failure"),
    ],
    ids=str,
)
def test_an_option_out_of_range_is_refused_by_its_name(stage, how, argument):
    stage.works()
    with pytest.raises(InvalidInput) as refused:
        stage.submit(**how)
    assert refused.value.argument == argument
    assert not stage.store.rows
    assert not stage.messages


@pytest.mark.parametrize("at", [366 * DAY + MS, 400 * DAY])
def test_a_time_too_far_ahead_is_refused(stage, at):
    stage.works()
    with pytest.raises(InvalidInput, match="at: is more than 366 days ahead"):
        stage.submit(at=stage.world.now() + at)


def test_a_time_without_a_zone_is_refused(stage):
    stage.works()
    with pytest.raises(InvalidInput, match="at: a time without a time zone"):
        stage.submit(at=stage.world.now().replace(tzinfo=None))


def test_a_delay_and_a_time_contradict_each_other(stage):
    stage.works()
    with pytest.raises(InvalidInput, match="not both"):
        stage.submit(at=stage.world.now() + HOUR, delay=HOUR)


def test_a_time_in_the_past_means_now(stage):
    stage.works()
    job = stage.submit(at=stage.world.now() - 900 * DAY)
    assert (job.state, job.due) == (State.QUEUED, None)


def test_a_job_that_its_tasks_deadline_would_end_before_it_is_due_is_refused(stage):
    # given a task whose jobs expire after ten minutes
    stage.works(expires=10 * MINUTE)
    # then a job of it cannot be put off for longer
    with pytest.raises(InvalidInput, match="expires"):
        stage.submit(delay=HOUR)
    assert stage.submit(delay=HOUR, expires=2 * HOUR).state is State.SCHEDULED


def test_an_unknown_task_is_refused(stage):
    with pytest.raises(UnknownTask, match="no task is called 'nope'"):
        stage.submit("nope")


@pytest.mark.parametrize(
    ("args", "argument"),
    [
        ({"y": 1}, "args.y"),
        ({"x": "one"}, "args.x"),
        ({}, "args.x"),
        ([1], "args"),
        ("x", "args"),
        (None, "args"),
    ],
    ids=str,
)
def test_arguments_that_do_not_fit_the_signature_are_refused_by_name(stage, args, argument):
    def work(x: int) -> None: ...

    stage.task(work)
    answer = enqueue([JobRequest(task="work", args=args)], parts=stage.parts)[0]
    assert isinstance(answer, InvalidInput)
    assert answer.argument == argument


@pytest.mark.parametrize(
    "value",
    [float("nan"), float("inf"), 10**40, "\ud800", object(), {1: 2, "1": 3}.keys()],
    ids=["nan", "inf", "41 digits", "half a pair", "object", "keys"],
)
def test_arguments_that_the_worker_could_not_read_back_are_refused_at_the_door(stage, value):
    stage.works()
    with pytest.raises(InvalidInput, match="args"):
        stage.submit(args={"x": value})


def test_arguments_nested_too_deeply_are_refused_at_the_door(stage):
    stage.works()
    deep = []
    for _ in range(40):
        deep = [deep]
    with pytest.raises(InvalidInput, match="nested deeper"):
        stage.submit(args={"x": deep})


def test_arguments_of_too_many_values_are_refused_at_the_door(stage):
    stage.works()
    with pytest.raises(InvalidInput, match="values"):
        stage.submit(args={"x": [0] * 200_000})


def test_arguments_beyond_the_limit_are_too_large(stage):
    stage.works()
    with pytest.raises(TooLarge):
        stage.submit(args={"x": "a" * MAX_BODY})
    assert stage.submit(args={"x": "a" * (MAX_BODY - len('{"x":""}'))})


def test_small_arguments_ride_in_the_row_and_larger_ones_lie_outside(stage):
    stage.works()
    fits = "a" * (INLINE_BYTES - len('{"x":""}'))
    assert isinstance(stage.submit(args={"x": fits}).args, Inline)
    outside = stage.submit(args={"x": fits + "a"})
    assert isinstance(outside.args, Stored)
    assert stage.parts.payloads.get(outside.id, outside.args).decode() == '{"x":"' + fits + 'a"}'


def test_one_bad_request_harms_no_other(stage):
    stage.works()
    wanted = [JobRequest(task=name, args={}) for name in ("work", "nope", "work")]
    good, bad, too = enqueue(wanted, parts=stage.parts)
    assert isinstance(good, Job)
    assert isinstance(bad, UnknownTask)
    assert isinstance(too, Job)
    assert set(stage.store.rows) == {good.id, too.id}


def test_an_empty_batch_is_no_trouble(stage):
    assert enqueue([], parts=stage.parts) == []
    assert accept([], parts=stage.parts) == []


def test_a_row_that_cannot_be_put_is_the_callers_to_ask_again(stage):
    # given a table that does not answer for longer than a caller waits
    stage.works()
    stage.parts.store.create = lambda job: (_ for _ in ()).throw(Unavailable("down"))
    # then the caller hears of it, and no message was sent for a row that may not exist
    with pytest.raises(Unavailable):
        stage.submit()
    assert not stage.messages


def test_a_bug_of_ours_is_not_an_answer(stage):
    stage.works()
    stage.parts.store.create = lambda job: 1 / 0
    with pytest.raises(ZeroDivisionError):
        enqueue([JobRequest(task="work", args={})], parts=stage.parts)


@pytest.mark.parametrize("how", [How.REPLY_LOST, How.NO_ANSWER])
@pytest.mark.parametrize("port", ["store", "payloads", "keys"])
def test_a_flicker_does_not_reach_the_caller(stage, port, how):
    # given any service that fails to answer once
    stage.works()
    stage.parts = trapped(stage.parts, Trap(how=how, at=1, only=lambda name: name.startswith(port)))
    # when a large, keyed job is submitted
    job = stage.submit(args={"x": "a" * 1000}, key="k")
    # then it is accepted as if nothing had been, and once
    assert list(stage.store.rows) == [job.id]
    run_until_quiet(stage.parts)
    assert stage.runs() == 1


def test_messages_that_cannot_be_sent_are_left_to_the_sweep():
    # given a queue that refuses everything
    stage = Stage(unkindness=Unkindness(refuses=1.0))
    stage.works()
    # when a job is submitted
    job = stage.submit()
    # then it is accepted all the same
    assert stage.row(job).state is State.QUEUED
    assert not stage.messages
    # and runs once the queue is back
    stage.queue._unkindness.refuses = 0.0
    run_until_quiet(stage.parts)
    assert stage.row(job).state is State.SUCCEEDED


def test_a_job_put_long_after_its_id_is_in_the_ticks_sight_before_the_answer(stage):
    # given a row that takes longer to put than the sweep waits for it
    stage.works()
    create = stage.store.create

    def slowly(job):
        stage.advance(seconds=60)
        return create(job)

    stage.parts.store.create = slowly
    # then it is accepted with an appointment
    assert stage.submit().next_check == stage.world.now()


def test_a_row_found_there_already_is_appointed_too(stage):
    # given a row whose writer died long ago, before it could look at the clock
    stage.works()
    job = stage.submit()
    stage.lose_messages()
    stage.advance(seconds=60)
    # when somebody else accepts the same job
    (again,) = accept([job], parts=stage.parts)
    # then it has an appointment and a message
    assert again.next_check == stage.world.now()
    assert stage.messages == 1


def test_a_job_that_is_over_gets_no_message_and_no_appointment_when_it_is_accepted_again(stage):
    stage.works()
    job = stage.submit()
    drain(stage.parts)
    stage.advance(hours=1)
    (again,) = accept([job], parts=stage.parts)
    assert again.state is State.SUCCEEDED
    assert again.attention is None
    assert not stage.messages


@pytest.mark.parametrize("wait", [0 * SECOND, MS, 15 * MINUTE])
def test_what_a_queue_can_delay_is_queued(stage, wait):
    stage.works()
    job = stage.submit(delay=wait)
    assert job.state is State.QUEUED
    assert job.attention is None
    assert stage.queue.messages[0].visible == stage.world.now() + wait


def test_what_no_queue_can_delay_is_scheduled_and_sends_nothing(stage):
    stage.works()
    job = stage.submit(delay=15 * MINUTE + MS)
    assert (job.state, job.ready, job.due) == (State.SCHEDULED, None, stage.world.now() + 15 * MINUTE + MS)
    assert job.next_check == job.due - 2 * MINUTE
    assert not stage.messages


def test_a_submission_is_a_plain_value():
    assert Submission() == Submission(tags=())

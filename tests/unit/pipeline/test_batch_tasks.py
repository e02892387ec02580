"""Batch tasks: many jobs in one call, and each with its own outcome."""

import json
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import NotRequired, TypedDict

import msgspec
import pytest

from chalicelib import JobCancelled, Retry, current_job, current_jobs
from chalicelib.domain.errors import InvalidInput, TaskMisdeclared
from chalicelib.domain.job import Inline, Reason, State
from chalicelib.pipeline.cancel import cancel
from chalicelib.pipeline.enqueue import JobRequest, enqueue
from chalicelib.pipeline.task import Kind
from chalicelib.pipeline.together import hands
from tests.support.drive import deliver, drain, replay, run_until_quiet
from tests.support.faults import How, Trap, trapped
from tests.support.stage import Stage


@dataclass
class Mail:
    to: str
    subject: str = "hello"
    copies: list[str] = field(default_factory=list)


class Typed(TypedDict):
    to: str
    subject: NotRequired[str]


class Packed(msgspec.Struct):
    to: str
    subject: str = "hello"


class Post:
    """A batch task that sends mails; `how` says what becomes of each, by its address. `calls` are the lists it was given."""

    def __init__(self, stage, how=lambda mail: f"sent to {mail.to}", **options):
        self.calls, self.how, self.stage = [], how, stage
        self.task = stage.task(self.send, "send", batch=True, **options)

    def send(self, mails: list[Mail]) -> list[str]:
        self.calls.append([mail.to for mail in mails])
        return [self.how(mail) for mail in mails]


def submit(stage, *addresses, **how):
    return [stage.submit("send", {"to": to}, **how) for to in addresses]


def states(stage, jobs):
    return [stage.row(job).state for job in jobs]


def test_the_jobs_of_a_batch_run_in_one_call_and_each_has_its_own_result(stage):
    post = Post(stage)
    jobs = submit(stage, "a", "b", "c")
    drain(stage.parts)
    assert post.calls == [["a", "b", "c"]]
    assert [json.loads(stage.row(job).result.json) for job in jobs] == [f"sent to {to}" for to in "abc"]
    replay(stage.parts)
    assert len(post.calls) == 1


def test_each_is_settled_by_its_own_outcome(stage):
    ends = {
        "fails": ValueError("no"),
        "later": Retry(after=90),
        "gives_in": JobCancelled("as you wish"),
        "broken": {1, 2, object()},
        "hopeless": KeyError("gone"),
    }
    Post(stage, lambda mail: ends.get(mail.to, "sent"), give_up_on=(KeyError,))
    jobs = dict(zip(["fine", *ends], submit(stage, "fine", *ends), strict=True))
    deliver(stage.parts, "default")
    rows = {name: stage.row(job) for name, job in jobs.items()}
    assert {name: row.state for name, row in rows.items()} == {
        "fine": State.SUCCEEDED,
        "fails": State.RETRYING,
        "later": State.RETRYING,
        "gives_in": State.CANCELLED,
        "broken": State.DEAD,
        "hopeless": State.DEAD,
    }
    assert rows["later"].due - stage.world.now() == timedelta(seconds=90)
    assert (rows["broken"].error.type, rows["hopeless"].reason) == ("ResultNotJson", Reason.FAILED)


def test_only_what_failed_is_tried_again(stage):
    tried = []

    def how(mail):
        tried.append(mail.to)
        return ConnectionError() if mail.to == "b" and tried.count("b") < 3 else "sent"

    Post(stage, how)
    jobs = submit(stage, "a", "b", "c")
    run_until_quiet(stage.parts)
    assert states(stage, jobs) == [State.SUCCEEDED] * 3
    assert [stage.row(job).attempts for job in jobs] == [1, 3, 1]
    assert sorted(tried) == ["a", "b", "b", "b", "c"]


def test_raising_fails_all_of_them(stage):
    def how(mail):
        raise ConnectionError("the server is down")

    Post(stage, how, max_attempts=1)
    jobs = submit(stage, "a", "b")
    drain(stage.parts)
    assert states(stage, jobs) == [State.DEAD] * 2
    assert {stage.row(job).error.message for job in jobs} == {"the server is down"}


def test_one_that_raises_that_it_is_cancelled_cancels_no_neighbour(stage):
    def how(mail):
        raise JobCancelled

    Post(stage, how)
    jobs = submit(stage, "a", "b")
    deliver(stage.parts, "default")
    assert states(stage, jobs) == [State.RETRYING] * 2


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        ([], "0 outcomes for 2 jobs"),
        ([1, 2, 3], "3 outcomes"),
        (None, "NoneType"),
        ({"a": 1, "b": 2}, "dict"),
    ],
)
def test_a_wrong_number_of_outcomes_fails_all_and_says_so(stage, answer, words):
    def send(mails: list[Mail]):
        return answer

    stage.task(send, batch=True, max_attempts=1)
    jobs = submit(stage, "a", "b")
    drain(stage.parts)
    rows = [stage.row(job) for job in jobs]
    assert [row.state for row in rows] == [State.DEAD] * 2
    assert {row.error.type for row in rows} == {"WrongOutcomes"}
    assert words in rows[0].error.message


def test_one_that_cannot_be_claimed_or_read_harms_no_neighbour(stage):
    post = Post(stage)
    jobs = submit(stage, "cancelled", "unreadable", "wrong", "a", "b")
    cancelled, unreadable, wrong, *_ = jobs
    cancel(cancelled.id, tenant="default", parts=stage.parts)
    stage.store.rows[unreadable.id] = replace(stage.row(unreadable), args=Inline(json="{"))
    stage.store.rows[wrong.id] = replace(stage.row(wrong), args=Inline(json='{"too":1}'))
    stage.queue.put("default", "no message at all")
    drain(stage.parts)
    assert post.calls == [["a", "b"]]
    assert states(stage, jobs) == [State.CANCELLED, State.DEAD, State.DEAD, State.SUCCEEDED, State.SUCCEEDED]
    assert stage.row(wrong).reason is Reason.REJECTED
    assert "args.too" in stage.row(wrong).error.message


def test_if_none_can_be_read_the_function_is_not_called(stage):
    post = Post(stage)
    jobs = submit(stage, "a", "b")
    for job in jobs:
        stage.store.rows[job.id] = replace(stage.row(job), args=Inline(json='{"too":1}'))
    drain(stage.parts)
    assert (post.calls, states(stage, jobs)) == ([], [State.DEAD] * 2)


def test_other_jobs_of_the_lane_run_beside(stage):
    post = Post(stage)
    stage.works("other")
    first = stage.submit("other")
    mails = submit(stage, "a", "b")
    second = stage.submit("other")
    drain(stage.parts)
    assert states(stage, [first, *mails, second]) == [State.SUCCEEDED] * 4
    assert (post.calls, stage.runs("other")) == ([["a", "b"]], 2)


def test_a_lane_without_batch_tasks_keeps_nobody_waiting_for_anybody(stage):
    Post(stage, lane="low")
    stage.works("other")
    assert hands(ends=stage.world.now(), lane="default", parts=stage.parts)[1] is None
    assert hands(ends=stage.world.now(), lane="low", parts=stage.parts)[1] is not None


def test_two_batch_tasks_have_a_call_each(stage):
    post = Post(stage)

    def count(numbers: list[Typed]) -> list[int]:
        post.calls.append([one["to"] for one in numbers])
        return [len(numbers)] * len(numbers)

    stage.task(count, batch=True)
    submit(stage, "a")
    stage.submit("count", {"to": "x"})
    submit(stage, "b")
    stage.submit("count", {"to": "y"})
    drain(stage.parts)
    assert sorted(post.calls) == [["a", "b"], ["x", "y"]]


def test_in_another_lane_than_its_own_it_runs_one_job_a_call(stage):
    post = Post(stage)
    jobs = submit(stage, "a", "b", lane="low")
    drain(stage.parts)
    assert states(stage, jobs) == [State.SUCCEEDED] * 2
    assert post.calls == [["a"], ["b"]]


@pytest.mark.parametrize("how", How)
def test_one_fault_at_any_call_costs_no_job_and_doubles_none(how):
    sprung = []
    for at in range(1, 80):
        stage = Stage(seed=at)
        Post(stage)
        jobs = submit(stage, "a", "b", "c")
        trap = Trap(how=how, at=at)
        whole, stage.parts = stage.parts, trapped(stage.parts, trap)
        drain(stage.parts)
        stage.parts = whole
        run_until_quiet(stage.parts)
        assert states(stage, jobs) == [State.SUCCEEDED] * 3
        replay(stage.parts)
        if trap.sprung is None:
            break
        sprung.append(trap.sprung)
    else:
        pytest.fail("still sprung")
    assert sprung.count("store.write") >= 6


def test_a_time_limit_ends_all_of_them(stage):
    from chalicelib.pipeline.outcome import Returned
    from tests.support.scripted import ScriptedRunner

    Post(stage, time_limit=timedelta(seconds=20), max_attempts=1)
    runner = ScriptedRunner(stage.world, end=100, outcome=Returned(json="1"))
    stage.parts = replace(stage.parts, runners=dict.fromkeys(Kind, runner))
    jobs = submit(stage, "a", "b")
    deliver(stage.parts, "default")
    assert [(stage.row(job).state, stage.row(job).reason) for job in jobs] == [
        (State.DEAD, Reason.TIMED_OUT)
    ] * 2
    assert len(runner.executions) == 1
    assert runner.executions[0].stopped


def test_each_says_its_own_progress_and_remembers_its_own_steps(stage):
    seen = []

    def send(mails: list[Mail]) -> list:
        answers = []
        for mail, job in zip(mails, current_jobs(), strict=True):
            job.progress(0.5, mail.to)
            job.heartbeat()
            answers.append(job.step("charge", lambda to=mail.to: seen.append(to) or to))
        if len(seen) == 2:
            seen.append("broken")
            raise ValueError
        return answers

    stage.task(send, batch=True)
    jobs = submit(stage, "a", "b")
    run_until_quiet(stage.parts)
    assert [json.loads(stage.row(job).result.json) for job in jobs] == ["a", "b"]
    assert seen == ["a", "b", "broken"]
    assert [stage.row(job).progress.message for job in jobs] == ["a", "b"]


def test_there_is_no_one_job_and_no_checkpoint_in_a_batch(stage):
    said = []

    def send(mails: list[Mail]) -> list:
        for verb in (current_job, lambda: current_jobs()[0].checkpoint(1)):
            try:
                verb()
            except RuntimeError as error:
                said.append(str(error))
        return [None] * len(mails)

    stage.task(send, batch=True)
    submit(stage, "a")
    drain(stage.parts)
    assert ["current_jobs()" in said[0], "checkpoints" in said[1]] == [True, True]


def test_coroutines_too(stage):
    async def send(mails: list[Mail]) -> list[str | ValueError]:
        return [mail.subject if mail.to != "b" else ValueError("no") for mail in mails]

    stage.task(send, batch=True, max_attempts=1)
    jobs = submit(stage, "a", "b")
    drain(stage.parts)
    assert states(stage, jobs) == [State.SUCCEEDED, State.DEAD]


@pytest.mark.parametrize("kind", [Mail, Typed, Packed])
def test_the_fields_are_the_schema_at_the_door(stage, kind):
    def send(jobs: list[kind]) -> list[int]:
        return [1] * len(jobs)

    send.__annotations__["jobs"] = list[kind]
    task = stage.task(send, batch=True)
    (schema,) = task.signature.schema["$defs"].values()
    assert schema["required"] == ["to"]
    assert {"to", "subject"} <= set(schema["properties"])
    assert schema["additionalProperties"] is False
    assert task.signature.result_schema == {"type": "integer"}
    for args, argument in [({}, "args.to"), ({"to": 7}, "args.to"), ({"to": "a", "cc": "b"}, "args.cc")]:
        answer = enqueue([JobRequest(task="send", args=args)], parts=stage.parts)[0]
        assert (type(answer), answer.argument) == (InvalidInput, argument)
    job = stage.submit("send", {"to": "a"})
    drain(stage.parts)
    assert stage.row(job).state is State.SUCCEEDED


def test_jobs_are_submitted_by_their_fields_or_as_one_value(stage):
    submitted = []
    post = Post(stage)
    stage.registry.submitter = lambda task, args, how: submitted.append(args)
    task = stage.registry["send"]
    task.delay(to="a", subject="b")
    task.delay(Mail(to="a", copies=["c"]))
    task.submit({"to": "a"})
    assert submitted == [
        {"to": "a", "subject": "b"},
        {"to": "a", "subject": "hello", "copies": ["c"]},
        {"to": "a"},
    ]
    for wrong in [
        lambda: task.delay("a"),
        task.delay,
        lambda: task.delay(of="a"),
        lambda: task.delay(to=1),
    ]:
        with pytest.raises(InvalidInput):
            wrong()
    assert task([Mail("x")]) == ["sent to x"], "called as a function it is one"
    assert post.calls == [["x"]]


def test_a_dict_takes_anything(stage):
    def send(jobs: list[dict]) -> list:
        return [sorted(job) for job in jobs]

    stage.task(send, batch=True)
    job = stage.submit("send", {"b": 1, "a": [2]})
    drain(stage.parts)
    assert json.loads(stage.row(job).result.json) == ["a", "b"]


def wrong_two(a: list[Mail], b: int) -> list:
    raise NotImplementedError


def wrong_none() -> list:
    raise NotImplementedError


def wrong_plain(mails) -> list:
    raise NotImplementedError


def wrong_int(numbers: list[int]) -> list:
    raise NotImplementedError


def wrong_yield(mails: list[Mail]):
    yield


@pytest.mark.parametrize("function", [wrong_two, wrong_none, wrong_plain, wrong_int, wrong_yield])
def test_another_signature_is_misdeclared(stage, function):
    with pytest.raises(TaskMisdeclared, match=r"batch"):
        stage.task(function, batch=True)

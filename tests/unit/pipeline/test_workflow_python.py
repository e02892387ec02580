"""Workflows as Python writes them: how they read, what they become, and what is said about each mistake. docs/workflows.md"""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import pytest

from chalicelib import chain, chord, group
from chalicelib.domain.errors import InvalidInput
from chalicelib.domain.job import State
from chalicelib.pipeline.enqueue import JobRequest, enqueue
from chalicelib.pipeline.payloads import load
from chalicelib.pipeline.sealer import result_of
from chalicelib.pipeline.task import Submission
from tests.support.drive import drain


@dataclass
class Mail:
    to: str
    subject: str = "hello"


class Desk:
    """Tasks to write workflows with."""

    def __init__(self, stage):
        self.stage = stage
        self.one = stage.task(lambda: 1, "one")
        self.add = stage.task(lambda x, y=1: x + y, "add")
        self.total = stage.task(self._total, "total")
        self.sent = []
        self.send = stage.task(self._send, "send", batch=True)
        self.note = stage.task(self._note, "note")
        self.told = []

    def _total(self, numbers):
        return sum(numbers)

    def _send(self, mails: list[Mail]) -> list[str]:
        self.sent.append([(mail.to, mail.subject) for mail in mails])
        return [mail.to for mail in mails]

    def _note(self, job: dict) -> None:
        self.told.append((job["task"], job["state"], job.get("result")))

    def submit(self, flow, **how):
        return self.stage.submit("jobline.workflow", {"workflow": flow.json()}, **how)

    def refusal(self, workflow, **how):
        request = JobRequest(task="jobline.workflow", args={"workflow": workflow}, how=Submission(**how))
        (answer,) = enqueue([request], parts=self.stage.parts)
        assert isinstance(answer, InvalidInput), answer
        return str(answer)

    def result(self, flow):
        job = self.submit(flow)
        drain(self.stage.parts)
        row = self.stage.row(job)
        assert row.state is State.SUCCEEDED, row.error
        return load(row.result, whose=result_of(row), parts=self.stage.parts)


@pytest.fixture
def desk(stage):
    return Desk(stage)


SHOWN = [
    (lambda d: d.add.s(1, y=2), "add.s(1, y=2)"),
    (lambda d: d.add.si(1), "add.si(1)"),
    (
        lambda d: d.add.s(1).set(lane="high", delay=timedelta(minutes=1)),
        "add.s(1).set(lane='high', delay=60.0)",
    ),
    (lambda d: d.one.s() | d.add.s(2), "chain(one.s(), add.s(2))"),
    (lambda d: chain([d.one.s(), d.one.s() | d.add.s(2)]), "chain(one.s(), one.s(), add.s(2))"),
    (lambda d: group(d.one.s(), d.add.s(1)), "group(one.s(), add.s(1))"),
    (
        lambda d: group((d.add.s(n) for n in range(9)), on_error="ignore", min_success=3),
        "group(add.s(0), add.s(1), add.s(2), add.s(3), ... 5 more, on_error='ignore', min_success=3)",
    ),
    (lambda d: chord([d.one.s()], d.total.s()), "chain(group(one.s()), total.s())"),
    (lambda d: d.add.map(range(9), y=3), "add.map([0, 1, 2, 3, ...], y=3)"),
    (
        lambda d: d.add.map(on_error="collect").set(max_attempts=2),
        "add.map(on_error='collect').set(max_attempts=2)",
    ),
    (lambda d: d.add.starmap([(1, 2)]), "add.starmap([(1, 2)])"),
    (lambda d: d.total.chunks(None, 5), "total.chunks(size=5)"),
]


@pytest.mark.parametrize(("make", "words"), SHOWN, ids=[words for _, words in SHOWN])
def test_a_workflow_shows_itself_as_it_could_have_been_written(desk, make, words):
    assert repr(make(desk)) == words


def test_a_long_argument_does_not_make_a_long_line(desk):
    assert len(repr(desk.add.s("x" * 10_000, y=["y" * 1000] * 1000))) < 400


MISTAKES = [
    (lambda d: d.one.s() | d.add, "chain[1]: add is a task; its step is add.s(...)"),
    (lambda d: chain(), "chain: is empty"),
    (lambda d: chain([]), "chain: is empty"),
    (lambda d: chain(5), "chain[0]: int is no part of a workflow; a step is f.s(...)"),
    (lambda d: group("ab"), "group[0]: str is no part of a workflow; a step is f.s(...)"),
    (lambda d: group(d.one.s(), [d.one.s()]), "group[1]: list is no part of a workflow; a step is f.s(...)"),
    (lambda d: group(on_error="skip"), "on_error: not one of fail, collect, ignore"),
    (
        lambda d: group(min_success=1),
        "min_success: needs on_error collect or ignore: with fail, all have to succeed",
    ),
    (lambda d: group(on_error="ignore", min_success=-1), "min_success: not a number of children"),
    (lambda d: group(on_error="ignore", min_success=True), "min_success: not a number of children"),
    (
        lambda d: chord(d.one.s(), d.total.s()),
        "chord: one.s() gives no list: its header is a group, a map, or a list",
    ),
    (lambda d: chord([d.one.s()], d.total), "chain[1]: total is a task; its step is total.s(...)"),
    (
        lambda d: chord(group(d.one.s()), d.total.s(), on_error="ignore"),
        "on_error: is the header's own: say it of that group or map",
    ),
    (lambda d: d.add.map("abc"), "items: str is no list of items"),
    (lambda d: d.add.map({"a": 1}), "items: dict is no list of items"),
    (lambda d: d.add.map(7), "items: int is no list of items"),
    (lambda d: d.add.map(d.one.s()), "items: one.s() is a workflow: put it before the map, by chain or |"),
    (lambda d: d.add.map([1], on_error="no"), "on_error: not one of fail, collect, ignore"),
    (lambda d: d.total.chunks([1], 0), "size: not a number from 1 to 10,000"),
    (lambda d: d.total.chunks([1], 2.5), "size: not a number from 1 to 10,000"),
    (lambda d: d.one.s().set(tenant="acme"), "tenant: a step takes lane, max_attempts, delay, expires, tags"),
    (lambda d: d.add.s(d.one.s()).json(), "workflow.args.x: one.s() is a workflow: put it before this step"),
    (lambda d: d.add.s(y=object()).json(), "workflow.args.y: object cannot be JSON"),
    (lambda d: d.add.map([1, object()]).json(), "workflow.items[1]: object cannot be JSON"),
    (lambda d: d.add.s(1).set(tags={1j}).json(), "workflow.tags: set cannot be JSON"),
    (
        lambda d: (d.one.s() | group(d.one.si(), d.add.s(1, 2))).json(),
        "workflow.chain[1].group[1].args: 2 given by their places, add has 1 for them",
    ),
    (lambda d: d.add.s(1, x=1).json(), "workflow.args.x: given twice, by its place and by its name"),
    (
        lambda d: (d.one.s() | d.one.s()).json(),
        "workflow.chain[1]: one has no argument left for what comes before it; use .si(...) if it is not to get it",
    ),
    (lambda d: d.one.map([1]).json(), "workflow.map: one has no argument left"),
    (lambda d: d.add.map().json(), "workflow.items: missing: nothing comes before this map"),
    (
        lambda d: d.send.s("a@b").json(),
        "workflow.args: a batch task's job is given by the names of its fields",
    ),
    (
        lambda d: d.send.s(Mail("a"), subject="x").json(),
        "workflow.args: a batch task's job is given by the names",
    ),
    (lambda d: d.one.s().submit(countdown=5), "countdown: unknown here; known are delay, at, expires, lane"),
]


@pytest.mark.parametrize(("make", "words"), MISTAKES, ids=[words for _, words in MISTAKES])
def test_a_mistake_is_told_by_its_place(desk, make, words):
    with pytest.raises(InvalidInput) as wrong:
        make(desk)
    assert str(wrong.value).startswith(words)


@pytest.mark.parametrize(
    ("how", "words"),
    [
        ({"delay": 5}, "delay: 5 is not a timedelta"),
        ({"expires": "1h"}, "expires: '1h' is not a timedelta"),
        ({"at": timedelta(1)}, "at: datetime.timedelta(days=1) is not a datetime"),
        ({"group": "a"}, "group: the jobs of 'jobline.workflow' have no order"),
        ({"on_success": "nobody"}, "on_success: no task is called 'nobody'"),
    ],
)
def test_so_is_one_in_how_the_whole_is_submitted(desk, how, words):
    assert desk.refusal(desk.one.s().json(), **how).startswith(words)


def test_it_is_a_value_that_may_be_used_again(desk):
    first = desk.one.s()
    second = first | desk.add.s(1)
    assert repr(first | desk.add.s(2)) == "chain(one.s(), add.s(2))"
    assert repr(second) == "chain(one.s(), add.s(1))"
    assert desk.result(group(second, second, first)) == [2, 2, 1]


def test_a_batch_task_may_be_a_step_and_the_jobs_of_a_group_run_in_one_call(desk):
    later = desk.one.s() | desk.send.si(to="c")
    assert desk.result(group(desk.send.s(to="a"), desk.send.s(Mail("b", "news")), later)) == ["a", "b", "c"]
    assert sorted(desk.sent) == [[("a", "hello"), ("b", "news")], [("c", "hello")]]


def test_what_comes_before_a_batch_task_goes_into_its_first_free_field(desk):
    assert desk.result(desk.send.s(to="x") | desk.send.s(subject="again") | desk.send.s(to="z")) == "z"
    assert [mail for call in desk.sent for mail in call] == [("x", "hello"), ("x", "again"), ("z", "x")]


def test_a_batch_task_may_be_mapped(desk):
    flow = group(desk.send.map(["a", "b"], subject="s"), desk.send.starmap([{"to": "c"}, ["d", "t"]]))
    assert desk.result(flow) == [["a", "b"], ["c", "d"]]


def test_who_follows_a_step_or_the_whole_is_told(desk):
    desk.stage.task(lambda x: 1 / 0, "fails", max_attempts=1)
    fails = desk.stage.registry["fails"]
    desk.submit(desk.one.s().set(on_success=desk.note) | desk.add.s(1), on_success="note")
    desk.submit(desk.one.s() | fails.s().set(on_failure="note"), on_failure="note")
    drain(desk.stage.parts)
    assert sorted(desk.told, key=str) == [
        ("fails", "DEAD", None),
        ("jobline.workflow", "DEAD", None),
        ("jobline.workflow", "SUCCEEDED", 2),
        ("one", "SUCCEEDED", 1),
    ]


def test_options_of_a_step_are_those_of_its_job(desk):
    tagged = desk.add.s(1).set(
        lane="high", tags=("a", "b"), max_attempts=7, delay=timedelta(hours=1), expires=7200
    )
    desk.submit(desk.one.s() | tagged)
    drain(desk.stage.parts)
    (row,) = [row for row in desk.stage.store.rows.values() if row.task == "add"]
    assert (row.lane, row.tags, row.max_attempts, row.state) == ("high", ("a", "b"), 7, State.SCHEDULED)
    assert row.expires - row.due == timedelta(hours=1)


def test_arguments_become_json_as_those_of_any_job_do(desk):
    at = datetime(2026, 1, 2, tzinfo=UTC)
    assert desk.add.s(at, y=Mail("a")).json() == {
        "task": "add",
        "args": {"x": "2026-01-02T00:00:00Z", "y": {"to": "a", "subject": "hello"}},
    }


def test_built_in_tasks_are_no_steps(desk):
    for task in ("jobline.workflow", "jobline.webhook", "jobline.publish"):
        assert (
            desk.refusal({"chain": [{"task": task}]}) == f"workflow.chain[0].task: no task is called {task!r}"
        )

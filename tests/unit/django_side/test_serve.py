"""Django tasks, served: jobs may ask for these and for no others, and they run as under Django's own workers."""

import types
from datetime import timedelta

import pytest
from django.db import connections
from django.test import override_settings
from django_tasks import TaskContext, TaskResultStatus, task
from django_tasks.signals import task_enqueued, task_finished, task_started

from chalicelib import wiring
from chalicelib.django import serve
from chalicelib.domain.errors import InvalidInput, TaskMisdeclared, UnknownTask
from chalicelib.domain.job import State
from chalicelib.pipeline.task import REGISTRY
from examples.django_app import tasks
from examples.django_app.models import Signup
from tests.support.drive import run_until_quiet
from tests.support.stage import Stage

seen: list = []


@task(takes_context=True)
def stubborn(context: "TaskContext", times: int = 1) -> int:
    """Fails so many times."""
    seen.append((context.attempt, context.task_result.kwargs, connections["default"]))
    Signup.objects.count()
    if context.attempt <= times:
        raise OSError("not yet")
    return context.attempt


@task(takes_context=True)
async def later(context, text: str = "x"):
    """A coroutine."""
    if text == "no":
        raise ValueError(text)
    return [context.attempt, text, await Signup.objects.acount()]


@task
def parent(text: str) -> str:
    """Enqueues."""
    return later.using(priority=3).enqueue(text).id


@task
def unserved() -> None:
    """Nobody may ask for it."""


HERE = __name__


@pytest.fixture
def stage():
    stage = Stage()
    seen.clear()
    serve(stubborn, later, parent, registry=stage.registry, max_attempts=3)
    return stage


@pytest.fixture
def heard():
    """What receivers of signals hear."""
    found = []

    def begun(task_result, **_):
        found.append(("started", task_result.attempts, task_result.status))

    def over(task_result, **_):
        found.append(("finished", task_result.attempts, task_result.status))

    task_started.connect(begun)
    task_finished.connect(over)
    yield found
    task_started.disconnect(begun)
    task_finished.disconnect(over)


def test_what_is_served_is_known_by_its_path_and_nothing_else_is(stage):
    assert {one.name for one in stage.registry} == {
        f"{HERE}.{name}" for name in ("stubborn", "later", "parent")
    }
    for other in (f"{HERE}.unserved", "os.system", f"{HERE}.stubborn.func"):
        with pytest.raises(UnknownTask):
            stage.submit(other)


def test_the_context_is_no_argument_of_a_jobs(stage):
    assert stage.registry[f"{HERE}.stubborn"].signature.names == ("times",)
    with pytest.raises(InvalidInput, match="context"):
        stage.submit(f"{HERE}.stubborn", {"context": {}})
    with pytest.raises(InvalidInput, match="times"):
        stage.submit(f"{HERE}.stubborn", {"times": "many"})


def test_a_module_is_all_that_it_declares_itself():
    stage = Stage()
    served = serve(tasks, registry=stage.registry)
    assert [one.name.rpartition(".")[2] for one in served] == [
        "send_welcome",
        "count_words",
        "add_up",
        "report",
        "refuse",
    ]


def test_what_a_module_has_only_imported_is_not_served_with_it():
    borrower = types.ModuleType("borrower")
    borrower.parent = parent
    with pytest.raises(TaskMisdeclared, match="no Django task"):
        serve(borrower, registry=Stage().registry)


@pytest.mark.parametrize("what", [None, "examples.django_app.tasks", len, types.ModuleType("empty"), Signup])
def test_what_is_no_task_is_refused(what):
    with pytest.raises(TaskMisdeclared, match="no Django task"):
        serve(what)


def test_each_attempt_has_its_number_and_is_told_of_and_only_the_last_one_ends_it(stage, heard):
    job = stage.submit(f"{HERE}.stubborn", {"times": 2})
    run_until_quiet(stage.parts)
    row = stage.row(job)
    assert (row.state, row.result.json) == (State.SUCCEEDED, "3")
    assert [attempt for attempt, _, _ in seen] == [1, 2, 3]
    assert heard == [
        ("started", 1, TaskResultStatus.RUNNING),
        ("started", 2, TaskResultStatus.RUNNING),
        ("started", 3, TaskResultStatus.RUNNING),
        ("finished", 3, TaskResultStatus.SUCCESSFUL),
    ]


def test_a_job_without_further_attempts_has_failed(stage, heard):
    stage.submit(f"{HERE}.stubborn", {"times": 9}, max_attempts=1)
    stage.submit(f"{HERE}.later", {"text": "no"}, max_attempts=1)
    run_until_quiet(stage.parts)
    assert [what for what in heard if what[0] == "finished"] == [("finished", 1, TaskResultStatus.FAILED)] * 2


def test_a_receiver_that_fails_fails_no_job(stage):
    def fail(**_):
        raise RuntimeError

    task_started.connect(fail)
    task_finished.connect(fail)
    try:
        job = stage.submit(f"{HERE}.later")
        run_until_quiet(stage.parts)
    finally:
        task_started.disconnect(fail)
        task_finished.disconnect(fail)
    assert stage.row(job).result.json == '[1,"x",0]'


def test_a_jobs_connections_to_the_database_end_with_its_thread(stage):
    stage.submit(f"{HERE}.stubborn", {"times": 0})
    run_until_quiet(stage.parts)
    [(_, _, connection)] = seen
    assert connection.connection is None


@pytest.fixture
def inside(stage):
    """This process uses the stage's pipeline, and Django the consumers' settings."""
    served = serve(stubborn, later, parent)
    before = wiring.use(stage.parts)
    backend = {
        "BACKEND": "chalicelib.django.PipelineBackend",
        "QUEUES": [],
        "OPTIONS": {"LANES": {"slow": "low"}},
    }
    with override_settings(TASKS={"default": backend}):
        yield stage
    wiring.use(before)
    for one in served:
        del REGISTRY.tasks[one.name]


def test_what_a_task_enqueues_is_accepted_where_it_runs_for_the_same_tenant(inside):
    told = []
    task_enqueued.connect(
        lambda task_result, **_: told.append(task_result.id), weak=False, dispatch_uid="told"
    )
    job = inside.submit(f"{HERE}.parent", {"text": "y"}, tenant="ann")
    run_until_quiet(inside.parts)
    task_enqueued.disconnect(dispatch_uid="told")

    [child] = [row for row in inside.store.rows.values() if row.id != job.id]
    assert inside.row(job).result.json == f'"{child.id}"'
    assert told == [child.id]
    assert (child.tenant, child.lane, child.state, child.result.json) == (
        "ann",
        "high",
        State.SUCCEEDED,
        '[1,"y",0]',
    )


def test_outside_of_a_task_it_is_accepted_too_with_its_lane_and_time(inside):
    at = inside.world.now() + timedelta(hours=1)
    result = later.using(queue_name="slow", run_after=at).enqueue(text="z")
    row = inside.store.rows[result.id]
    assert (row.lane, row.due, row.tenant) == ("low", at, "default")
    assert (result.status, result.enqueued_at, result.kwargs) == (
        TaskResultStatus.READY,
        inside.world.now(),
        {"text": "z"},
    )
    low = later.using(priority=-1).enqueue()
    own = later.using(queue_name="high").enqueue()
    assert [inside.store.rows[one.id].lane for one in (low, own)] == ["low", "high"]
    with override_settings(USE_TZ=False):
        naive = later.using(run_after=at.replace(tzinfo=None)).enqueue()
    assert inside.store.rows[naive.id].due is not None


def test_what_is_not_served_cannot_be_enqueued(inside):
    with pytest.raises(UnknownTask):
        unserved.enqueue()
    with pytest.raises(InvalidInput, match="times"):
        stubborn.enqueue("many")

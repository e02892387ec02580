"""The backend keeps Django's promises: what is enqueued runs, and its result says what became of it."""

import asyncio
from datetime import UTC, datetime, timedelta

import httpx
import pytest
from django.core.checks import Error
from django.core.exceptions import ImproperlyConfigured
from django.db import transaction
from django.test import override_settings
from django_tasks import TaskResultStatus, default_task_backend, task_backends
from django_tasks.exceptions import InvalidTaskError, TaskResultDoesNotExist, TaskResultMismatch
from django_tasks.signals import task_enqueued, task_finished, task_started

from examples.django_app import tasks
from examples.django_app.models import Signup
from jobline.client import Refused, Unreachable
from jobline.client.django import JoblineBackend, enqueue_on_commit, results, under_key
from tests.support.wire import Answer

pytestmark = pytest.mark.usefixtures("wire")


def test_a_task_that_is_enqueued_runs_and_its_result_is_there(desk):
    result = tasks.count_words.enqueue("one two three")
    assert (result.status, result.attempts, result.args, result.kwargs) == (
        TaskResultStatus.READY,
        0,
        ["one two three"],
        {},
    )
    assert result.enqueued_at == desk.world.now()
    with pytest.raises(ValueError, match="not finished"):
        _ = result.return_value

    desk.work()
    result.refresh()

    assert (result.status, result.return_value, result.attempts, result.errors) == (
        TaskResultStatus.SUCCESSFUL,
        3,
        1,
        [],
    )
    assert result.started_at is not None
    assert result.enqueued_at <= result.started_at == result.last_attempted_at <= result.finished_at


def test_a_job_is_asked_for_under_the_tasks_path_with_named_arguments(desk):
    tasks.count_words.enqueue("x")
    [row] = desk.store.rows.values()
    assert row.task == "examples.django_app.tasks.count_words"
    assert row.args.json == '{"text":"x"}'


def test_a_coroutine_enqueues_and_looks_too(desk):
    async def go():
        result = await tasks.count_words.aenqueue(text="a b")
        await asyncio.to_thread(desk.work)
        await result.arefresh()
        return result, await tasks.count_words.aget_result(result.id)

    result, again = asyncio.run(go())
    assert result.return_value == again.return_value == 2


def test_a_task_that_takes_a_context_gets_it_and_the_database(desk):
    signup = Signup.objects.create(address="ann@example.org")
    result = tasks.send_welcome.enqueue(signup.pk)
    desk.work()
    result.refresh()
    assert result.return_value == "sent to ann@example.org"
    signup.refresh_from_db()
    assert signup.welcomed == 1


def test_a_task_that_fails_says_with_which_exception(desk):
    result = tasks.refuse.enqueue(why="no\nbuiltins.OSError: not this one")
    desk.work()
    result.refresh()
    assert (result.status, result.attempts, result.is_finished) == (TaskResultStatus.FAILED, 1, True)
    [error] = result.errors
    assert error.exception_class_path == "examples.django_app.models.Signup.DoesNotExist"
    assert "refuse" in error.traceback
    with pytest.raises(ValueError, match="failed"):
        _ = result.return_value


@pytest.mark.parametrize(
    ("name", "trace", "path"),
    [
        ("ValueError", "  File ...\nValueError: x\n", "builtins.ValueError"),
        ("Refused", "  File ...\njobline.client.errors.Refused: x\n", "jobline.client.errors.Refused"),
        ("Refused", "  File ...\nnot.imported.Refused: x\n", "jobline.client.errors.JobNotSucceeded"),
        ("path", "os.path: x\n", "jobline.client.errors.JobNotSucceeded"),
        ("Refused", "no head\njobline.client.errors.Refused: x\n", "jobline.client.errors.JobNotSucceeded"),
        ("Refused", "", "jobline.client.errors.JobNotSucceeded"),
        ("WorkerLost", "", "jobline.client.errors.JobNotSucceeded"),
    ],
)
def test_an_exceptions_path_is_told_if_its_class_is_known_here_and_nothing_is_imported_for_it(
    name, trace, path
):
    assert results._path(name, trace) == path


def test_a_job_that_is_cancelled_or_dead_without_an_exception_has_failed_all_the_same(desk):
    result = tasks.count_words.using(run_after=desk.world.now() + timedelta(hours=1)).enqueue("x")
    default_task_backend.client.handle(result.id).cancel()
    result.refresh()
    assert result.status == TaskResultStatus.FAILED
    assert "is CANCELLED" in result.errors[0].traceback
    assert result.errors[0].exception_class.__name__ == "JobNotSucceeded"


@pytest.mark.parametrize(
    ("task", "lane"),
    [
        (tasks.count_words, "default"),
        (tasks.count_words.using(priority=1), "high"),
        (tasks.count_words.using(priority=-100), "low"),
        (tasks.send_welcome, "high"),
    ],
)
def test_a_priority_picks_the_lane(desk, task, lane):
    task.enqueue(**({"signup_id": 1} if task.takes_context else {"text": "x"}))
    [row] = desk.store.rows.values()
    assert row.lane == lane


def test_a_queue_is_a_lane(desk):
    tasks.add_up.enqueue([1])
    [row] = desk.store.rows.values()
    assert row.lane == "low", "as LANES in the settings has it"


def test_two_wishes_for_a_lane_and_a_queue_that_is_none_are_refused():
    with pytest.raises(InvalidTaskError, match="give one of the two"):
        tasks.add_up.using(priority=5)
    with pytest.raises(InvalidTaskError, match="not valid for backend"):
        tasks.add_up.using(queue_name="nowhere")


def test_run_after_puts_it_off(desk):
    at = desk.world.now() + timedelta(minutes=10)
    result = tasks.count_words.using(run_after=at).enqueue("x")
    desk.work()
    result.refresh()
    assert result.status == TaskResultStatus.READY
    desk.world.advance(timedelta(minutes=10, seconds=1))
    desk.work()
    result.refresh()
    assert result.status == TaskResultStatus.SUCCESSFUL


def test_without_time_zones_run_after_is_in_the_projects_own(desk):
    with override_settings(USE_TZ=False, TIME_ZONE="Europe/Berlin"):
        tasks.count_words.using(run_after=datetime(2026, 1, 1, 14, 0)).enqueue("x")  # noqa: DTZ001 - that is it
    [row] = desk.store.rows.values()
    assert row.due == datetime(2026, 1, 1, 13, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("args", "kwargs"),
    [((), {}), (("x", "y"), {}), ((), {"words": "x"}), ((datetime(2026, 1, 1, tzinfo=UTC),), {})],
)
def test_arguments_that_the_task_does_not_take_are_a_type_error_and_nothing_is_sent(wire, args, kwargs):
    with pytest.raises(TypeError):
        tasks.count_words.enqueue(*args, **kwargs)
    assert wire.seen == []


def test_an_argument_of_another_type_is_refused_by_name():
    with pytest.raises(Refused, match="int") as caught:
        tasks.send_welcome.enqueue("seven")
    assert caught.value.argument == "args.signup_id"


def test_a_task_whose_arguments_have_no_names_cannot_be_declared():
    from django_tasks import task

    with pytest.raises(InvalidTaskError, match="numbers: a job's arguments have names"):
        task(_any_number)


def _any_number(*numbers):
    """At module level, as Django wants it."""


def test_a_lost_answer_makes_no_second_job(wire, desk):
    wire.troubles = ["lost", httpx.ConnectError("refused"), Answer(503, json={})]
    default_task_backend.client._pause = lambda _: None
    tasks.count_words.enqueue("x")
    assert len(desk.store.rows) == 1
    wire.troubles = [httpx.ConnectError("refused")] * 10
    with pytest.raises(Unreachable):
        tasks.count_words.enqueue("x")


def test_under_a_key_it_is_one_job_however_often_it_is_enqueued(desk):
    with under_key("order-17"):
        first = tasks.count_words.enqueue("x")
    with under_key("order-17"):
        again = asyncio.run(tasks.count_words.aenqueue("x"))
    other = tasks.count_words.enqueue("x")
    assert first.id == again.id != other.id
    assert len(desk.store.rows) == 2


def test_a_result_that_is_not_there_or_of_another_task_is_told_as_django_tells_it(desk):
    for unknown in ("01KDWVY2G00123456789ABCDEF", "..", "x"):
        with pytest.raises(TaskResultDoesNotExist):
            default_task_backend.get_result(unknown)
    result = tasks.count_words.enqueue("x")
    with pytest.raises(TaskResultMismatch):
        tasks.report.get_result(result.id)
    stranger = default_task_backend.client.submit("add", a=1)
    with pytest.raises(TaskResultDoesNotExist, match="none of this project's"):
        default_task_backend.get_result(stranger.id)


def test_a_result_is_found_by_its_id_alone(desk):
    tasks.add_up.enqueue(counts=[1, 2])
    [job_id] = desk.store.rows
    desk.work()
    found = default_task_backend.get_result(job_id)
    assert (found.task.func, found.kwargs, found.return_value) == (
        tasks.add_up.func,
        {"counts": [1, 2]},
        {"texts": 2, "words": 3},
    )


def test_signals_are_sent_where_things_happen(desk):
    heard = []

    def hear(signal, **facts):
        heard.append((NAMES[signal], facts["task_result"].status))

    NAMES = {task_enqueued: "enqueued", task_started: "started", task_finished: "finished"}  # noqa: N806
    for signal in NAMES:
        signal.connect(hear)
    try:
        tasks.count_words.enqueue("x")
        tasks.refuse.enqueue("x")
        desk.work()
    finally:
        for signal in NAMES:
            signal.disconnect(hear)
    assert sorted(heard) == sorted(
        [
            ("enqueued", "READY"),
            ("enqueued", "READY"),
            ("started", "RUNNING"),
            ("started", "RUNNING"),
            ("finished", "SUCCESSFUL"),
            ("finished", "FAILED"),
        ]
    )


def test_on_commit_nothing_is_enqueued_before_and_never_after_a_rollback(desk, wire):
    with transaction.atomic():
        enqueue_on_commit(tasks.count_words, "x")
        assert wire.seen == []
    assert len(desk.store.rows) == 1
    with transaction.atomic():
        enqueue_on_commit(tasks.count_words, "x")
        transaction.set_rollback(True)
    assert len(desk.store.rows) == 1
    with pytest.raises(TypeError, match="too many"):
        _sign_up_wrongly()
    assert not Signup.objects.exists(), "a mistake in the arguments rolls back"


@transaction.atomic
def _sign_up_wrongly():
    Signup.objects.create(address="x")
    enqueue_on_commit(tasks.count_words, "x", "y")


def test_all_threads_share_one_client_and_other_settings_have_another(wire):
    from concurrent.futures import ThreadPoolExecutor

    with ThreadPoolExecutor(4) as pool:
        clients = set(pool.map(lambda _: task_backends["default"].client, range(8)))
    assert clients == {default_task_backend.client}


def test_what_is_missing_or_wrong_in_the_settings_is_named(monkeypatch):
    for name in ("JOBLINE_URL", "JOBLINE_API_KEY"):
        monkeypatch.delenv(name, raising=False)
    [error] = JoblineBackend("default", {}).check()
    assert isinstance(error, Error)
    assert "JOBLINE_URL" in error.msg
    clear = {"JOBLINE_URL": "http://api.example.org", "JOBLINE_API_KEY": "k"}
    [error] = JoblineBackend("default", {"OPTIONS": clear}).check()
    assert "in the clear" in error.msg
    assert not JoblineBackend("default", {"OPTIONS": {**clear, "JOBLINE_URL": "https://x.test"}}).check()
    with override_settings(JOBLINE_URL="https://api.test", JOBLINE_API_KEY="k"):
        assert not JoblineBackend("default", {}).check()
    with pytest.raises(ImproperlyConfigured, match="URLS"):
        JoblineBackend("default", {"OPTIONS": {"URLS": "x"}})

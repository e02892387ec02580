"""`@task`: what it takes, what it refuses at import, and what calling a task does."""

from datetime import timedelta

import pytest

import chalicelib
from chalicelib import Backoff, task
from chalicelib.domain.errors import InvalidInput, TaskMisdeclared, UnknownTask
from chalicelib.pipeline import declare
from chalicelib.pipeline.task import Kind, Options, Registry, Submission
from tests.support.rows import DAY, HOUR, MINUTE, SECOND


@pytest.fixture
def registry(monkeypatch):
    """A registry of this test's own, in place of the one that the decorator fills."""
    mine = Registry()
    monkeypatch.setattr(declare, "REGISTRY", mine)
    return mine


def test_a_plain_decorator_is_enough(registry):
    @task
    def work(x: int) -> int:
        return x + 1

    assert registry["work"] is work
    assert (work.name, work.kind, work.options) == ("work", Kind.THREAD, Options())
    assert work(2) == 3


def test_options_are_kept(registry):
    @task(name="mail.send", lane="high", max_attempts=2, backoff=Backoff(base=SECOND), time_limit=MINUTE)
    def work(): ...

    assert registry["mail.send"] is work
    assert (work.options.lane, work.options.max_attempts, work.options.time_limit) == ("high", 2, MINUTE)
    assert work.retry.max_attempts == 2
    assert work.retry.backoff == Backoff(base=SECOND)


def test_the_kind_follows_from_the_function(registry):
    @task
    async def on_the_loop(): ...

    @task(cpu=True)
    def in_a_child(): ...

    assert (on_the_loop.kind, in_a_child.kind) == (Kind.LOOP, Kind.PROCESS)


@pytest.mark.parametrize(
    ("options", "named"),
    [
        ({"lane": "middle"}, "lane"),
        ({"max_attempts": 0}, "max_attempts"),
        ({"max_attempts": 51}, "max_attempts"),
        ({"backoff": Backoff(base=-SECOND)}, "backoff"),
        ({"backoff": Backoff(base=HOUR, cap=MINUTE)}, "backoff"),
        ({"backoff": Backoff(cap=2 * DAY)}, "backoff"),
        ({"time_limit": 0 * SECOND}, "time_limit"),
        ({"time_limit": timedelta.max}, "time_limit"),
        ({"soft_time_limit": 0 * SECOND}, "soft_time_limit"),
        ({"soft_time_limit": MINUTE, "time_limit": MINUTE}, "soft_time_limit"),
        ({"soft_time_limit": timedelta.max}, "soft_time_limit"),
        ({"keep": 0 * SECOND}, "keep"),
        ({"keep": 367 * DAY}, "keep"),
        ({"expires": 0 * SECOND}, "expires"),
        ({"expires": timedelta.max}, "expires"),
    ],
    ids=str,
)
def test_an_option_out_of_range_is_refused_at_import_by_its_name(registry, options, named):
    with pytest.raises(TaskMisdeclared, match=rf"@task work: {named}="):

        @task(**options)
        def work(): ...

    assert "work" not in registry


@pytest.mark.parametrize("name", ["", "9lives", "a b", "a/b", "é", "x" * 101, "a\n"])
def test_a_name_that_no_url_or_log_line_takes_is_refused(registry, name):
    if not name:
        return  # an empty name means the function's own
    with pytest.raises(TaskMisdeclared, match="name="):
        task(name=name)(lambda: None)


@pytest.mark.parametrize("name", ["a", "_a", "mail.send", "a-b_c.d1", "x" * 100])
def test_a_name_may_be_dotted(registry, name):
    assert task(name=name)(lambda: None).name == name


def test_an_async_function_cannot_have_a_child_process(registry):
    with pytest.raises(TaskMisdeclared, match="cpu=True needs a plain function"):

        @task(cpu=True)
        async def work(): ...


def test_two_functions_cannot_have_one_name(registry):
    def work(): ...

    task(work)
    task(work)  # the same one again is a reload
    with pytest.raises(TaskMisdeclared, match="has a task of that name already"):
        task(name="work")(lambda: None)


def test_a_task_that_names_one_that_does_not_exist_is_refused_once_all_are_known(registry):
    task(name="a", on_success="b")(lambda: None)
    with pytest.raises(TaskMisdeclared, match="on_success names 'b'"):
        registry.check()
    task(name="b")(lambda job: None)
    registry.check()


def test_the_registry_is_an_explicit_table(registry):
    for name in ("b", "a"):
        task(name=name)(lambda: None)
    assert [one.name for one in registry] == ["a", "b"]
    assert "a" in registry
    with pytest.raises(UnknownTask, match="'__class__'"):
        registry["__class__"]


def test_delay_and_submit_make_a_job(registry):
    asked = []
    registry.submitter = lambda *request: asked.append(request)

    @task
    def work(x: int, y: int = 0): ...

    work.delay(1, y=2)
    work.submit((1,), delay=MINUTE, tags=("a",))
    work.submit({"x": 1})
    assert asked == [
        (work, {"x": 1, "y": 2}, Submission()),
        (work, {"x": 1}, Submission(delay=MINUTE, tags=("a",))),
        (work, {"x": 1}, Submission()),
    ]
    with pytest.raises(InvalidInput, match=r"args\.x"):
        work.delay("one")
    with pytest.raises(TypeError):
        work.submit({"x": 1}, dealy=MINUTE)


def test_without_a_pipeline_nothing_can_be_submitted(registry):
    @task
    def work(): ...

    with pytest.raises(RuntimeError, match="no pipeline is wired"):
        work.delay()


def test_what_a_task_module_needs_is_exported_and_sorted():
    assert sorted(chalicelib.__all__) == chalicelib.__all__
    assert all(hasattr(chalicelib, name) for name in chalicelib.__all__)

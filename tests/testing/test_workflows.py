"""Workflows in a Jobline in memory, as a user's own tests have them: submit, run, look at what came of it."""

from datetime import timedelta

import pytest

import chalicelib
from chalicelib import chain, current_job, group, results
from chalicelib.domain.errors import InvalidInput, NotFound
from chalicelib.pipeline.handle import JobNotSucceeded
from chalicelib.pipeline.task import Options, Registry
from jobline.testing import Jobline


class Office:
    """A few tasks, in a registry of the test's own."""

    def __init__(self):
        self.registry = Registry()
        self.seen = []
        self.add = self._task(self._add, "add")
        self.total = self._task(self._total, "total")
        self.odd = self._task(self._odd, "odd", max_attempts=1)
        self.starts = self._task(self._starts, "starts")
        self.starts_in_child = self._task(self._starts, "starts_in_child", cpu=True)

    def _task(self, function, name, **options):
        return self.registry.add(function, name, Options(**options))

    def _add(self, x: int, y: int = 1) -> int:
        return x + y

    def _total(self, numbers: list[int | None] | dict) -> int:
        self.seen.append(type(numbers).__name__)
        return sum(number or 0 for number in results(numbers))

    def _odd(self, x: int) -> int:
        if x % 2 == 0:
            raise ValueError(f"{x} is even")
        return x

    def _starts(self, n: int) -> str:
        return group(self.add.s(number) for number in range(n)).submit(tenant=current_job().tenant).id


@pytest.fixture
def office():
    return Office()


@pytest.fixture
def running(office):
    with Jobline(registry=office.registry) as running:
        yield running


def test_a_workflow_has_a_handle_as_any_job(office, running):
    handle = (office.add.s(1) | group(office.add.s(10), office.add.s(20)) | office.total.s()).delay()
    assert handle.state == "QUEUED"
    with pytest.raises(TimeoutError):
        handle.result(timeout=0)
    running.run()
    assert (handle.state, handle.result(timeout=0)) == ("SUCCEEDED", 12 + 22)


def test_it_takes_what_any_submission_takes(office, running):
    flow = chain(office.add.s(1), office.add.s(2))
    first = flow.submit(key="once", tags=("a",), tenant="acme", delay=timedelta(hours=2))
    assert flow.submit(key="once", tags=("a",), tenant="acme", delay=timedelta(hours=2)).id == first.id
    assert (first.state, first.tenant) == ("SCHEDULED", "acme")
    running.run_until_quiet()
    assert first.result(timeout=0) == 4
    assert {job.tenant for job in running.jobs()} == {"acme"}


def test_it_can_be_cancelled(office, running):
    handle = (office.add.s(1).set(delay=timedelta(hours=1)) | office.add.s(2)).submit()
    running.run()
    assert handle.state == "WAITING"
    handle.cancel()
    running.run_until_quiet()
    assert handle.state == "CANCELLED"
    assert len(running.jobs("add")) == 1, "the second step was never made"


def test_what_went_wrong_is_raised(office, running):
    handle = chain(office.add.s(1), office.odd.s()).delay()
    running.run_until_quiet()
    with pytest.raises(JobNotSucceeded, match=r"step 1, odd.*is DEAD: ValueError: 2 is even"):
        handle.result(timeout=0)
    with pytest.raises(JobNotSucceeded):
        results(handle)


@pytest.mark.parametrize("name", ["starts", "starts_in_child"])
def test_a_running_task_may_submit_one(office, running, name):
    handle = office.registry[name].submit((3,), tenant="acme")
    running.run_until_quiet()
    [workflow] = running.jobs("jobline.workflow")
    assert handle.result(timeout=0) == workflow.id
    assert running.handle(workflow).result(timeout=0) == [1, 2, 3]


def test_an_empty_group_goes_there_too(running):
    handle = group().delay()
    running.run_until_quiet()
    assert handle.result(timeout=0) == []


def test_results_are_the_same_however_many_they_are(office, running):
    few, many = (office.odd.map(range(count), on_error="ignore").delay() for count in (10, 1205))
    running.run_until_quiet()
    assert few.result(timeout=0) == [None, 1, None, 3, None, 5, None, 7, None, 9]
    assert set(many.result(timeout=0)) == {"manifest"}
    for handle, count in ((few, 10), (many, 1205)):
        wanted = [n if n % 2 else None for n in range(count)]
        assert list(results(handle)) == wanted
        assert list(results(handle.result(timeout=0))) == wanted


def test_a_step_that_gets_many_reads_them_alike(office, running):
    flow = office.odd.map(range(1205), on_error="ignore") | office.total.s()
    few = office.odd.map([1, 3]) | office.total.s()
    first, second = flow.submit(tenant="acme"), few.submit(tenant="acme")
    running.run_until_quiet()
    assert first.result(timeout=0) == sum(range(1, 1205, 2))
    assert second.result(timeout=0) == 4
    assert sorted(office.seen) == ["dict", "list"]


def test_only_a_page_of_many_is_read_at_a_time(office, running):
    handle = office.add.map(range(1205)).delay()
    running.run_until_quiet()
    store = running.parts.store
    reads, read = [], store.read
    store.read = lambda job_id: reads.append(job_id) or read(job_id)
    found = results(handle)
    assert next(found) == 1
    assert len(reads) < 110
    assert sum(1 for _ in found) == 1204
    assert len(reads) < 1205 + 10


def test_nobody_reads_anothers_results(office, running):
    handle = office.add.map(range(1205)).submit(tenant="acme")
    running.run_until_quiet()
    manifest = handle.result(timeout=0)
    assert next(results(manifest, tenant="acme")) == 1
    with pytest.raises(NotFound):
        results(manifest)
    thief = office.total.submit((manifest,), tenant="other")
    running.run_until_quiet()
    assert thief.state == "DEAD"


@pytest.mark.parametrize("other", [5, "text", None, {"manifest": 1}, {"a": 1}])
def test_what_is_no_results_is_refused(running, other):
    with pytest.raises(InvalidInput, match=r"results: .* is neither a list of results, nor a manifest"):
        chalicelib.results(other)

"""Reading a long list page by page: each job once, in order, whatever is written meanwhile."""

from datetime import timedelta

import pytest

from chalicelib.pipeline.ids import time_of
from chalicelib.pipeline.query import SPAN
from tests.api.desk import Caller, Desk


def _pages(caller: Caller, path: str, limit: int) -> list[list[str]]:
    """The ids of each page."""
    pages, cursor = [], ""
    for _ in range(600):
        body = caller.get(f"{path}{'&' if '?' in path else '?'}limit={limit}{cursor}").body
        pages.append([job["id"] for job in body["jobs"]])
        if body["cursor"] is None:
            return pages
        cursor = f"&cursor={body['cursor']}"
    raise AssertionError("the pages do not end")


@pytest.fixture
def many(desk: Desk, ann: Caller) -> list[str]:
    """The ids of 250 jobs, some in one millisecond, oldest first."""
    ids = []
    for number in range(250):
        if number % 3:
            desk.world.advance(timedelta(milliseconds=number * 7))
        ids.append(ann.submit("add", {"a": number}, tags=["even" if number % 2 == 0 else "odd"]))
    return ids


@pytest.mark.parametrize("limit", [1, 7, 50, 100])
def test_every_job_is_on_one_page_newest_first(ann: Caller, many: list[str], limit: int):
    pages = _pages(ann, "/jobs", limit)
    assert [job_id for page in pages for job_id in page] == sorted(many, reverse=True)
    assert all(len(page) <= limit for page in pages)


def test_filters_hold_over_pages(ann: Caller, many: list[str]):
    pages = _pages(ann, "/jobs?tag=odd", 10)
    assert [job_id for page in pages for job_id in page] == sorted(many[1::2], reverse=True)


def test_what_is_written_meanwhile_moves_nothing(desk: Desk, ann: Caller, many: list[str]):
    first = ann.get("/jobs?limit=100").body
    desk.world.advance(timedelta(seconds=1))
    ann.submit()
    second = ann.get(f"/jobs?limit=100&cursor={first['cursor']}").body
    seen = [job["id"] for page in (first, second) for job in page["jobs"]]
    assert seen == sorted(many, reverse=True)[:200]


def test_a_page_that_looked_far_enough_is_short_and_carries_a_cursor(desk: Desk, ann: Caller, bob: Caller):
    # given more jobs of others than one page looks through
    mine = bob.submit()
    for _ in range(3):
        body = {"jobs": [{"task": "add", "args": {"a": 1}}] * 1000}
        assert ann.post("/jobs/batch", body).status == 200

    # when bob reads
    pages = _pages(bob, "/jobs", 50)

    # then the first page is empty, and a later one has his job
    assert pages[0] == []
    assert [job_id for page in pages for job_id in page] == [mine]


def test_old_jobs_are_reached_over_empty_weeks_a_month_a_page(desk: Desk, ann: Caller, monkeypatch):
    # given a job that was accepted months ago and is due far ahead
    job_id = ann.post("/jobs", {"task": "add", "args": {"a": 1}, "delay": 300 * 86400}).body["id"]
    desk.world.advance(timedelta(days=200))
    recent = ann.submit()
    looked = []
    newest = desk.store.newest

    def spied(before, since):
        looked.append(time_of(before) - since)
        return newest(before, since)

    monkeypatch.setattr(desk.store, "newest", spied)

    # then a search far back finds it, and no page looks through more than a month
    pages = _pages(ann, "/jobs?since=2020-01-01T00:00:00Z", 50)
    assert [found for page in pages for found in page] == [recent, job_id]
    assert max(looked) <= SPAN


@pytest.mark.parametrize("limit", [1, 9, 100])
def test_dead_jobs_are_on_one_page_each(desk: Desk, ann: Caller, bob: Caller, limit: int):
    # given 120 dead jobs of ann's among 40 of bob's
    batch = {"jobs": [{"task": "fail", "args": {"why": "x"}}] * 40}
    ids = []
    for caller in (ann, bob, ann, ann):
        ids += [(caller, entry["job"]["id"]) for entry in caller.post("/jobs/batch", batch).body["jobs"]]
    desk.work()

    # then ann's are seen once each, and no other
    found = [job_id for page in _pages(ann, "/dead", limit) for job_id in page]
    assert sorted(found) == sorted(job_id for caller, job_id in ids if caller is ann)


def test_a_page_of_dead_jobs_reads_so_often_and_no_more(desk: Desk, ann: Caller, bob: Caller):
    # given many more dead jobs of bob's than of ann's
    batch = {"jobs": [{"task": "fail", "args": {"why": "x"}}] * 60}
    bob.post("/jobs/batch", batch)
    mine = ann.submit("fail", {"why": "x"})
    desk.work()

    # when ann reads one a page
    pages = _pages(ann, "/dead", 1)

    # then some page is empty and carries a cursor, and her job is found all the same
    assert [] in pages[:-1]
    assert [job_id for page in pages for job_id in page] == [mine]

"""Asking what happened: one job, jobs by time, the dead and what they have in common."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from chalicelib.domain.errors import InvalidInput, NotFound
from chalicelib.domain.job import State
from chalicelib.pipeline import query
from chalicelib.pipeline.dead_list import dead_groups, dead_jobs
from chalicelib.pipeline.query import Search, get, search
from tests.support.drive import drain, run_until_quiet
from tests.support.names import named
from tests.support.rows import DAY, HOUR, ID
from tests.support.stage import Stage

MS = timedelta(milliseconds=1)


def many(stage, count=25):
    """Jobs of two tasks, two tags and two tenants, a minute apart."""
    stage.works()
    stage.works("other")
    jobs = []
    for n in range(count):
        tenant = "default" if n % 5 else "acme"
        jobs.append(
            stage.submit("work" if n % 2 else "other", tags=("even",) if n % 2 == 0 else (), tenant=tenant)
        )
        stage.advance(minutes=1)
    return jobs


def pages(stage, **wanted):
    """All pages of a search."""
    wanted = Search(**{"tenant": "default", **wanted})
    found = []
    for _ in range(100):
        page = search(wanted, parts=stage.parts)
        found.append(page.jobs)
        if page.cursor is None:
            return found
        wanted = replace(wanted, cursor=page.cursor)
    raise AssertionError("the pages do not end")


def ids(found):
    return [job.id for page in found for job in page]


def test_a_job_is_found_by_its_id(stage):
    stage.works()
    job = stage.submit(tenant="acme")
    assert get(job.id, tenant="acme", parts=stage.parts) == job


@pytest.mark.parametrize(
    "job_id", ["", "x", ID, ID.lower(), "7" + "Z" * 25, "\ud800", "../../etc", "9" * 10_000]
)
def test_what_is_not_there_and_what_is_no_id_are_alike(stage, job_id):
    with pytest.raises(NotFound, match="there is no job"):
        get(job_id, tenant="default", parts=stage.parts)


def test_another_tenants_job_is_not_there(stage):
    stage.works()
    job = stage.submit(tenant="acme")
    with pytest.raises(NotFound):
        get(job.id, tenant="default", parts=stage.parts)


def test_a_forgotten_job_is_not_there_though_its_row_may_be(stage):
    stage.works(keep=HOUR)
    job = stage.submit()
    drain(stage.parts)
    stage.advance(hours=1)
    assert get(job.id, tenant="default", parts=stage.parts)
    stage.world.advance(MS)
    with pytest.raises(NotFound):
        get(job.id, tenant="default", parts=stage.parts)
    assert not search(Search(tenant="default"), parts=stage.parts).jobs


@pytest.mark.parametrize("limit", [1, 3, 7, 20, 100])
def test_all_pages_together_are_all_jobs_newest_first_and_each_once(stage, limit):
    jobs = many(stage)
    found = pages(stage, limit=limit)
    assert ids(found) == [job.id for job in reversed(jobs) if job.tenant == "default"]
    assert all(len(page) <= limit for page in found)


@pytest.mark.parametrize(
    ("wanted", "takes"),
    [
        ({"task": "work"}, lambda job: job.task == "work"),
        ({"tag": "even"}, lambda job: "even" in job.tags),
        ({"task": "work", "tag": "even"}, lambda job: False),
        ({"state": State.QUEUED}, lambda job: True),
        ({"state": State.DEAD}, lambda job: False),
        ({"task": "nope"}, lambda job: False),
        ({"tenant": "acme"}, None),
    ],
    ids=named,
)
@pytest.mark.parametrize("limit", [2, 50])
def test_filters_hold_over_several_pages(stage, wanted, takes, limit):
    jobs = many(stage)
    tenant = wanted.get("tenant", "default")
    meant = [job.id for job in reversed(jobs) if job.tenant == tenant and (takes is None or takes(job))]
    assert ids(pages(stage, limit=limit, **wanted)) == meant


def test_a_time_range_holds_to_the_millisecond(stage):
    jobs = [job for job in many(stage) if job.tenant == "default"]
    since, until = (datetime(2026, 1, 1, 12, minute, tzinfo=UTC) for minute in (6, 12))
    found = ids(pages(stage, since=since, until=until, limit=2))
    assert found == [job.id for job in reversed(jobs) if since <= query.time_of(job.id) < until]
    assert len(found) == 5  # 6, 7, 8, 9 and 11: the tenth is another tenant's


def test_jobs_of_one_millisecond_are_all_found_page_by_page(stage):
    stage.works()
    jobs = [stage.submit() for _ in range(10)]
    assert ids(pages(stage, limit=3)) == sorted((job.id for job in jobs), reverse=True)


def test_a_page_that_finds_little_is_short_and_goes_on(stage, monkeypatch):
    # given many jobs of which few are meant
    monkeypatch.setattr(query, "SCAN", 4)
    jobs = many(stage)
    found = pages(stage, tenant="acme", limit=3)
    assert ids(found) == [job.id for job in reversed(jobs) if job.tenant == "acme"]
    assert any(len(page) < 3 for page in found[:-1])


def test_by_default_the_last_week_is_searched(stage):
    stage.works()
    old = stage.submit()
    stage.advance(days=7, minutes=1)
    young = stage.submit()
    assert ids(pages(stage)) == [young.id]
    assert ids(pages(stage, since=stage.world.now() - 8 * DAY)) == [young.id, old.id]


def test_a_long_past_is_searched_a_month_a_page(stage):
    stage.works()
    old = stage.submit(delay=366 * DAY)
    stage.advance(days=300)
    found = pages(stage, since=stage.world.now() - 320 * DAY)
    assert ids(found) == [old.id]
    assert len(found) > 5


@pytest.mark.parametrize(
    ("wanted", "argument"),
    [
        ({"limit": 0}, "limit"),
        ({"limit": -1}, "limit"),
        ({"limit": 101}, "limit"),
        ({"cursor": "x"}, "cursor"),
        ({"cursor": ""}, "cursor"),
        ({"cursor": "7" + "Z" * 25}, "cursor"),
        ({"since": datetime(2026, 1, 1, 12, 6, tzinfo=UTC)}, "since"),
        ({"since": datetime(9999, 1, 1, tzinfo=UTC)}, "since"),
        ({"until": datetime(2025, 1, 1, tzinfo=UTC)}, "since"),
        (
            {"since": datetime(2025, 2, 1, tzinfo=UTC), "until": datetime(2025, 1, 1, tzinfo=UTC)},
            "since",
        ),
        ({"until": datetime(1, 1, 1, tzinfo=UTC)}, "since"),
    ],
    ids=named,
)
def test_a_search_that_makes_no_sense_is_refused_by_name(stage, wanted, argument):
    with pytest.raises(InvalidInput) as refused:
        search(Search(**{"tenant": "default", **wanted}), parts=stage.parts)
    assert refused.value.argument == argument


@pytest.mark.parametrize(
    "wanted",
    [
        {"since": datetime(1, 1, 1, tzinfo=UTC)},
        {"since": datetime(1969, 12, 31, tzinfo=UTC)},
        {"since": datetime(1, 1, 1, tzinfo=UTC), "until": datetime(2, 1, 1, tzinfo=UTC)},
        {"since": datetime(1960, 1, 1, tzinfo=UTC), "until": datetime(1969, 1, 1, tzinfo=UTC)},
        {"until": datetime(9999, 12, 31, tzinfo=UTC)},
        {"since": datetime(1, 1, 1, tzinfo=UTC), "cursor": "0" * 26},
        {"cursor": "0" * 26},
    ],
    ids=named,
)
def test_no_time_however_odd_breaks_a_search(stage, wanted):
    stage.works()
    stage.submit()
    page = search(Search(**{"tenant": "default", **wanted}), parts=stage.parts)
    assert len(page.jobs) <= 1


def dying(stage, count=7):
    """Dead jobs of two causes."""
    stage.fails("a", error=lambda: ValueError("v"), max_attempts=1)
    stage.fails("b", error=lambda: OSError("o"), max_attempts=1)
    jobs = []
    for n in range(count):
        jobs.append(stage.submit("a" if n % 3 else "b", tenant="default" if n < count - 1 else "acme"))
        drain(stage.parts)
        stage.advance(minutes=1)
    return [stage.row(job) for job in jobs]


@pytest.mark.parametrize("limit", [1, 3, 7, 100])
def test_the_dead_are_listed_up_to_the_limit(stage, limit):
    jobs = dying(stage)
    found = [job.id for job in dead_jobs(limit=limit, parts=stage.parts)]
    assert len(found) == len(set(found)) == min(limit, len(jobs))


def test_empty_pages_of_an_index_do_not_hide_the_dead(stage):
    # given an index in many parts, of which the first are empty
    jobs = dying(stage, 3)
    shards = [[], [], [], [jobs[0]], [], [jobs[1]], [], [jobs[2]]]

    def dead(after, limit):
        at = int(after or 0)
        return shards[at], (str(at + 1) if at + 1 < len(shards) else None)

    stage.store.dead = dead
    assert [job.id for job in dead_jobs(limit=2, parts=stage.parts)] == [job.id for job in jobs[:2]]
    assert len(list(dead_jobs(limit=50, parts=stage.parts))) == 3


def test_an_index_that_never_ends_is_left_in_the_end(stage):
    stage.store.dead = lambda after, limit: ([], "more")
    assert list(dead_jobs(limit=10, parts=stage.parts)) == []


def test_dead_jobs_are_grouped_by_cause_the_largest_group_first(stage):
    jobs = dying(stage)
    groups = dead_groups(tenant="default", scan=100, parts=stage.parts).groups
    assert [(group.task, group.count, group.reason, group.error) for group in groups] == [
        ("a", 4, "failed", "ValueError: v"),
        ("b", 2, "failed", "OSError: o"),
    ]
    ours = [job for job in jobs if job.task == "a"]
    assert groups[0].example == ours[-1].id
    assert groups[0].first == ours[0].history[-1].at
    assert groups[0].last == ours[-1].history[-1].at
    assert groups[0].fingerprint == ours[0].error.fingerprint


def test_groups_are_of_ones_own_tenant(stage):
    dying(stage)
    assert [group.count for group in dead_groups(tenant="acme", scan=100, parts=stage.parts).groups] == [1]
    assert dead_groups(tenant="nobody", scan=100, parts=stage.parts).groups == ()


def test_a_search_while_jobs_move_shows_each_as_it_is():
    stage = Stage()
    many(stage, 6)
    run_until_quiet(stage.parts)
    assert {job.state for job in search(Search(tenant="default"), parts=stage.parts).jobs} == {
        State.SUCCEEDED
    }

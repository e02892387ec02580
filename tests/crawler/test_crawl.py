"""The crawler's workflow, whole, on the twins of table and queues, in virtual time; the site is a real one on the loopback."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta

import pytest

from examples.crawler import tasks
from examples.crawler.fetching import Fetched
from examples.crawler.frontier import ROUNDS
from examples.crawler.site import small_site, wrong_requests
from examples.crawler.tasks import crawl_site, fetch_page, read_page, write_summary
from examples.demo.site import Site


@pytest.fixture
def neighbour() -> Iterator[Site]:
    with Site([]) as running:
        yield running


@pytest.fixture
def site(neighbour, monkeypatch) -> Iterator[Site]:
    """The example's site; its slow page is quick, for nobody waits here."""
    with Site([replace(page, seconds=0.0) for page in small_site(neighbour.url)]) as running:
        monkeypatch.setenv("CRAWLER_SITES", running.url)
        yield running


def test_the_whole_site_is_crawled_each_address_once_and_no_other_site(jobline, site, neighbour, tmp_path):
    # given a crawl of a site with loops, redirects, and links to a neighbour
    job = crawl_site.delay(site.url, str(tmp_path / "summary.md"))

    # when all is over
    jobline.run_until_quiet()

    # then everything was asked for once, what failed as often as it has attempts, and nobody else for anything
    assert wrong_requests(site, neighbour, whole=True) == []
    found = job.result(timeout=0)
    assert {name: found[name] for name in ("levels", "moved", "broken", "outside", "left_out")} == {
        "levels": 4,
        "moved": 2,
        "broken": 2,
        "outside": 3,
        "left_out": 0,
    }
    assert found["pages"] == len(site.pages) - 4

    # and the summary says so
    page = (tmp_path / "summary.md").read_text()
    assert "| /flaky | 1 | Third time lucky |" in page
    assert "| /about?from=old | 2 | About &#124; us |" in page
    assert "| /missing | 404 Not Found | /, /about?from=old |" in page
    assert "ServerTrouble: 500 Internal Server Error | / |" in page
    assert f"| /way-out | {neighbour.url}/trap |" in page


def test_what_is_delivered_again_fetches_nothing_again(jobline, site, neighbour, tmp_path):
    crawl_site.delay(site.url, str(tmp_path / "summary.md"))
    jobline.run_until_quiet()
    before = len(jobline.jobs())

    jobline.deliver_again()
    jobline.run_until_quiet()

    assert wrong_requests(site, neighbour, whole=True) == []
    assert len(jobline.jobs()) == before
    assert len(jobline.jobs(write_summary)) == 1


def test_a_level_waits_for_its_pages_and_no_page_waits_for_the_others_of_its_level(jobline, site, tmp_path):
    crawl_site.delay(site.url, str(tmp_path / "summary.md"))
    jobline.run_until_quiet()

    ended = {job.id: job.history[-1].at for job in jobline.jobs()}
    depth = {"/": 0, "/flaky": 1, "/topic/bread": 1, "/deep/1": 2}
    fetched = {
        path: next(job for job in jobline.jobs(fetch_page) if f'"{site.url}{path}"' in str(job.args))
        for path in depth
    }
    # /deep/1 is linked from /flaky alone; topics were read while that was still failing
    assert ended[fetched["/flaky"].id] < fetched["/deep/1"].history[0].at
    reads = [ended[job.id] for job in jobline.jobs(read_page)]
    assert sum(at < ended[fetched["/flaky"].id] for at in reads) > 5


def test_no_deeper_than_asked_for(jobline, site, tmp_path):
    job = crawl_site.delay(site.url, str(tmp_path / "summary.md"), deepest=1)
    jobline.run_until_quiet()

    found = job.result(timeout=0)
    assert found["levels"] == 2
    assert found["left_out"] > 5
    assert "more addresses were left out" in (tmp_path / "summary.md").read_text()


@pytest.mark.parametrize("elsewhere", ["http://169.254.169.254/", "file:///etc/passwd", "neighbour"])
def test_a_caller_cannot_choose_whom_this_machine_talks_to(jobline, site, neighbour, tmp_path, elsewhere):
    url = neighbour.url if elsewhere == "neighbour" else elsewhere

    crawl = crawl_site.delay(url, str(tmp_path / "summary.md"))
    fetch = fetch_page.delay(f"{url}/secrets", url)
    jobline.run_until_quiet()

    for handle in (crawl, fetch):
        assert (handle.job.state, handle.job.attempts) == ("DEAD", 1)
        assert handle.job.error.type == "NotOurs"
    assert neighbour.requests == {}


def test_a_site_is_asked_politely_however_many_links_a_page_has(jobline, monkeypatch, tmp_path):
    asked = []

    async def fetch(url: str) -> Fetched:
        asked.append(jobline.now)
        links = "".join(f'<a href="/{n}">' for n in range(90))
        return Fetched(url=url, html=links if url.endswith("/start") else "")

    monkeypatch.setattr(tasks, "fetch", fetch)
    monkeypatch.setenv("CRAWLER_SITES", "http://a.example")
    crawl_site.delay("http://a.example/start", str(tmp_path / "summary.md"))
    jobline.run_until_quiet()

    assert len(asked) == 91
    rate = fetch_page.options.rate
    for number, at in enumerate(asked):
        within = sum(at <= other < at + timedelta(seconds=1) for other in asked[number:])
        assert within <= rate.limit + rate.burst


def test_a_site_that_is_deeper_than_a_workflow_may_be_is_crawled_as_far_as_it_goes(
    jobline, monkeypatch, tmp_path
):
    async def fetch(url: str) -> Fetched:
        number = int(url.rpartition("/")[2])
        return Fetched(url=url, html=f'<a href="/{number + 1}">on and on</a>')

    monkeypatch.setattr(tasks, "fetch", fetch)
    monkeypatch.setenv("CRAWLER_SITES", "http://a.example")
    job = crawl_site.delay("http://a.example/0", str(tmp_path / "summary.md"), deepest=99)
    jobline.run_until_quiet()

    found = job.result(timeout=0)
    assert (found["levels"], found["left_out"]) == (ROUNDS, 1)

"""The crawler's tasks. A level is a group of visits and then one job that looks at what they found: it returns the next level, or the end.

crawl_site ─▶ group of (fetch_page ─▶ read_page) ─▶ look_further ─▶ the next level's group ─▶ ... ─▶ write_summary
"""

import os
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx

from chalicelib import Backoff, Concurrency, Flow, Rate, group, is_failed, task
from examples.crawler import frontier, reading
from examples.crawler.addresses import NotOurs, allowed, origin
from examples.crawler.fetching import Fetched, ServerTrouble, fetch
from examples.crawler.frontier import Crawl
from examples.crawler.reading import Reading
from examples.crawler.summary import Summary, markdown, summary
from examples.demo.work.files import put

# A person is watching: wait a second between attempts, not minutes.
SOON = Backoff(base=timedelta(seconds=1), cap=timedelta(seconds=2))


@task(give_up_on=(NotOurs, ValueError), backoff=SOON)
def crawl_site(start: str, page: str, deepest: int = 8, most: int = 500) -> Flow:
    """Crawl the site of `start`, breadth first, and write the summary to the file `page`. Submit it as any job."""
    allowed(start, _sites())
    return _level(frontier.begin(start, deepest=deepest, most=most), page)


@task(
    lane="high",  # what waits for a server has a lane of its own: it holds up nobody's work
    max_attempts=3,
    backoff=SOON,
    retry_on=(ServerTrouble, httpx.TransportError),
    give_up_on=(NotOurs,),
    time_limit=timedelta(seconds=20),
    # Polite, whoever crawls this site at the same time: so many requests a second, and so many at once, for each site.
    rate=Rate(25, timedelta(seconds=1), key=("site",), burst=5),
    concurrency=Concurrency(4, key=("site",)),
)
async def fetch_page(url: str, site: str) -> Fetched:
    """Fetch one address of `site`."""
    return await fetch(allowed(url, tuple(one for one in _sites() if one == site)))


@task
def read_page(page: Fetched) -> Reading:
    """Read what was fetched."""
    return reading.read(page)


@task
def look_further(results: list[dict[str, Any]], crawl: Crawl, page: str) -> Flow:
    """All of a level has ended: go on with what it led to, if there is anything."""
    found = frontier.after(crawl, [_reading(result) for result in results])
    return _level(found, page) if found.todo else write_summary.s(found, page)


@task(backoff=SOON)
def write_summary(crawl: Crawl, page: str) -> Summary:
    """Write the page."""
    put(Path(page), markdown(crawl).encode())
    return summary(crawl, page)


def _level(crawl: Crawl, page: str) -> Flow:
    """Visit all of a level side by side. What cannot be had is a finding, so it does not stop the others."""
    site = origin(crawl.start)
    visits = group((fetch_page.s(due.url, site) | read_page.s() for due in crawl.todo), on_error="collect")
    return visits | look_further.s(crawl, page)


def _reading(result: dict[str, Any]) -> Reading:
    """In the place of a visit that failed stands what went wrong."""
    if is_failed(result):
        error = result["error"]
        return Reading(problem=str(error["message"] if error else result["state"]))
    return Reading(**{**result, "links": tuple(result["links"])})


def _sites() -> tuple[str, ...]:
    """The sites that may be crawled. The stage says it, not the caller: otherwise anybody with a key could reach what this machine can reach."""
    return tuple(origin(site) for site in os.environ.get("CRAWLER_SITES", "").split())

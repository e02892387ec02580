"""The pure heart of the crawler, on sites that chance made."""

from collections import Counter, deque
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from examples.crawler import frontier
from examples.crawler.frontier import Crawl, begin
from examples.crawler.reading import Reading

SITE = "http://a.example"


def crawled(links: dict[int, list[int]], *, deepest: int = 99, most: int = 10_000, rounds: int = 99) -> Crawl:
    """Crawl a site whose pages are numbers, from page 0."""
    crawl = replace(begin(f"{SITE}/0", deepest=deepest, most=most), rounds=rounds)
    for _ in range(1000):
        if not crawl.todo:
            return crawl
        numbers = [int(due.url.rpartition("/")[2]) for due in crawl.todo]
        readings = [
            Reading(links=tuple(f"{SITE}/{to}" for to in links.get(number, []))) for number in numbers
        ]
        crawl = frontier.after(crawl, readings)
    raise AssertionError("it never ends")


def distances(links: dict[int, list[int]]) -> dict[int, int]:
    found, queue = {0: 0}, deque([0])
    while queue:
        page = queue.popleft()
        for to in links.get(page, []):
            if to not in found:
                found[to] = found[page] + 1
                queue.append(to)
    return found


sites = st.dictionaries(st.integers(0, 30), st.lists(st.integers(0, 30), max_size=6), max_size=30)


@given(sites)
def test_each_address_is_fetched_once_at_its_distance_from_the_start(links):
    found = crawled(links).found
    assert max(Counter(one.url for one in found).values()) == 1
    assert {int(one.url.rpartition("/")[2]): one.depth for one in found} == distances(links)


@given(sites, st.integers(0, 5), st.integers(1, 40))
def test_no_more_and_no_deeper_than_asked_for_and_the_rest_is_counted(links, deepest, most):
    crawl = crawled(links, deepest=deepest, most=most)
    assert len(crawl.found) <= most
    assert all(one.depth <= deepest for one in crawl.found)
    if crawl.left_out == 0:
        assert len(crawl.found) == len(distances(links))


def test_a_level_is_never_larger_than_a_workflow_may_be():
    wide = {0: list(range(1, 1001))}
    crawl = begin(f"{SITE}/0", deepest=9, most=5000)
    crawl = frontier.after(crawl, [Reading(links=tuple(f"{SITE}/{n}" for n in wide[0]))])
    assert len(crawl.todo) == frontier.LEVEL
    assert len(crawled(wide).found) == 1001


@given(sites, st.integers(1, 5))
def test_after_its_last_level_a_crawl_ends_and_counts_what_it_left_out(links, rounds):
    crawl = crawled(links, rounds=rounds)
    near = [page for page, depth in distances(links).items() if depth < rounds]
    beyond = [page for page, depth in distances(links).items() if depth == rounds]
    assert len(crawl.found) == len(near)
    assert crawl.left_out == len(beyond)


def test_a_start_that_is_no_address_is_refused():
    with pytest.raises(ValueError, match="no web address"):
        begin("ftp://a.example", deepest=1, most=1)

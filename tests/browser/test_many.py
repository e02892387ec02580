"""Ten thousand jobs: a page holds no more than a page, and leads on to the next, to the last."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta

import pytest
from playwright.sync_api import Browser

from chalicelib.adapters import json_log
from tests.browser.site import Site, site
from tests.browser.visitor import EVERY, Visitor

pytestmark = pytest.mark.slow
MANY = 10_000
PAGE = 50
NODES = 4000
"""What a page may have of elements, however many jobs there are."""


@pytest.fixture(scope="module")
def crowd() -> Iterator[Site]:
    """Accepted within some minutes."""
    with pytest.MonkeyPatch.context() as patch, site() as made:
        patch.setattr(json_log, "configure", lambda: None)
        one = made.job(made.submit("echo", delay=7200, tags=["crowd"]))
        for n in range(1, MANY):
            made.parts.world.pause(timedelta(milliseconds=40 * (n % 2)))  # two a moment
            made.parts.store.create(replace(one, id=made.parts.world.job_id()))
        assert len(made.rows) == MANY
        yield made


@pytest.fixture
def reader(chromium: Browser, crowd: Site) -> Iterator[Visitor]:
    visitor = Visitor(chromium, crowd)
    visitor.enters("jobs")
    yield visitor
    visitor.good()


def ids(reader: Visitor) -> list[str]:
    return reader.main.locator("tbody a").evaluate_all(
        "(all) => all.map((one) => one.hash.split('/')[2]).filter((one, n, all) => one && all.indexOf(one) === n)"
    )


def older(reader: Visitor) -> bool:
    """On to the next page, if there is one."""
    link = reader.main.get_by_role("link", name="Older", exact=False)
    if not link.count():
        return False
    link.click()
    reader.settle()
    return True


def nodes(reader: Visitor) -> int:
    return int(reader.page.evaluate("() => document.querySelectorAll('*').length"))


def test_each_page_has_its_own_jobs_and_no_more_elements_than_the_first(reader: Visitor, crowd: Site):
    wanted = sorted((row.id for row in crowd.rows), reverse=True)
    first = nodes(reader)
    assert first < NODES
    found = ids(reader)
    for _ in range(5):
        assert older(reader)
        assert nodes(reader) < first + 50
        found += ids(reader)
    assert found == wanted[: 6 * PAGE]
    reader.page.go_back()
    reader.settle()
    assert ids(reader) == wanted[4 * PAGE : 5 * PAGE]
    reader.wait(EVERY * 4)
    assert ids(reader) == wanted[4 * PAGE : 5 * PAGE]


def test_the_overview_asks_for_a_few_pages_and_shows_a_few_rows(reader: Visitor):
    reader.asked.clear()
    reader.goes("overview")
    assert nodes(reader) < NODES
    assert len(reader.asked) < 12
    before = nodes(reader)
    for _ in range(5):
        reader.wait(EVERY * 2)
    assert nodes(reader) < before + 50


@pytest.mark.long
def test_one_comes_to_the_last_page_of_all(reader: Visitor, crowd: Site):
    found = ids(reader)
    while older(reader):
        found += ids(reader)
    assert found == sorted((row.id for row in crowd.rows), reverse=True)

"""A browser a file, a Jobline a test, and visitors with profiles of their own, who have to leave without a complaint."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, sync_playwright

from chalicelib.adapters import json_log
from tests.browser.chromium import ARGS, HOW, browser
from tests.browser.site import Site, site
from tests.browser.visitor import Make, Visitor


# By file: while it is open, an event loop runs in this thread, and a test elsewhere that wants one of its own could have none.
@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    """Headless, and closed after the file."""
    there = browser()
    if there is None:
        pytest.skip(HOW)
    with sync_playwright() as play:
        running = play.chromium.launch(executable_path=there, headless=True, args=ARGS)
        yield running
        running.close()


@pytest.fixture
def shop(monkeypatch: pytest.MonkeyPatch) -> Iterator[Site]:
    """A Jobline in use, with nothing in it yet."""
    monkeypatch.setattr(json_log, "configure", lambda: None)  # pytest keeps its own handlers
    with site() as made:
        yield made


@pytest.fixture
def visit(chromium: Browser, shop: Site) -> Iterator[Make]:
    """Makes visitors of the shop's dashboard; at the end, none of them may have seen the browser complain."""
    came: list[Visitor] = []

    def make(**how: object) -> Visitor:
        came.append(Visitor(chromium, shop, **how))
        return came[-1]

    yield make
    for one in came:
        one.good()


@pytest.fixture
def ann(visit: Make) -> Visitor:
    """One who has not opened anything yet."""
    return visit()

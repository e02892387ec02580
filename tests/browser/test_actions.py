"""What a person can do: it asks, "no" does nothing, "yes" calls the API once and shows what then is so, a refusal is told in the API's words."""

import json
import re
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from playwright.sync_api import Browser, Request, Route

from chalicelib.adapters import json_log
from tests.browser.actions import ACTIONS, NO, Action
from tests.browser.site import Site, site
from tests.browser.visitor import Visitor

pytestmark = pytest.mark.slow
WORDS = "Not today: <b>the moon</b> is full & the sea is high."


@pytest.fixture(scope="module")
def house() -> Iterator[Site]:
    """One for all: each action has a thing of its own."""
    with pytest.MonkeyPatch.context() as patch, site() as made:
        patch.setattr(json_log, "configure", lambda: None)
        yield made


@pytest.fixture(scope="module")
def signed_in(chromium: Browser, house: Site) -> Iterator[Visitor]:
    visitor = Visitor(chromium, house)
    visitor.enters()
    yield visitor
    visitor.good()


@pytest.fixture
def clerk(signed_in: Visitor) -> Iterator[Visitor]:
    """One who has signed in, and asked for nothing yet."""
    signed_in.asked.clear()
    signed_in.expects = set()
    yield signed_in
    if signed_in.dialog.count():
        signed_in.does("Escape")
    assert signed_in.complaints() == []


def begun(clerk: Visitor, action: Action) -> str:
    """The thing is there, its page is open, the button is pressed, the form is filled in; what the thing is called."""
    one = action.sets(clerk.site)
    clerk.goes("nowhere")
    clerk.goes(action.path.format(id=one))
    clerk.asked.clear()
    assert not action.holds(clerk.site, one), "nothing to be seen: it is so already"
    pressed(clerk, action, one)
    return one


def pressed(clerk: Visitor, action: Action, one: str) -> None:
    if action.ticks:
        clerk.row(action.ticks.format(id=one)).get_by_role("checkbox").check()
        clerk.settle()
    clerk.press(action.button.format(id=one))
    for label, words in action.fields.items():
        clerk.dialog.get_by_label(label, exact=True).fill(words)
    if action.first:
        clerk.press(action.first, clerk.dialog)


def agrees(clerk: Visitor, action: Action, *, clicks: int = 1) -> None:
    clerk.dialog.get_by_role("button", name=re.compile(rf"^{re.escape(action.yes)}")).click(
        click_count=clicks
    )
    clerk.settle()


def changes(clerk: Visitor) -> list[str]:
    """What was sent that changes anything."""
    return [said(one) for one in clerk.asked if changes_something(one)]


@pytest.mark.parametrize("action", ACTIONS, ids=lambda one: one.name)
def test_it_asks_and_no_does_nothing_a_refusal_is_told_and_yes_does_it_once(clerk: Visitor, action: Action):
    one = begun(clerk, action)
    assert clerk.dialog.count() == 1
    clerk.press(NO, clerk.dialog)
    assert clerk.dialog.count() == 0
    pressed(clerk, action, one)
    clerk.does("Escape")
    assert clerk.dialog.count() == 0
    assert changes(clerk) == []

    pressed(clerk, action, one)
    with refusing(clerk) as refused:
        agrees(clerk, action)
        clerk.until(lambda: refused)
        clerk.settle()
    assert refused == [action.call.format(id=one)]
    assert WORDS in clerk.page.locator("body").inner_text()
    assert "<b>the moon" not in clerk.page.locator("body").inner_html()
    assert not action.holds(clerk.site, one)
    closed(clerk)

    clerk.asked.clear()
    pressed(clerk, action, one)
    agrees(clerk, action, clicks=2)
    clerk.until(lambda: changes(clerk))
    assert changes(clerk) == [action.call.format(id=one)]
    assert action.holds(clerk.site, one)
    assert WORDS not in clerk.page.locator("body").inner_text()
    assert clerk.said != "" or clerk.dialog.count() == 1
    closed(clerk)


@contextmanager
def refusing(clerk: Visitor) -> Iterator[list[str]]:
    """The API takes no change, and says why; what it was asked for."""
    asked: list[str] = []

    def refuse(route: Route) -> None:
        request = route.request
        if not changes_something(request):
            route.continue_()
            return
        asked.append(said(request))
        problem = {
            "type": "urn:jobline:problem:conflict",
            "title": "Conflict",
            "status": 409,
            "detail": WORDS,
        }
        route.fulfill(status=409, content_type="application/problem+json", body=json.dumps(problem))

    clerk.expects = {409}
    clerk.page.route("**/*", refuse)
    yield asked
    clerk.page.unroute("**/*", refuse)


def changes_something(request: Request) -> bool:
    """A dry run does not."""
    return request.method not in ("GET", "HEAD") and not json.loads(request.post_data or "{}").get("dry_run")


def said(request: Request) -> str:
    return f"{request.method} /{request.url.split('/', 3)[3]}"


def closed(clerk: Visitor) -> None:
    """A form that stays, or a report of what was done."""
    if clerk.dialog.count():
        clerk.dialog.get_by_role("button", name=re.compile(f"^(Close|{NO})$")).click()
        clerk.settle()
    assert clerk.dialog.count() == 0


def test_an_endpoints_secret_is_shown_once_and_is_gone_with_the_page(clerk: Visitor):
    clerk.goes("webhooks")
    clerk.press("New endpoint…")
    clerk.dialog.get_by_label("Address", exact=True).fill("https://hooks.example.org/once")
    clerk.press("Make it", clerk.dialog)
    clerk.until(lambda: "whsec_" in clerk.main.inner_text())
    clerk.goes("topics")
    clerk.goes("webhooks")
    assert "whsec_" not in clerk.page.locator("body").inner_text()

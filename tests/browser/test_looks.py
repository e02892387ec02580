"""Every page, looked at: by axe, in light and dark; at phone width; without motion; and by the browser, which has nothing to complain of."""

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser

from chalicelib.adapters import json_log
from tests.browser.actions import ACTIONS, HARMLESS
from tests.browser.axe import COLOURS, RULES, Axe
from tests.browser.furnished import Furnished, furnish
from tests.browser.pages import addresses, kinds, plain, single
from tests.browser.site import Site, site
from tests.browser.visitor import Visitor

pytestmark = pytest.mark.slow
PHONE = {"width": 360, "height": 740}


@pytest.fixture(scope="module")
def stocked() -> Iterator[tuple[Site, Furnished]]:
    """One for all: these tests only look."""
    with pytest.MonkeyPatch.context() as patch, site() as made:
        patch.setattr(json_log, "configure", lambda: None)
        yield made, furnish(made)


@pytest.fixture
def guest(
    chromium: Browser, stocked: tuple[Site, Furnished], request: pytest.FixtureRequest
) -> Iterator[Visitor]:
    """One who has signed in."""
    visitor = Visitor(chromium, stocked[0], **getattr(request, "param", {}))
    visitor.enters()
    yield visitor
    visitor.good()


@pytest.fixture
def there(stocked: tuple[Site, Furnished]) -> Furnished:
    return stocked[1]


def test_every_page_that_the_dashboard_lists_is_looked_at_here(guest: Visitor, there: Furnished):
    listed = kinds(guest)
    assert set(listed) == set(plain(there))
    assert {kind for kind, has_single in listed.items() if has_single} <= set(single(there))
    links = guest.page.locator("#nav a").evaluate_all("(all) => all.map((one) => one.getAttribute('href'))")
    assert links == [f"#/{kind}" for kind in listed]


def test_every_page_has_its_name_and_its_place_in_the_navigation(guest: Visitor, there: Furnished):
    for path in addresses(guest, there):
        guest.goes(path)
        assert guest.main.locator("h1").count() == 1, path
        assert guest.page.title() == f"{guest.heading} · Jobline"
        current = guest.page.locator("#nav [aria-current=page]")
        assert current.evaluate_all("(all) => all.map((one) => one.getAttribute('href'))") == [
            f"#/{path.split('/')[0].split('?')[0]}"
        ], path
        assert "undefined" not in guest.text, path
        assert "[object" not in guest.text, path
        assert "NaN" not in guest.text, path
        assert "null" not in guest.text.replace("null\n", "") or path.startswith(("jobs/", "workflows/")), (
            path
        )


@pytest.mark.parametrize(
    ("guest", "rules"),
    [({"color_scheme": "light"}, RULES), ({"color_scheme": "dark"}, COLOURS)],
    indirect=["guest"],
    ids=["light", "dark"],
)
def test_axe_finds_nothing_on_any_page(guest: Visitor, there: Furnished, rules: list[str]):
    axe = Axe(guest.page)
    found = {}
    seldom = () if rules is RULES else (*single(there)["jobs"][2:],)  # their colours are those of the others
    for path in addresses(guest, there):
        if path not in seldom:
            guest.goes(path)
            found[path] = axe.violations(rules)
    guest.press("Sign out", guest.page.locator("header"))
    found["door"] = axe.violations(rules)
    assert {path: wrong for path, wrong in found.items() if wrong} == {}


@pytest.mark.parametrize(
    "guest", [{"viewport": PHONE, "has_touch": True, "is_mobile": True}], indirect=True, ids=["phone"]
)
def test_a_phone_never_scrolls_sideways(guest: Visitor, there: Furnished):
    wide = {}
    for path in ["door", *addresses(guest, there)]:
        if path != "door":
            guest.goes(path)
        wide[path] = guest.page.evaluate(
            "() => Math.max(document.documentElement.scrollWidth, document.body.scrollWidth)"
        )
    assert {path: width for path, width in wide.items() if width > PHONE["width"]} == {}
    assert guest.page.evaluate("() => innerWidth") == PHONE["width"]


@pytest.mark.parametrize("guest", [{"reduced_motion": "reduce"}], indirect=True, ids=["still"])
def test_nothing_moves_for_those_who_want_it_still(guest: Visitor, there: Furnished):
    for path in addresses(guest, there):
        guest.goes(path)
        moving = guest.page.evaluate(
            """() => [...document.querySelectorAll("*")].filter((one) => {
              const style = getComputedStyle(one);
              return style.transitionDuration.split(", ").some((time) => parseFloat(time) > 0.001)
                || (style.animationName !== "none" && parseFloat(style.animationDuration) > 0.001);
            }).map((one) => one.outerHTML.slice(0, 80))"""
        )
        assert moving == [], path
        assert guest.page.evaluate("() => document.getAnimations().length") == 0, path


def test_every_button_is_an_action_that_is_tried_or_changes_nothing(guest: Visitor, there: Furnished):
    known = tuple(named(action.button) for action in ACTIONS)
    strange = {}
    for path in addresses(guest, there):
        guest.goes(path)
        names = guest.page.locator("main button").evaluate_all(
            "(all) => all.map((one) => one.ariaLabel ?? one.textContent.trim())"
        )
        strange[path] = [
            name for name in names if not name.startswith(HARMLESS) and not named(name).startswith(known)
        ]
    assert {path: names for path, names in strange.items() if names} == {}


def named(button: str) -> str:
    """A button's name without what it is about."""
    return re.sub(r"\{id\}|fail: .*|echo", "", button)


def test_a_key_that_may_only_read_can_press_nothing_that_changes_anything(
    chromium: Browser, stocked: tuple[Site, Furnished]
):
    shop, there = stocked
    reader = Visitor(chromium, shop)
    reader.enters(token=shop.make_key("read", name="only looks"))
    able = {}
    for path in addresses(reader, there):
        if path.startswith(("tenants", "webhooks")):  # not for this key, and not in its navigation
            continue
        reader.goes(path)
        buttons = reader.page.locator("main button").evaluate_all(
            "(all) => all.map((one) => [one.ariaLabel ?? one.textContent.trim(), one.ariaDisabled === 'true' && one.title !== ''])"
        )
        able[path] = [name for name, off in buttons if not off and not name.startswith(HARMLESS)]
    reader.good()
    assert {path: names for path, names in able.items() if names} == {}

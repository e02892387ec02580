"""The eye itself: whatever a page of somebody else's could do is seen by it. A test of the dashboard that sees nothing so means something."""

import pytest
from playwright.sync_api import Browser

from tests.browser.axe import COLOURS, Axe
from tests.browser.site import Site
from tests.browser.visitor import Visitor

pytestmark = pytest.mark.slow


# What a script could do, and what is then said.
DEEDS = {
    "alert('x')": "dialog: x",
    "console.error('y')": "console error: y",
    "console.warn('z')": "console warning: z",
    "queueMicrotask(() => { throw new Error('thrown'); })": "page error: thrown",
    "Promise.reject(new Error('rejected'))": "page error: rejected",
    "document.body.setAttribute('style', 'color: red')": "CSP report: style-src-attr",
    "document.createElement('script').text = 'alert(1)'": "TrustedScript",
    "document.body.innerHTML = '<b>x</b>'": "TrustedHTML",
    "new Image().src = '/nothing.png'": "CSP report: img-src",
    "fetch('https://example.org/').catch(() => 0)": "CSP report: connect-src https://example.org/",
    "fetch('/jobs').then((answer) => answer.text())": "status of 401",
    "fetch('/health?k=' + KEY).then((answer) => answer.text())": "the key is in an address",
    "localStorage.setItem('x', 'y')": "kept local: [['x', 'y']]",
    "sessionStorage.setItem('x', 'y')": "kept session: [['x', 'y']]",
    "document.cookie = 'x=y'": "kept cookies: [",
    "indexedDB.open('x')": "kept databases: ['x']",
    "window.name = 'x'": "kept name: x",
    "location.hash = KEY": "the key is in the page's address",
    "history.replaceState('x', '')": "kept state: x",
}


def test_what_a_page_must_not_do_is_seen(chromium: Browser, shop: Site):
    visitor = Visitor(chromium, shop)
    visitor.enters("lanes")
    assert visitor.complaints() == []
    for deed in DEEDS:
        visitor.page.evaluate(f"(KEY) => {{ try {{ {deed}; }} catch {{}} }}", shop.key)
        visitor.settle()
    seen = visitor.complaints()
    assert [deed for deed, said in DEEDS.items() if not any(said in one for one in seen)] == []
    with pytest.raises(AssertionError, match="dialog: x"):
        visitor.good()


def test_what_is_expected_is_let_by_and_nothing_else(chromium: Browser, shop: Site):
    visitor = Visitor(chromium, shop)
    visitor.expects = {404}
    visitor.enters("lanes")
    visitor.page.evaluate(
        "() => Promise.all(['/nowhere', '/jobs'].map((one) => fetch(one).then((answer) => answer.text())))"
    )
    (said,) = visitor.complaints()
    assert "status of 401" in said
    visitor.context.close()


def test_axe_sees_what_is_broken_and_leaves_the_page_alone(chromium: Browser, shop: Site):
    visitor = Visitor(chromium, shop)
    visitor.enters("lanes")
    axe = Axe(visitor.page)
    assert axe.violations() == []
    visitor.page.evaluate("""() => {
      document.querySelector("main").append(document.createElement("input"));
      document.documentElement.removeAttribute("lang");
      for (const one of document.querySelectorAll("p")) one.style.color = "#888";
    }""")
    seen = {one.partition(":")[0] for one in axe.violations()}
    assert {"label", "html-has-lang", "color-contrast"} <= seen
    assert {one.partition(":")[0] for one in axe.violations(COLOURS)} == {"color-contrast"}
    assert visitor.page.evaluate("() => typeof axe") == "undefined"
    visitor.context.close()

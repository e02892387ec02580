"""Everything without a mouse: signing in, every control in its order and seen to be focused, dialogs that hold and give back, the keys."""

import pytest

from tests.browser.furnished import furnish
from tests.browser.pages import kinds
from tests.browser.site import Site
from tests.browser.visitor import Visitor

pytestmark = pytest.mark.slow
MOST = 400

FOCUS = """() => {
  const one = document.activeElement;
  const style = getComputedStyle(one);
  const box = one.getBoundingClientRect();
  const drawn = one.querySelector(":scope > .body"); // a box of a workflow's picture has no outline, but a thicker line
  const seen = (style.outlineStyle !== "none" && parseFloat(style.outlineWidth) > 0) || (drawn && parseFloat(getComputedStyle(drawn).strokeWidth) >= 2);
  const at = [...document.querySelectorAll("*")].indexOf(one);
  return { name: one.ariaLabel || one.textContent.trim().slice(0, 40) || one.name || one.tagName, tag: one.tagName, id: one.id, at, seen,
    inside: box.width > 0 && box.bottom > 0 && box.top < innerHeight && box.right > 0 && box.left < innerWidth };
}"""
# The next Tab goes to the first control of all.
TOP = """() => {
  document.activeElement.blur();
  getSelection().removeAllRanges();
  document.body.tabIndex = -1;
  document.body.focus();
  document.body.removeAttribute("tabindex");
}"""
WANTED = """() => [...document.querySelectorAll("a[href], button, input, select, textarea, summary, [tabindex]")]
  .filter((one) => one.tabIndex >= 0 && !one.disabled && one.checkVisibility({ visibilityProperty: true }))
  .map((one) => [...document.querySelectorAll("*")].indexOf(one))"""


def test_one_signs_in_and_out_without_a_mouse(ann: Visitor, shop: Site):
    ann.comes("lanes")
    ann.page.keyboard.type(shop.key)
    ann.does("Enter")
    assert ann.heading == "Lanes"
    assert ann.page.evaluate("() => document.activeElement.id") == "main"
    ann.does("Control+k")
    ann.page.keyboard.type("sign out")
    ann.does("Enter")
    assert ann.heading == "Sign in"


def test_tab_goes_to_every_control_in_order_and_each_is_seen_to_be_focused(ann: Visitor, shop: Site):
    there = furnish(shop)
    ann.enters()
    for path in ("jobs?task=import_rows", "dead", f"jobs/{there.dead}", f"workflows/{there.waiting}"):
        ann.goes(path)
        ann.page.evaluate(TOP)
        wanted = ann.page.evaluate(WANTED)
        assert 10 < len(wanted) < MOST
        walked = []
        for _ in wanted:
            ann.page.keyboard.press("Tab")
            walked.append(ann.page.evaluate(FOCUS))
        assert [one["name"] for one in walked if not one["seen"]] == [], path
        assert [one["name"] for one in walked if not one["inside"]] == [], path
        assert [one["at"] for one in walked] == wanted, path


def test_the_first_tab_leads_past_the_navigation(ann: Visitor):
    ann.enters("lanes")
    ann.page.evaluate("() => document.activeElement.blur()")
    ann.page.keyboard.press("Shift+Tab")
    ann.page.evaluate("() => document.querySelector('.skip').focus()")
    assert ann.page.evaluate(FOCUS)["inside"]
    ann.does("Enter")
    assert ann.page.evaluate("() => document.activeElement.id") == "main"
    assert ann.heading == "Lanes"


def test_a_dialog_holds_the_focus_and_gives_it_back(ann: Visitor, shop: Site):
    job = shop.submit("echo", delay=3600)
    ann.enters(f"jobs/{job}")
    ann.button("Cancel").focus()
    ann.does("Enter")
    for _ in range(6):
        ann.page.keyboard.press("Tab")
        assert ann.page.evaluate(
            "() => document.activeElement === document.body || document.activeElement.closest('dialog') !== null"
        )
    ann.does("Escape")
    assert ann.dialog.count() == 0
    assert ann.page.evaluate("() => document.activeElement.textContent") == "Cancel"
    ann.does("Enter")
    ann.page.keyboard.press("Tab")
    ann.button("Cancel it", ann.dialog).focus()
    ann.does("Enter")
    assert ann.sent == [f"POST /jobs/{job}/cancel"]
    assert "CANCELLED" in ann.text


def test_the_palette_finds_pages_jobs_and_doings(ann: Visitor, shop: Site):
    job = shop.submit("send_letter", args={"to": "bo@example.org"})
    ann.enters("lanes")
    ann.does("Control+k")
    ann.does("Control+k")
    assert ann.dialog.count() == 1
    ann.page.keyboard.type(job.lower())
    ann.does("Enter")
    assert ann.page.url.endswith(f"#/jobs/{job}")
    ann.does("Control+k")
    ann.does("ArrowDown", 2)
    ann.does("ArrowUp")
    chosen = ann.dialog.locator("[aria-selected=true]")
    assert chosen.count() == 1
    assert ann.dialog.get_by_role("combobox").get_attribute("aria-activedescendant") == chosen.get_attribute(
        "id"
    )
    ann.does("Enter")
    assert ann.heading == "Jobs"
    ann.does("Control+k")
    ann.page.keyboard.type("send_letter")
    ann.settle()
    ann.does("Escape")
    assert ann.dialog.count() == 0
    assert ann.heading == "Jobs"


def test_the_letters_lead_to_the_pages_and_are_letters_where_one_types(ann: Visitor, shop: Site):
    jobs = [shop.submit("echo", args={"value": n}) for n in range(3)]
    ann.enters("lanes")
    letters = ann.page.evaluate(
        "async () => (await import(new URL('dashboard/pages.js', location.href))).PAGES.map(({ letter, id }) => [letter, id])"
    )
    assert [page for _, page in letters] == list(kinds(ann))
    for letter, page in letters:
        ann.does("g")
        ann.does(letter)
        assert ann.page.url.endswith(f"#/{page}")
    ann.goes("jobs")
    ann.does("j", 2)
    ann.does("k")
    ann.does("j")
    ann.does("Enter")
    assert ann.page.url.endswith(f"#/jobs/{sorted(jobs)[-2]}")
    ann.goes("jobs")
    ann.does("?")
    assert ann.dialog.count() == 1
    ann.does("Escape")
    ann.does("/")
    ann.goes("jobs?task=x")
    ann.main.get_by_label("Task", exact=True).focus()
    ann.page.keyboard.type("gl?rj")
    ann.settle()
    assert ann.heading == "Jobs"
    assert ann.dialog.count() == 0
    asked = len(ann.asked)
    ann.page.evaluate("() => document.activeElement.blur()")
    ann.does("r")
    assert len(ann.asked) > asked

"""The overview: charts of the statistics, for eyes, for the keyboard, for those who want a table, and for nobody else's eyes."""

import pytest
from playwright.sync_api import Browser, Locator

from tests.browser.counted import MINUTES, count
from tests.browser.site import Site
from tests.browser.visitor import Make, Visitor

pytestmark = pytest.mark.slow

CHARTS = ("throughput", "failures", "run", "wait", "depth", "cost")


def chart(visitor: Visitor, name: str) -> Locator:
    return visitor.main.locator(f"figure#{name}")


@pytest.fixture
def seen(ann: Visitor, shop: Site) -> Visitor:
    """One who looks at an hour of work."""
    count(shop)
    ann.enters("overview")
    return ann


def test_an_hour_is_drawn_with_axes_legends_and_words_for_those_who_do_not_see(seen: Visitor):
    for name in CHARTS:
        assert chart(seen, name).locator("h2").count() == 1, name
    bars = chart(seen, "throughput")
    assert bars.locator("rect.fill.good").count() >= MINUTES - 1
    assert bars.locator("text").count() > 6
    assert "succeeded" in bars.locator(".legend").inner_text()
    assert chart(seen, "run").locator("path.curve.p50").count() >= 1
    label = bars.locator("svg.canvas").get_attribute("aria-label") or ""
    assert label.startswith("Jobs that ended.")
    assert "succeeded:" in label
    assert "NaN" not in seen.main.inner_html()


def test_the_arrow_keys_read_the_steps_out_and_go_on_doing_so_when_the_page_looks_again(seen: Visitor):
    run = chart(seen, "run")
    run.locator("svg.canvas").focus()
    seen.does("End")
    last = run.locator(".readout").inner_text()
    assert "p99" in last
    seen.does("ArrowLeft", 3)
    before = run.locator(".readout").inner_text()
    assert before != last

    seen.wait()

    assert run.locator(".readout").inner_text() == before
    assert run.locator("svg.canvas").evaluate("(one) => one === document.activeElement")
    seen.does("Escape")
    assert run.locator(".readout").inner_text() == ""


def test_the_pointer_reads_out_the_step_below_it(seen: Visitor):
    wait = chart(seen, "wait")
    wait.locator("svg.canvas").hover(position={"x": 200, "y": 60})
    assert "p95" in wait.locator(".readout").inner_text()
    seen.main.locator("h1").hover()
    assert wait.locator(".readout").inner_text() == ""


def test_a_chart_can_be_read_as_a_table_which_stays_open(seen: Visitor):
    failures = chart(seen, "failures")
    failures.locator("summary").click()
    seen.wait()

    rows = failures.locator("tbody tr")
    assert rows.count() > 10
    assert failures.locator("thead").inner_text().split() == ["From", "retried", "died"]


def test_a_job_that_ends_meanwhile_is_there_when_the_page_looks_again(seen: Visitor, shop: Site):
    before = seen.main.locator(".tiles li").first.inner_text()
    count(shop, task="another_one")
    seen.wait()

    assert seen.main.locator(".tiles li").first.inner_text() != before
    assert "another_one" in seen.text


def test_time_task_and_tenants_are_chosen_by_links_whose_address_can_be_kept(seen: Visitor, shop: Site):
    count(shop, tenant="bob")
    seen.main.get_by_role("link", name="24 hours").click()
    seen.settle()
    assert "range=24h" in seen.page.url
    seen.main.get_by_role("link", name="send_letter").first.click()
    seen.settle()
    assert "task=send_letter" in seen.page.url
    assert "Task send_letter alone." in seen.text
    seen.main.get_by_role("link", name="All tenants").click()
    seen.settle()
    assert "bob" in seen.text


def test_who_is_no_administrator_is_not_led_to_others_figures(visit: Make, shop: Site):
    guest = visit()
    guest.enters("overview", token=shop.make_key("read"))
    assert guest.main.get_by_role("link", name="All tenants").count() == 0

    guest.expects = {403}
    guest.goes("overview?tenant=*")
    assert guest.heading == "Not with this key"


def test_an_hour_without_jobs_is_an_empty_page_and_no_broken_one(ann: Visitor):
    ann.enters("overview")

    assert "Nothing in this time." in ann.text
    assert "NaN" not in ann.text
    assert "undefined" not in ann.text


def test_names_that_are_markup_are_names(ann: Visitor, shop: Site):
    hostile = "<img src=x onerror=alert(1)>\"'&{{7*7}}"
    count(shop, task=hostile)
    ann.enters("overview")

    assert hostile in ann.text
    assert ann.main.locator("img").count() == 0


def test_the_figures_of_who_was_here_before_are_gone_with_the_key(seen: Visitor, shop: Site):
    assert "thumbnail" in seen.text
    seen.page.get_by_role("button", name="Sign out").click()
    seen.settle()
    seen.sign_in(shop.make_key("read", tenant="somebody-else"))

    assert "thumbnail" not in seen.text


def test_charts_fit_a_phone(chromium: Browser, shop: Site):
    count(shop)
    phone = Visitor(chromium, shop, viewport={"width": 360, "height": 740}, has_touch=True)
    phone.enters("overview?range=24h")
    wide = phone.page.evaluate("document.documentElement.scrollWidth")
    sizes = phone.main.locator("svg.canvas").evaluate_all(
        "(all) => all.map((one) => one.getBoundingClientRect().right)"
    )
    phone.good()

    assert wide <= 360
    assert sizes
    assert max(sizes) <= 360

"""What a person sees of money: costs by UTC's days, budgets that say in words how much is spent, a plan on a task's page; and what is said without."""

import pytest
from playwright.sync_api import Route

from tests.browser.counted import count
from tests.browser.site import Site
from tests.browser.visitor import Make

pytestmark = pytest.mark.slow
HALF = '{"since": "2026'


def test_costs_are_told_by_day_task_and_tenant_and_budgets_in_words(visit: Make, shop: Site):
    # given an hour of two tenants' work, and a budget of each kind; hers is nearly spent, a task's is, and refuses
    count(shop)
    count(shop, tenant="bob")
    cost = shop.ask("GET", "/costs")["total"]["dollars"]
    shop.ask("PUT", "/tenants/ann/budget", {"month": cost / 0.905})
    shop.ask("PUT", "/tasks/import_rows/budget", {"day": 0.001, "on_spent": "pause"})
    shop.ask("PUT", "/stage/budget", {"month": 50})
    shop.pass_time(minutes=1)

    # when somebody looks for whom the day of UTC began a day before
    ann = visit(timezone_id="America/Los_Angeles")
    ann.enters("overview")
    ann.main.locator(".tiles").get_by_role("link", name="Cost").click()
    ann.settle()

    # then a day is one of UTC, for eyes, for keys and as a table
    bars = ann.main.locator("figure#dollars")
    bars.locator("svg.canvas").focus()
    ann.does("End")
    assert "Thu, Jan 1 consumers $" in " ".join(bars.locator(".readout").inner_text().split())
    bars.locator("summary").click()
    assert "Thu, Jan 1" in bars.locator("tbody").inner_text()
    assert ann.main.locator("figure#billed .canvas rect.fill").count() == 1

    # and budgets say where they are, not by their colour alone
    assert "90 %, nearly spent" in ann.row("tenant ann").inner_text()
    assert "%, spent" in ann.row("task import_rows").inner_text()
    assert "refusing until" in ann.row("task import_rows").inner_text()
    assert "accepting" in ann.row("the whole stage").inner_text()

    # and what is looked at stands in the address
    assert "bob" not in ann.text
    for name, part in (("All tenants", "tenant=*"), ("This month", "range=month"), ("send_letter", "task=send_letter")):  # fmt: skip
        ann.main.get_by_role("link", name=name, exact=True).first.click()
        ann.settle()
        assert part in ann.page.url.replace("%2A", "*")
    assert {"range=month", "tenant=*", "task=send_letter"} <= set(
        ann.page.url.replace("%2A", "*").partition("?")[2].split("&")
    )
    assert "bob" in ann.text
    ann.goes("costs?range=last")
    assert "Nothing ran in this time." in ann.text

    # and an answer that breaks off leaves what was read
    broken: list[str] = []

    def breaks(route: Route) -> None:
        broken.append(route.request.url)
        route.fulfill(status=200, content_type="application/json", body=HALF)

    ann.page.route("**/budgets", breaks)
    ann.page.keyboard.press("r")
    ann.until(lambda: broken)
    assert "The answer broke off." in ann.page.locator("#banner").inner_text()
    assert "90 %, nearly spent" in ann.text


def test_a_plan_is_asked_for_on_a_tasks_page_and_says_what_is_missing(visit: Make, shop: Site):
    reader = visit(reduced_motion="reduce")
    reader.expects = {422}
    reader.enters("costs", token=shop.make_key("read"))
    assert "Nothing ran in this time." in reader.text
    assert "Budgets are seen and set with an administrator's key." in reader.text
    assert reader.button("New budget…").get_attribute("aria-disabled") == "true"
    assert not [one.url for one in reader.asked if one.url.endswith("/budgets")]

    # no history yet: it says so, at the field where it can be given; all by keys
    reader.goes("tasks/send_letter")
    reader.main.get_by_label("Jobs", exact=True).focus()
    reader.page.keyboard.type("1000")
    reader.does("Enter")
    status = reader.main.get_by_role("status")
    assert "no attempt of send_letter ended in that time: say how long one runs" in status.inner_text()
    assert reader.main.locator("[aria-invalid=true]").get_attribute("name") == "run_ms"
    reader.does("Tab")
    reader.page.keyboard.type("250")
    reader.does("Enter")
    assert "1,000 jobs would cost $" in status.inner_text()
    assert reader.main.locator("[aria-invalid=true]").count() == 0
    assert "no history: what you gave" in reader.text
    assert reader.page.url.endswith("#/tasks/send_letter?count=1000&run_ms=250")

    # and by its history, once there is one; the address alone is enough
    count(shop)
    reader.goes("lanes")
    reader.goes("tasks/send_letter?count=5000")
    assert "5,000 jobs would cost $" in status.inner_text()
    assert "attempts of the last 7 days" in reader.text
    asked = len([one for one in reader.asked if "/plan?" in one.url])
    reader.wait(35)
    assert (
        len([one for one in reader.asked if "/plan?" in one.url]) == asked
    )  # it is not asked for again by itself

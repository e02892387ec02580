"""While a page is open: what happens is seen without a reload, and what the person was at stays as it was; also when the API is away."""

import pytest

from tests.browser.site import Site
from tests.browser.tasks import mend
from tests.browser.visitor import EVERY, Visitor

pytestmark = pytest.mark.slow

# What a person is at, as the document has it.
AT = """() => ({
  focus: document.activeElement.outerHTML.slice(0, 60), top: scrollY, selected: String(getSelection()),
  inner: [...document.querySelectorAll("pre")].map((one) => one.scrollTop), open: [...document.querySelectorAll("details")].map((one) => one.open),
})"""
LONG = {"lines": [f"line {n}" for n in range(400)]}


def test_a_job_that_ends_is_seen_to_end(ann: Visitor, shop: Site):
    job = shop.submit("send_letter", args={"to": "bo@example.org"})
    ann.enters(f"jobs/{job}")
    assert "QUEUED" in ann.text
    loads = len([one for one in ann.asked if one.is_navigation_request()])
    ann.wait()
    assert "SUCCEEDED" in ann.text
    assert "welcome.14@example.org" in ann.text
    assert len([one for one in ann.asked if one.is_navigation_request()]) == loads
    assert [one.url for one in ann.asked if "/steps" in one.url] == []  # nobody wanted to see them
    ann.main.locator("summary", has_text="Steps").click()
    ann.until(lambda: "None is recorded." in ann.text)


def test_a_retry_is_seen_to_be_waited_for_and_to_come(ann: Visitor, shop: Site):
    job = shop.submit("charge", args={"order": "A-1", "cents": 5})
    shop.pass_time(seconds=1)
    ann.enters(f"jobs/{job}")
    assert "RETRYING" in ann.text
    assert "the provider did not answer for order A-1" in ann.text
    mend(shop.parts.registry, "charge")
    for _ in range(400):
        ann.wait(EVERY * 5)
        if "SUCCEEDED" in ann.text:
            break
    assert "SUCCEEDED" in ann.text


@pytest.mark.parametrize("path", ["jobs", "overview"])
def test_new_jobs_come_into_the_list(ann: Visitor, shop: Site, path: str):
    ann.enters(path)
    job = shop.submit("send_letter", args={"to": "bo@example.org"})
    assert job not in ann.page.content()
    ann.wait(EVERY * 4)
    assert ann.main.locator(f'a[href="#/jobs/{job}"]').count() >= 1


def test_what_the_person_was_at_stays(ann: Visitor, shop: Site):
    job = shop.submit("echo", args={"value": LONG}, tags=["here"])
    dead = shop.submit("fail", args={"why": "x"})
    shop.pass_time(seconds=1)
    ann.page.set_viewport_size({"width": 900, "height": 300})
    ann.enters(f"jobs/{job}")
    ann.page.evaluate(
        "() => { scrollTo(0, 150); document.querySelector('main pre').scrollTop = 120; document.querySelector('main pre').focus({ preventScroll: true }); }"
    )
    before = ann.page.evaluate(AT)
    assert before["top"] == 150
    assert before["inner"][0] == 120
    ann.wait(EVERY * 20)
    assert ann.page.evaluate(AT) == before
    ann.goes(f"jobs/{dead}")
    ann.main.locator("summary").first.click()
    before = ann.page.evaluate(AT)
    assert before["open"][0] is False
    ann.wait(EVERY * 20)
    assert ann.page.evaluate(AT)["open"] == before["open"]


def test_what_is_selected_does_not_move_away(ann: Visitor, shop: Site):
    shop.submit("send_letter", args={"to": "bo@example.org"})
    ann.enters("jobs")
    ann.page.evaluate("() => getSelection().selectAllChildren(document.querySelector('main td a'))")
    chosen = ann.page.evaluate(AT)["selected"]
    assert len(chosen) >= 10
    shop.submit("echo")
    asked = len(ann.asked)
    ann.wait(EVERY * 4)
    assert ann.page.evaluate(AT)["selected"] == chosen
    assert len(ann.asked) == asked
    ann.page.evaluate("() => getSelection().removeAllRanges()")
    ann.wait(EVERY * 4)
    assert "echo" in ann.text


def test_what_is_typed_stays(ann: Visitor, shop: Site):
    ann.enters("jobs")
    ann.main.get_by_label("Task").fill("send_")
    shop.submit("echo")
    ann.wait(EVERY * 4)
    assert ann.main.get_by_label("Task").input_value() == "send_"
    assert ann.page.evaluate("() => document.activeElement.name") == "task"


def test_a_question_is_not_asked_anew_while_it_is_open(ann: Visitor, shop: Site):
    job = shop.submit("echo", delay=3600)
    ann.enters(f"jobs/{job}")
    ann.press("Cancel")
    asked = len(ann.asked)
    ann.wait(EVERY * 4)
    assert ann.dialog.count() == 1
    assert len(ann.asked) == asked


def test_a_page_out_of_sight_asks_nothing_and_looks_again_when_it_is_seen(ann: Visitor, shop: Site):
    ann.enters("jobs")
    ann.page.evaluate(
        "() => Object.defineProperty(document, 'hidden', { get: () => window.hid, configurable: true })"
    )
    ann.page.evaluate("() => { window.hid = true; document.dispatchEvent(new Event('visibilitychange')); }")
    ann.settle()
    asked = len(ann.asked)
    job = shop.submit("echo")
    ann.wait(60)
    assert len(ann.asked) == asked
    ann.page.evaluate("() => { window.hid = false; document.dispatchEvent(new Event('visibilitychange')); }")
    ann.settle()
    assert ann.main.locator(f'a[href="#/jobs/{job}"]').count() == 1


def test_the_api_goes_and_comes_back(ann: Visitor, shop: Site):
    job = shop.submit("echo", args={"value": "kept in sight"})
    ann.enters(f"jobs/{job}")
    ann.expects = {0}
    shop.goes_down()
    for _ in range(5):
        ann.wait(EVERY * 4)
    assert "kept in sight" in ann.text
    assert (
        "Nobody answers" in ann.page.locator("body").inner_text()
        or "not answer" in ann.page.locator("body").inner_text()
    )
    asked = len(ann.asked)
    ann.wait(60)
    assert len(ann.asked) - asked <= 60 / EVERY
    shop.comes_up()
    for _ in range(20):
        ann.wait(EVERY * 4)
    assert "SUCCEEDED" in ann.text
    assert ann.said == ""
    assert "Nobody answers" not in ann.page.locator("body").inner_text()
    assert ann.heading == "echo"


def test_an_api_that_is_away_from_the_start_is_no_reason_to_forget_the_key(ann: Visitor, shop: Site):
    ann.comes()
    ann.expects = {0}
    shop.goes_down()
    ann.sign_in()
    assert ann.heading == "Sign in"
    assert ann.said != ""
    shop.comes_up()
    ann.press("Sign in")
    assert ann.heading == "Overview"

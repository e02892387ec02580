"""Signing in and out: the key opens the dashboard, stays in the page's memory, and is nowhere else."""

import pytest

from tests.browser.site import Site
from tests.browser.visitor import Visitor

pytestmark = pytest.mark.slow


def test_a_key_opens_the_page_that_was_asked_for(ann: Visitor, shop: Site):
    job = shop.submit("send_letter", args={"to": "bo@example.org"})
    ann.comes(f"jobs/{job}")
    assert ann.heading == "Sign in"
    assert job not in ann.text
    ann.sign_in()
    assert ann.heading == "send_letter"
    assert ann.page.url.endswith(f"/dashboard#/jobs/{job}")


@pytest.mark.parametrize(
    "token", ["jl_0000000000_0000000000000000000000000000000000000000", "letmein", "x" * 5000, "jl_ äöü"]
)
def test_a_wrong_key_opens_nothing_and_says_why(ann: Visitor, token: str):
    ann.expects = {401}
    ann.enters(token=token)
    assert ann.heading == "Sign in"
    assert ann.said != ""
    assert "Bearer" not in ann.said
    ann.sign_in(ann.site.key)
    assert ann.heading == "Overview"


def test_no_key_is_no_question_to_the_api(ann: Visitor):
    ann.comes()
    before = len(ann.asked)
    ann.press("Sign in")
    assert len(ann.asked) == before
    assert ann.heading == "Sign in"


def test_a_reload_asks_for_the_key_again(ann: Visitor):
    ann.enters("lanes")
    assert ann.heading == "Lanes"
    ann.page.reload()
    ann.settle()
    assert ann.heading == "Sign in"


def test_signing_out_takes_everything_away_and_the_back_button_does_not_bring_it_back(
    ann: Visitor, shop: Site
):
    job = shop.submit("send_letter", args={"to": "bo@example.org"})
    ann.enters("jobs")
    ann.goes(f"jobs/{job}")
    ann.press("Sign out", ann.page.locator("header"))
    assert ann.heading == "Sign in"
    asked = len(ann.asked)
    ann.page.go_back()
    ann.settle()
    ann.wait(30)
    assert ann.heading == "Sign in"
    assert job not in ann.page.content()
    assert len(ann.asked) == asked
    ann.does("Control+k")
    assert ann.dialog.count() == 0


def test_a_key_that_is_revoked_in_the_middle_ends_at_the_door(ann: Visitor, shop: Site):
    token = shop.make_key("read", name="leaver")
    shop.submit("send_letter", args={"to": "bo@example.org"})
    ann.enters("jobs", token=token)
    shop.revoke(token)
    ann.expects = {401}
    for _ in range(25):  # a revocation is known within a minute
        ann.wait()
    assert ann.heading == "Sign in"
    assert "not valid any more" in ann.said
    assert "send_letter" not in ann.page.content()
    asked = len(ann.asked)
    ann.wait(30)
    assert len(ann.asked) == asked


def test_the_key_is_in_one_header_and_nowhere_else(ann: Visitor, shop: Site):
    ann.enters()
    for path in ("jobs", "dead", "schedules", "lanes", "jobs?state=DEAD"):
        ann.goes(path)
    ann.page.go_back()
    ann.settle()
    with_key = [one for one in ann.asked if shop.key in str(one.all_headers())]
    assert with_key
    for one in with_key:
        headers = one.all_headers()
        assert [name for name, value in headers.items() if shop.key in value] == ["authorization"]
        assert shop.key not in (one.post_data or "")
    assert not [one for one in ann.asked if "/dashboard" in one.url and one in with_key]
    everything = ann.page.evaluate(
        "() => [document.documentElement.outerHTML, document.title, ...Object.values(window).map(String)]"
    )
    assert not [text for text in everything if shop.key in text]
    fields = ann.page.evaluate("() => [...document.querySelectorAll('input')].map((one) => one.value)")
    assert shop.key not in fields

"""What users write is text, whatever it looks like: two stages that differ in nothing but those words have pages of the same elements."""

import json
import re
from collections.abc import Callable
from dataclasses import replace
from urllib.parse import quote

import pytest
from playwright.sync_api import Browser

from chalicelib.adapters import json_log
from chalicelib.domain.job import Progress
from chalicelib.pipeline.items import Edit, Spot, to_ms
from chalicelib.pipeline.ports import Receipt
from chalicelib.pipeline.steps import _shelf
from tests.browser.counted import count
from tests.browser.pages import kinds
from tests.browser.site import Site, site
from tests.browser.visitor import Visitor

pytestmark = pytest.mark.slow

MARKUP = "\"><script>alert(1)</script><img src=x onerror=alert(2)>'"
LINK = "javascript:alert(3)//</title></textarea></pre><svg onload=alert(4)>"
STYLE = "<style>*{display:none}</style><base href=//evil.example><iframe src=//evil.example>"
CODE = "${alert(5)}{{constructor.constructor('alert(6)')()}}`+alert(7)+`\\'\\\""
SIGNS = "\u202e\u2066\u200b\u0007\u009f\ufeff😈&lt;b&gt;&amp;%3Cscript%3E\u2028\r\n\tend"
ALL = (MARKUP, LINK, STYLE, CODE, SIGNS)
NAMES = ("__proto__", "constructor", "toString", "hasOwnProperty", "innerHTML", "onclick")

# The document as a tree of elements with the names of their attributes, and no word of what is in them.
SKELETON = """() => {
  const bones = (one) => `${one.tagName}[${[...one.attributes].map(({ name }) => name).sort()}](${[...one.children].map(bones).join()})`;
  return bones(document.documentElement);
}"""
Wash = Callable[[str], str]


def as_it_is(words: str) -> str:
    return words


def harmless(words: str) -> str:
    """As long and as broken into words, and of nothing but letters."""
    return re.sub(r"[^\sA-Za-z0-9]", "x", re.sub(r"[\u200b-\u206f\u0007\u009f\ufeff]", "x", words))


def filled(shop: Site, wash: Wash) -> list[str]:
    """Words in every place where the API takes them; the addresses where they are shown."""
    words = [wash(one) for one in ALL]
    shop.parts.courier.answers["hooks.example.org"] = lambda _: Receipt(status=204)  # type: ignore[attr-defined]
    key = shop.make_key("read", "submit", "operate", "admin", name=words[0][:60])
    args = {
        "value": {
            "words": words,
            "inner": {wash(name) if name == "x" else name: 1 for name in NAMES},
            words[0]: words[1],
        }
    }
    tags = [one[:40].strip() for one in words[:4]]
    over = shop.submit("echo", key=key, args=args, tags=tags)
    dead = shop.submit("fail", key=key, args={"why": " ".join(words)}, tags=tags)
    twin = shop.submit("fail", key=key, args={"why": " ".join(words)})
    webhook = shop.ask(
        "POST",
        "/webhooks",
        {"url": "https://hooks.example.org/" + quote(words[0]), "description": words[1][:60]},
        key=key,
    )["id"]
    schedule = shop.ask(
        "POST", "/schedules", {"id": "constructor", "task": "echo", "every": 3600, "args": args}, key=key
    )["id"]
    shop.ask("POST", "/lanes/low/pause", key=key)
    shop.ask("PUT", "/tenants/constructor/limits", {"concurrency": 2}, key=key)
    shop.ask("PUT", "/tenants/constructor/budget", {"month": 2}, key=key)
    shop.ask("PUT", "/tasks/echo/budget", {"day": 1, "on_spent": "pause"}, key=key)
    shop.ask(
        "POST", "/topics/orders.paid/events", {"payload": {"order": words[0]}, "id": words[1][:60]}, key=key
    )
    shop.pass_time(seconds=2)
    release = shop.ask("POST", "/dead/releases", {"task": "fail"}, key=key)["id"]
    shop.ask("POST", f"/dead/releases/{release}/pause", {"why": " ".join(words)[:300]}, key=key)
    flow = {"chain": [{"task": "echo", "args": args}, {"task": "fail", "into": "why"}]}
    workflow = shop.ask("POST", "/workflows", {"workflow": flow, "tags": tags}, key=key)["id"]
    shop.pass_time(minutes=3)
    count(shop, task=words[0])
    running = shop.submit("echo", key=key, args=args, webhook=webhook, lane="low")
    progress = Progress(fraction=0.5, message=" ".join(words)[:200], at=shop.now)
    shop.parts.store.rows[running] = replace(shop.begin(running), progress=progress)  # type: ignore[attr-defined]
    for word in words[:4]:
        step = Edit(set={"bytes": 2, "json": "{}", "done": to_ms(shop.now), "epoch": 1})
        shop.parts.items.write(Spot(_shelf(shop.job(running)), f"step {word}"[:100]), step)
    return [
        *("overview", "jobs", "workflows", "dead", "schedules", "lanes", "tasks", "topics", "tenants"),
        *("costs", f"costs?task={quote(words[0])}", "tasks/echo", f"tasks/echo?count={quote(words[0])}"),
        *(f"jobs/{one}" for one in (over, dead, twin, running, workflow)),
        *(f"workflows/{workflow}", f"dead/{release}", f"schedules/{schedule}", "dead?all=1"),
        *(
            f"{page}?{name}={quote(wash(MARKUP))}"
            for page in ("jobs", "dead", "workflows")
            for name in ("task", "tag")
        ),
        f"jobs?task=echo&tag={quote(tags[0])}",
    ]


def shown(chromium: Browser, wash: Wash) -> tuple[dict[str, str], dict[str, str]]:
    """The elements of each page, and the words on it."""
    bones, texts = {}, {}
    with site() as shop:
        paths = filled(shop, wash)
        visitor = Visitor(chromium, shop)
        visitor.expects = {422}  # so many jobs as those words say are none
        visitor.enters()
        listed = kinds(visitor)
        for path in paths:
            if re.split(r"[/?]", path)[0] not in listed:
                continue
            visitor.goes(path)
            for folded in visitor.main.locator("details[data-key=steps]:not([open]) > summary").all():
                folded.click()
                visitor.settle()
            bones[path.split("=")[0]] = visitor.page.evaluate(SKELETON)
            texts[path.split("=")[0]] = visitor.page.locator("body").inner_text()
            for name in ("Edit and retry…", "Submit a copy…", "Change…"):
                button = visitor.main.get_by_role("button", name=name, exact=True)
                if button.count() and button.get_attribute("aria-disabled") is None:
                    visitor.press(name)
                    bones[f"{path} {name}"] = visitor.page.evaluate(SKELETON)
                    visitor.does("Escape")
        visitor.good()
    return bones, texts


def test_no_word_of_a_user_becomes_an_element_or_a_script(chromium: Browser, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(json_log, "configure", lambda: None)
    hostile, texts = shown(chromium, as_it_is)
    plain, _ = shown(chromium, harmless)
    assert hostile.keys() == plain.keys()
    assert {path: (hostile[path], plain[path]) for path in plain if hostile[path] != plain[path]} == {}
    whole = "\n".join(texts.values())
    assert f"step {MARKUP}" in whole
    for words in (MARKUP, LINK, STYLE):
        assert words in whole or json.dumps(words)[1:-1] in whole, words


NOWHERE = (
    *(
        MARKUP,
        LINK,
        "%zz",
        "%",
        "jobs/%zz",
        "jobs/../../health",
        "__proto__",
        "constructor",
        "jobs/__proto__",
    ),
    *(f"jobs/{MARKUP}", f"jobs?{MARKUP}", "jobs?cursor=%00", "jobs?state=NONE", "/" * 500),
)


def test_an_address_that_means_nothing_is_told_so(ann: Visitor):
    ann.expects = {400, 404, 422}
    ann.enters("lanes")
    scripts = ann.page.locator("script").count()
    for path in NOWHERE:
        ann.goes(path)
        assert ann.main.locator("h1").count() == 1, path
        assert ann.page.locator("script").count() == scripts, path
        assert ann.page.locator("img, iframe, base, style").count() == 0, path
    assert [one.url for one in ann.asked if "/health" in one.url] == []
    ann.goes("lanes")
    assert ann.heading == "Lanes"


def test_words_in_the_palette_are_words(ann: Visitor):
    ann.enters("lanes")
    for words in (MARKUP, LINK, "__proto__"):
        ann.does("Control+k")
        ann.dialog.get_by_role("combobox").fill(words)
        ann.settle()
        assert words in ann.dialog.inner_text()
        assert ann.dialog.locator("img, script, svg, iframe").count() == 0
        ann.expects = {400, 404, 422}
        ann.does("Enter")
        assert ann.dialog.count() == 0
        ann.goes("lanes")

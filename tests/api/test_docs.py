"""The page for people: whole by itself, and harmless whatever a task's author wrote."""

import re
from html.parser import HTMLParser
from urllib.parse import unquote

from chalicelib.entrypoints.api.docs import STYLE
from chalicelib.entrypoints.api.problem_kinds import ALL_KINDS
from chalicelib.entrypoints.api.routes import ROUTES
from chalicelib.pipeline.task import Options
from tests.api.desk import Caller, Desk

VOID = {"meta", "br", "link", "img", "input"}


class Look(HTMLParser):
    """What is on the page."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.ids: list[str] = []
        self.links: list[str] = []
        self.attributes: set[str] = set()
        self.open: list[str] = []
        self.words = ""
        self.feed(html)
        self.close()

    def handle_starttag(self, tag, attrs):
        self.tags.add(tag)
        self.attributes.update(name for name, _ in attrs)
        self.ids += [value for name, value in attrs if name == "id"]
        self.links += [value for name, value in attrs if name in ("href", "src", "action")]
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        self.words += data


def test_the_page_has_every_route_every_problem_and_a_curl_line_for_each(desk: Desk, ann: Caller):
    page = Look(ann.get("/docs").text)
    for route in ROUTES:
        assert f"{route.method} {route.path}" in page.words
        assert route.summary in page.words
    for kind in ALL_KINDS:
        assert kind.type in page.words
    assert page.words.count("curl -sS") == len(ROUTES)
    assert page.open == []


def test_every_link_leads_to_somewhere_on_the_page(desk: Desk, ann: Caller):
    page = Look(ann.get("/docs").text)
    assert len(page.ids) == len(set(page.ids))
    for link in page.links:
        assert link == "openapi.json" or unquote(link.removeprefix("#")) in page.ids


def test_the_page_runs_nothing_and_asks_nobody(desk: Desk):
    reply = desk.nobody().get("/docs")
    page = Look(reply.text)
    assert not page.tags & {"script", "img", "link", "iframe", "object", "embed", "form", "base", "svg"}
    assert not [name for name in page.attributes if name.startswith("on") or name == "style"]
    assert not [link for link in page.links if ":" in link or link.startswith("//")]
    policy = reply.headers["Content-Security-Policy"]
    assert policy.startswith("default-src 'none'; style-src 'sha256-")
    assert "unsafe" not in policy
    assert "*" not in policy
    assert reply.text.count("<style>") == 1
    assert f"<style>{STYLE}</style>" in reply.text
    assert reply.headers["Content-Type"] == "text/html; charset=utf-8"


def test_what_a_task_says_of_itself_stays_text(desk: Desk, ann: Caller):
    # given a task with hostile words wherever there is room for some
    def hostile(value: str = "</pre><script>alert(1)</script>") -> str:
        """<img src=x onerror=alert(1)> "quoted" & 'quoted' `code` </style>"""
        return value

    desk.parts.registry.add(hostile, "hostile-<b>".replace("<", "_").replace(">", "_"), Options())

    # when the page shows it
    text = ann.get("/docs").text

    # then nothing of it is markup
    page = Look(text)
    assert not page.tags & {"script", "img", "b"}
    assert page.open == []
    assert "alert(1)" in page.words


def test_without_a_key_the_page_tells_nothing_of_the_tasks(desk: Desk, ann: Caller):
    assert "typed" in ann.get("/docs").text
    assert "typed" not in desk.nobody().get("/docs").text


def test_the_curl_lines_are_good_requests(desk: Desk):
    # given the curl lines of the page
    lines = re.findall(r"<pre>(curl.*?)</pre>", desk.nobody().get("/docs").text, re.DOTALL)

    # then each goes to a path that there is, with a key where one is needed
    paths = [re.search(r"JOBLINE_URL([^&]*)&quot;", line) for line in lines]
    assert [path[1] for path in paths if path] == [
        route.path.replace("{id}", "$JOB").replace("{name}", "count_down") for route in _as_shown()
    ]
    for line, route in zip(lines, _as_shown(), strict=True):
        assert ("JOBLINE_API_KEY" in line) == (route.scope is not None)
        assert ("-X POST" in line) == (route.method == "POST")
        assert ("Content-Type" in line) == (route.body is not None)


def _as_shown():
    """The routes path by path, as the page shows them."""
    paths = list(dict.fromkeys(route.path for route in ROUTES))
    return sorted(ROUTES, key=lambda route: paths.index(route.path))

"""The dashboard's files: served as they are, to anybody, under a policy that lets nothing else in."""

import re

import pytest

from chalicelib import dashboard


def test_every_file_of_the_folder_is_served_and_no_other():
    there = {path.name for path in dashboard.FOLDER.iterdir() if path.suffix in dashboard.KINDS}
    assert there == set(dashboard.FILES)


@pytest.mark.parametrize("name", dashboard.FILES)
def test_a_file_comes_as_it_is_with_its_type_and_the_policy(desk, name):
    reply = desk.nobody().get("/dashboard" if name == dashboard.PAGE else f"/dashboard/{name}")
    assert reply.status == 200
    assert reply.headers["Content-Type"] == dashboard.FILES[name]
    assert reply.text == (dashboard.FOLDER / name).read_text(encoding="utf-8")
    policy = dict(part.strip().split(" ", 1) for part in reply.headers["Content-Security-Policy"].split(";"))
    nothing = dict.fromkeys(("default-src", "base-uri", "form-action", "frame-ancestors"), "'none'")
    ours = dict.fromkeys(("script-src", "style-src", "connect-src"), "'self'")
    assert policy == {**nothing, **ours, "img-src": "data:", "require-trusted-types-for": "'script'"}


@pytest.mark.parametrize("name", ["__init__.py", "..%2f__init__.py", "nothing.js", "%2e%2e", "MAIN.JS"])
def test_nothing_else_can_be_had(desk, name):
    assert desk.nobody().get(f"/dashboard/{name}").status == 404


def test_no_script_makes_markup_or_keeps_the_key_where_others_can_read_it():
    scripts = {name: dashboard.text(name) for name in dashboard.FILES if name.endswith(".js")}
    assert len(scripts) > 8
    for name, script in scripts.items():
        found = re.findall(
            r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|eval\(|new Function|localStorage|sessionStorage|document\.cookie|setAttribute\(\"on|javascript:",
            script,
        )
        assert found == [], name
    page = dashboard.text(dashboard.PAGE)
    assert re.findall(r"<script(?![^>]*\bsrc=)|\son\w+=|style=", page) == []


def test_every_import_of_a_script_is_a_file_that_is_served():
    for name in dashboard.FILES:
        for wanted in re.findall(r'from "\./([^"]+)"', dashboard.text(name)):
            assert wanted in dashboard.FILES, name


@pytest.mark.parametrize("name", dashboard.FILES)
def test_a_file_that_the_browser_has_is_not_sent_again(desk, name):
    path = "/dashboard" if name == dashboard.PAGE else f"/dashboard/{name}"
    nobody = desk.nobody()
    tag = nobody.get(path).headers["ETag"]
    for known in (tag, f'"other", W/{tag}'):
        again = nobody.get(path, headers={"If-None-Match": known})
        assert (again.status, again.text, again.headers["ETag"]) == (304, "", tag)
    assert nobody.get(path, headers={"If-None-Match": '"other"'}).status == 200


def test_what_is_in_a_file_makes_its_tag():
    assert len({dashboard.tag(name) for name in dashboard.FILES}) == len(dashboard.FILES)


def test_the_whole_dashboard_is_small():
    sizes = {name: len(dashboard.text(name).encode()) for name in dashboard.FILES}
    assert sum(sizes.values()) < 210_000, sizes
    assert max(sizes.values()) < 30_000, sizes


def test_every_page_that_is_listed_has_an_address_of_its_own_and_a_key():
    listed = re.findall(r'id: "(\w+)", name: "(\w+)".*letter: "(\w)"', dashboard.text("pages.js"))
    assert len(listed) >= 9
    for column in zip(*listed, strict=True):
        assert len(set(column)) == len(listed)

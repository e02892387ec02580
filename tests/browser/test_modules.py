"""The dashboard's modules that only reckon, tried in the browser with made-up values; and patching, on which the pages' calm depends."""

import json
from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser

from chalicelib.adapters import json_log
from tests.browser.site import Site, site
from tests.browser.visitor import Visitor

pytestmark = pytest.mark.slow

CALL = """async ([file, name, args]) => {
  const found = await import(new URL(`dashboard/${file}.js`, location.href));
  return JSON.stringify(found[name](...args), (_, value) => (value instanceof Map ? Object.fromEntries(value) : value));
}"""
PATCH = """async (script) => {
  const { patch } = await import(new URL("dashboard/patch.js", location.href));
  const { h } = await import(new URL("dashboard/dom.js", location.href));
  const place = document.createElement("div");
  document.body.append(place);
  try { return %s; } finally { place.remove(); }
}"""
SIZE = {"width": 100, "height": 40}


@pytest.fixture(scope="module")
def guest(chromium: Browser) -> Iterator[Visitor]:
    """Before the door: none of this needs a key. One for all: they leave nothing behind."""
    with pytest.MonkeyPatch.context() as patch, site() as shop:
        patch.setattr(json_log, "configure", lambda: None)
        visitor = Visitor(chromium, shop)
        visitor.comes()
        yield visitor
        visitor.good()


def _call(guest: Visitor, file: str, name: str, *args: Any) -> Any:
    return json.loads(guest.page.evaluate(CALL, [file, name, list(args)]))


def _graph(*arrows: str) -> tuple[list[dict[str, Any]], list[dict[str, str]]]:
    ways = [dict(zip(("from", "to"), one.split(">"), strict=True)) for one in arrows]
    ids = dict.fromkeys(name for way in ways for name in way.values())
    return [{"id": name, **SIZE} for name in ids], ways


GRAPHS = {
    "a chain": ("a>b", "b>c"),
    "a diamond": ("a>b", "a>c", "b>d", "c>d"),
    "crossing": ("a>y", "b>x", "x>z", "y>z"),
    "a long way beside a short one": ("a>b", "b>c", "c>d", "a>d"),
    "wide": tuple(f"a>m{n}" for n in range(30)) + tuple(f"m{n}>z" for n in range(30)),
    "two apart": ("a>b", "c>d"),
}


@pytest.mark.parametrize("arrows", GRAPHS.values(), ids=GRAPHS)
def test_arrows_go_to_the_right_and_no_box_lies_on_another(guest: Visitor, arrows: tuple[str, ...]):
    boxes, ways = _graph(*arrows)
    laid = _call(guest, "layout", "layout", boxes, ways)
    places = laid["places"]
    assert all(places[way["from"]]["x"] + 100 < places[way["to"]]["x"] for way in ways)
    for one in places:
        for other in places:
            apart = one == other or any(
                abs(places[one][side] - places[other][side]) >= SIZE[size]
                for side, size in (("x", "width"), ("y", "height"))
            )
            assert apart, (one, other)
    for place in places.values():
        assert 0 <= place["x"] <= laid["width"] - 100
        assert -0.001 <= place["y"] <= laid["height"] - 40 + 0.001


def test_arrows_do_not_cross_where_they_need_not(guest: Visitor):
    places = _call(guest, "layout", "layout", *_graph(*GRAPHS["crossing"]))["places"]
    assert (places["a"]["y"] < places["b"]["y"]) == (places["y"]["y"] < places["x"]["y"])


def _steps(count: int, states: list[str | None]) -> dict[str, Any]:
    nodes = [
        {"id": f"n{n}", "kind": "step", "label": "f", "path": "", "job": None, "state": state, "looked": True}
        for n, state in zip(range(count), states, strict=True)
    ]
    join = {"id": "j", "kind": "join", "label": "all", "path": "", "job": None, "state": None, "looked": True}
    edges = [{"from": node["id"], "to": "j", "kind": "then"} for node in nodes]
    return {"nodes": [*nodes, join], "edges": edges}


def test_many_alike_are_one_box_with_counts_until_it_is_unfolded(guest: Visitor):
    graph = json.dumps(_steps(8, [*["SUCCEEDED"] * 5, "DEAD", "RUNNING", None]))
    fold = f"""async () => {{
      const {{ fold }} = await import(new URL("dashboard/fold.js", location.href));
      return [fold({graph}, new Set()), fold({graph}, new Set(["stack n0"]))];
    }}"""
    folded, unfolded = guest.page.evaluate(fold)
    stack, join = folded["nodes"]
    assert (stack["label"], stack["state"], join["id"]) == ("f × 8", "DEAD", "j")
    assert stack["counts"] == {"total": 8, "ended": 6, "succeeded": 5, "failed": 1, "exact": True}
    assert [(one["from"], one["to"]) for one in folded["edges"]] == [("stack n0", "j")]
    assert len(unfolded["nodes"]) == 9


@pytest.mark.parametrize(
    ("ms", "words"),
    [
        (0, "0 ms"), (999.7, "1 s"), (1000, "1 s"), (1500, "1.5 s"), (9960, "10 s"), (59_700, "1 min"), (60_000, "1 min"), (61_000, "1 min 1 s"), (3_599_900, "1 h"), (3_600_000, "1 h"),
        (7_199_000, "1 h 59 min"), (86_399_900, "1 d"), (90_000_000, "1 d 1 h"),
    ],
)  # fmt: skip
def test_a_span_is_never_sixty_of_anything(guest: Visitor, ms: float, words: str):
    assert _call(guest, "time", "span", ms) == words


def test_an_ids_beginning_says_when(guest: Visitor, shop: Site):
    job = shop.submit("echo")
    accepted = shop.ask("GET", f"/jobs/{job}")["created_at"]
    for length in range(4, 27):
        since, until = _call(guest, "time", "timesOf", job[:length].lower())
        assert since <= accepted < until
    for wrong in ("8", "U", "01M!", "0" * 27):
        assert _call(guest, "time", "timesOf", wrong) is None


def test_what_a_task_takes_is_told_in_words(guest: Visitor, shop: Site):
    schema = shop.ask("GET", "/tasks/thumbnail")["args"]
    found = {one["name"]: one for one in _call(guest, "schema", "argumentsOf", schema)}
    assert found["key"]["needed"]
    assert found["key"]["words"] == "string"
    assert list(_call(guest, "schema", "beginning", schema)) == [
        name for name, one in found.items() if one["needed"]
    ]


STAYS = {
    "a row with a key is the same row when others come before it": """(() => {
      const rows = (...keys) => h("ul", {}, keys.map((key) => h("li", { "data-key": key }, key)));
      patch(place, rows("b", "c"));
      const b = place.querySelector("[data-key=b]");
      patch(place, rows("a", "b", "d"));
      return b === place.querySelector("[data-key=b]") && place.textContent === "abd";
    })()""",
    "what is typed stays": """(() => {
      patch(place, h("input", { value: "" }));
      place.firstChild.value = "typed";
      patch(place, h("input", { value: "" }));
      return place.firstChild.value === "typed";
    })()""",
    "what is unfolded stays": """(() => {
      patch(place, h("details", {}, h("summary", {}, "x"), "1"));
      place.firstChild.open = true;
      patch(place, h("details", {}, h("summary", {}, "x"), "2"));
      return place.firstChild.open && place.textContent === "x2";
    })()""",
    "focus stays": """(() => {
      patch(place, [h("p", {}, "1"), h("button", {}, "x")]);
      place.querySelector("button").focus();
      patch(place, [h("p", {}, "2"), h("button", {}, "y")]);
      return document.activeElement === place.querySelector("button") && document.activeElement.textContent === "y";
    })()""",
    "the newest listener is the one that hears": """(() => {
      let heard = "";
      patch(place, h("button", { onclick: () => { heard += "old"; } }));
      patch(place, h("button", { onclick: () => { heard += "new"; } }));
      place.firstChild.click();
      patch(place, h("button", {}));
      place.firstChild.click();
      return heard === "new";
    })()""",
    "how far something is moves": """(() => {
      patch(place, h("progress", { max: 1, value: 0.2 }));
      patch(place, h("progress", { max: 1, value: 0.7 }));
      return place.firstChild.value === 0.7;
    })()""",
    "what is gone is gone": """(() => {
      patch(place, [h("p", { "data-key": "a" }, "a"), h("b", {}, "b"), "text"]);
      patch(place, [h("i", {}, "i")]);
      return place.innerText === "i" && place.childNodes.length === 1;
    })()""",
}  # fmt: skip


@pytest.mark.parametrize("script", STAYS.values(), ids=STAYS)
def test_a_page_that_looks_again_leaves_a_person_alone(guest: Visitor, script: str):
    assert guest.page.evaluate(PATCH % script, None) is True


@pytest.mark.parametrize(
    ("before", "after", "patch"),
    [
        ({"a": 1}, {"a": 1}, []),
        ({"a": 1}, {"a": 2}, [{"op": "replace", "path": "/a", "value": 2}]),
        (
            {"a": 1, "b": 2},
            {"b": 2, "c": None},
            [{"op": "remove", "path": "/a"}, {"op": "add", "path": "/c", "value": None}],
        ),
        ({"a/b~c": {"d": 1}}, {"a/b~c": {"d": 2}}, [{"op": "replace", "path": "/a~1b~0c/d", "value": 2}]),
        (
            {"user": "ann", "keys": ["[secret]", "x"]},
            {"user": "bo", "keys": ["[secret]", "y"]},
            [
                {"op": "replace", "path": "/user", "value": "bo"},
                {"op": "replace", "path": "/keys/1", "value": "y"},
            ],
        ),
        ({"a": [1]}, {"a": [1, 2]}, [{"op": "replace", "path": "/a", "value": [1, 2]}]),
    ],
)
def test_what_was_changed_is_a_patch_and_says_nothing_of_the_rest(
    guest: Visitor, before: Any, after: Any, patch: Any
):
    assert _call(guest, "differ", "differences", before, after) == patch


def test_what_stands_for_a_secret_is_never_sent(guest: Visitor):
    refused = """async (value) => {
      const { withoutHidden } = await import(new URL("dashboard/differ.js", location.href));
      try { withoutHidden(value, "args"); return ""; } catch (error) { return error.argument; }
    }"""
    assert guest.page.evaluate(refused, {"password": "[secret]"}) == "args"
    assert guest.page.evaluate(refused, [{"op": "add", "path": "/x", "value": ["[secret]"]}]) == "args"
    assert guest.page.evaluate(refused, {"note": "a [secret] note"}) == ""

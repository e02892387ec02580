"""The reference is the code's own words: nothing public is missing from it, and it says what the code says."""

import re

import chalicelib
import jobline.client
import jobline.testing
from chalicelib.entrypoints.api.problem_kinds import ALL_KINDS
from chalicelib.entrypoints.api.routes import ROUTES
from jobline.cli.main import COMMANDS
from press.markdown import Page
from press.reference import GENERATED, http, python, settings
from press.reference.python import prose
from press.reference.shapes import kind, shape
from tests.cost.test_features import UNITS

PAGES = {path: make() for path, make in GENERATED.items()}


def test_every_public_name_is_there_with_a_signature_or_fields_and_some_words():
    for path, module in (
        ("reference/python.md", chalicelib),
        ("reference/client.md", jobline.client),
        ("reference/testing.md", jobline.testing),
    ):
        entries = dict(re.findall(r"^## (\w+)\n\n(.*?)(?=^## |\Z)", PAGES[path], re.MULTILINE | re.DOTALL))
        assert set(module.__all__) <= set(entries), path
        assert [name for name, words in entries.items() if len(words) < 40] == [], path


def test_what_a_task_can_do_is_there_though_nobody_imports_it():
    for method in ("Task.delay", "Task.submit", "Task.map", "JobHandle.result", "Schedules.create"):
        assert f"\n### {method}\n" in PAGES["reference/python.md"]


def test_every_route_is_on_its_areas_page_and_in_the_overview_with_a_request_to_paste():
    for route in ROUTES:
        found = [path for path, text in PAGES.items() if f"\n## {route.method} {route.path}\n" in text]
        assert len(found) == 1, route.path
        assert f"[`{route.method} {route.path}`](" in PAGES["reference/http.md"]
        section = PAGES[found[0]].split(f"\n## {route.method} {route.path}\n")[1].split("\n## ")[0]
        assert "curl -sS" in section
        assert "| status | answer |" in section


def test_every_shape_that_a_page_names_is_on_that_page():
    for path in http.PAGES:
        page = Page(PAGES[path])
        named = {link.target.removeprefix("#") for link in page.links if link.target.startswith("#")}
        assert named <= page.anchors
        assert named or path.endswith("dashboard.md"), path


def test_a_value_is_told_in_few_words():
    assert kind({"anyOf": [{"type": "integer", "minimum": 1}, {"type": "null"}]}) == "integer ≥ 1 or null"
    assert (
        kind({"type": "array", "items": {"$ref": "#/components/schemas/State"}}) == "list of [State](#state)"
    )
    assert kind({"enum": ["high", "low"]}) == "`high` or `low`"
    told = shape(
        "Lane",
        {
            "properties": {"name": {"type": "string"}, "n": {"type": "integer", "default": 3}},
            "required": ["name"],
        },
    )
    assert "| `name` | string | required |" in told
    assert "| `n` | integer | default `3` |" in told


def test_every_command_and_its_options_are_there():
    page = PAGES["reference/cli.md"]
    for name in COMMANDS:
        assert f"\n## jobline {name}\n" in page
    assert "\n### jobline dead redrive\n" in page
    assert "`--dry-run`" in page


def test_every_variable_that_the_code_reads_is_explained_and_no_other():
    assert {*settings.FUNCTIONS, *settings.CALLERS} == settings.read_by_the_code()


def test_every_kind_of_problem_is_there():
    for one in ALL_KINDS:
        assert f"| {one.status} | `{one.type}` | {one.title} |" in PAGES["reference/problems.md"]


def test_every_feature_that_is_counted_is_there_with_its_price():
    rows = re.findall(
        r"^\| (.+?) \| ([\d.]+) \| [+-]?[\d.]+ \| ([\d.]+) \|$", PAGES["reference/cost.md"], re.MULTILINE
    )
    assert {name: float(count) for name, count, _ in rows} == UNITS
    assert ("a plain job", "3", "1.88") in rows


def test_a_docstring_becomes_markdown():
    told = prose(
        "A sentence.\n\n    x = 1\n\n    y = 2\n\nOptions:\n    name: what it is called\n        by others\n    size: how large"
    )

    assert told == (
        "A sentence.\n\n```python\nx = 1\n\ny = 2\n```\n\nOptions:\n\n- `name`: what it is called\n        by others\n- `size`: how large"
    )


def test_a_long_signature_has_a_line_for_each_parameter_and_no_self():
    assert "def publish(\n    topic: str,\n    payload: Any = None,\n    *,\n" in PAGES["reference/python.md"]
    assert not re.search(r"^\s*(def \w+\(|    )self\b", PAGES["reference/client.md"], re.MULTILINE)
    assert python.prose("") == ""

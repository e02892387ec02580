"""The examples of docs/security.md do what the page says."""

import re
from pathlib import Path

import pytest

from tests.support.pages import run

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "security.md").read_text(encoding="utf-8")
TABLE = PAGE.partition("## Line by line")[2].partition("\n## ")[0]
LINES = [line for line in TABLE.splitlines() if line.startswith("| ")][1:]
NAMED = sorted({*re.findall(r"(tests/[\w/]+\.py)::(\w+)", TABLE)})


def test_the_examples_of_the_page_run(tmp_path, monkeypatch):
    assert run("security.md", tmp_path, monkeypatch) == [
        "test_the_password_is_used_and_not_kept_in_the_error"
    ]


@pytest.mark.parametrize("line", LINES, ids=lambda line: line[2:60])
def test_each_line_names_what_holds_it_or_says_why_nothing_does(line):
    assert re.search(r"tests/[\w/]+\.py::test_\w+|not defended.*, because ", line), line


@pytest.mark.parametrize(("file", "name"), NAMED)
def test_what_the_page_names_is_there(file, name):
    assert re.search(rf"^ *def {name}\(", (ROOT / file).read_text(encoding="utf-8"), re.MULTILINE), (
        f"{file}::{name}"
    )


def test_the_table_is_whole():
    for risk in range(1, 11):
        assert f"| API{risk} " in TABLE
    assert len(LINES) > 35

"""The picture of a level's workflow in docs/workflows.md is the one that the crawler's tasks make."""

from dataclasses import replace
from pathlib import Path

from chalicelib.pipeline.workflows.mermaid import mermaid
from examples.crawler import tasks
from examples.crawler.frontier import Due, begin
from tests.support.flowchart import Flowchart

PAGE = Path(__file__).parents[2] / "docs" / "workflows.md"


def test_the_page_shows_a_level_as_it_is():
    start = begin("http://site.example", deepest=8, most=500)
    two = tuple(Due(url=f"http://site.example/{name}", depth=1) for name in "ab")
    text = mermaid(tasks._level(replace(start, todo=two), "summary.md").node(fed=False))
    assert f"```mermaid\n{text}```" in PAGE.read_text()
    assert [*Flowchart(text).boxes.values()].count("fetch_page") == 2

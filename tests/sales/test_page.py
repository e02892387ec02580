"""The picture of the report's workflow in docs/workflows.md is the one that its tasks make."""

from pathlib import Path

from chalicelib.pipeline.workflows.mermaid import mermaid
from examples.sales.tasks import report_sales
from tests.support.flowchart import Flowchart

PAGE = Path(__file__).parents[2] / "docs" / "workflows.md"


def test_the_page_shows_the_workflow_as_it_is():
    text = mermaid(report_sales("sales.csv", "build/sales", "manager@sales.example").node(fed=False))
    assert f"```mermaid\n{text}```" in PAGE.read_text()
    assert len(Flowchart(text).boxes) == 7

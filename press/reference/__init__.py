"""The pages that nobody writes: made from docstrings, the OpenAPI document, the commands' own help and the code's tables.

They are made anew for every build and every check, and are in no commit.
"""

from collections.abc import Callable, Mapping

from press.reference import cli, cost, http, problems, python, settings

GENERATED: Mapping[str, Callable[[], str]] = {
    "reference/python.md": python.tasks,
    "reference/client.md": python.client,
    "reference/testing.md": python.testing,
    "reference/http.md": http.overview,
    **http.PAGES,
    "reference/cli.md": cli.page,
    "reference/settings.md": settings.page,
    "reference/problems.md": problems.page,
    "reference/cost.md": cost.page,
}
"""Path from docs/ to what makes the page."""

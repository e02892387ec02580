"""axe, in a world of its own beside the page's: same document, other globals, so that the page's policy and its held clock stay as they are."""

from typing import Any

from axe_playwright_python.base import AXE_SCRIPT
from playwright.sync_api import Page

RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa"]
COLOURS = ["color-contrast", "link-in-text-block"]
"""The rules that another set of colours could break; all others have said the same about the same document."""


class Axe:
    """Of one page. Its world is gone with the document, so this is made anew after a reload."""

    def __init__(self, page: Page) -> None:
        self._line = page.context.new_cdp_session(page)
        frame = self._line.send("Page.getFrameTree")["frameTree"]["frame"]["id"]
        self._world = self._line.send("Page.createIsolatedWorld", {"frameId": frame, "worldName": "axe"})[
            "executionContextId"
        ]
        self._evaluate(AXE_SCRIPT + "; null")

    def violations(self, only: list[str] = RULES) -> list[str]:
        """What is wrong with the document as it is now, by these tags or rules: rule, element, why."""
        run = f"axe.run(document, {{runOnly: {only!r}, resultTypes: ['violations']}})"
        return [
            f"{rule['id']}: {node['target']} {node['failureSummary']}"
            for rule in self._evaluate(run)["violations"]
            for node in rule["nodes"]
        ]

    def _evaluate(self, expression: str) -> Any:
        answer = self._line.send(
            "Runtime.evaluate",
            {
                "expression": expression,
                "contextId": self._world,
                "awaitPromise": True,
                "returnByValue": True,
            },
        )
        if "exceptionDetails" in answer:
            raise AssertionError(answer["exceptionDetails"])
        return answer["result"].get("value")

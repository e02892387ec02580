"""Chalice's local server, taught what API Gateway knows: `{proxy+}` stands for the rest of a path, however long.

Chalice 1.34 deploys greedy paths as they are, but its local server matches part by part and answers 403 to longer ones
(aws/chalice#2118). This patches a private part of it: it is pinned with chalice in requirements-dev.in and held by tests/api.
"""

from typing import Any

from chalice.compat import parse_qs, urlparse
from chalice.local import MatchResult, RouteMatcher

GREEDY = "/{proxy+}"

_match_route = RouteMatcher.match_route


def match_route(self: Any, url: str) -> Any:
    """The route of a URL; the greedy one when no other fits. Raises ValueError when there is none."""
    try:
        return _match_route(self, url)
    except ValueError:
        if GREEDY not in self.route_urls:
            raise
    parsed = urlparse(url)
    return MatchResult(
        GREEDY, {"proxy": parsed.path.lstrip("/")}, parse_qs(parsed.query, keep_blank_values=True)
    )


def install() -> None:
    """Let every local server and test client of this process match so. Once or many times is the same."""
    RouteMatcher.match_route = match_route  # type: ignore[method-assign] # there is no other way in

"""The dashboard's files, to anybody: they hold nothing of a stage. What they show they ask the API for, with the key that a person gives them.

A browser may keep them, and asks each time whether they are still the same: after a deploy nobody has a mixture of old and new ones.
"""

from chalicelib import dashboard
from chalicelib.domain.errors import NotFound
from chalicelib.entrypoints.api.answer import Answer
from chalicelib.entrypoints.api.request import Request


def show_dashboard(request: Request) -> Answer:
    """The page."""
    return _file(dashboard.PAGE, request)


def show_dashboard_file(request: Request) -> Answer:
    """A part of it. Raises `NotFound`."""
    name = request.name("file")
    if name not in dashboard.FILES:
        raise NotFound("the dashboard has no such file")
    return _file(name, request)


def _file(name: str, request: Request) -> Answer:
    tag = dashboard.tag(name)
    headers = {"Content-Security-Policy": dashboard.CSP, "Cache-Control": "no-cache", "ETag": tag}
    known = [one.strip().removeprefix("W/") for one in (request.header("If-None-Match") or "").split(",")]
    same = tag in known
    return Answer(
        status=304 if same else 200,
        body="" if same else dashboard.text(name),
        content_type=dashboard.FILES[name],
        headers=headers,
    )

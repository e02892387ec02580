"""The dashboard's files, to anybody: they hold nothing of a stage. What they show they ask the API for, with the key that a person gives them."""

from chalicelib import dashboard
from chalicelib.domain.errors import NotFound
from chalicelib.entrypoints.api.answer import Answer
from chalicelib.entrypoints.api.request import Request


def show_dashboard(request: Request) -> Answer:  # noqa: ARG001 - the page is everybody's
    """The page."""
    return _file(dashboard.PAGE)


def show_dashboard_file(request: Request) -> Answer:
    """A part of it. Raises `NotFound`."""
    name = request.name("file")
    if name not in dashboard.FILES:
        raise NotFound("the dashboard has no such file")
    return _file(name)


def _file(name: str) -> Answer:
    headers = {"Content-Security-Policy": dashboard.CSP}
    return Answer(status=200, body=dashboard.text(name), content_type=dashboard.FILES[name], headers=headers)

"""The API about itself: OpenAPI for programs, a page for people. Only who has a key is shown the tasks.

What is needed for that is imported here, when somebody asks: a cold start need not pay for it.
"""

from typing import Any

from chalicelib.entrypoints.api.answer import Answer
from chalicelib.entrypoints.api.request import Request


def show_openapi(request: Request) -> Answer:
    """This API as an OpenAPI 3.1 document."""
    return Answer(status=200, body=_document(request))


def show_docs(request: Request) -> Answer:
    """This API as a page."""
    from chalicelib.entrypoints.api.docs import CSP, page

    return Answer(
        status=200,
        body=page(_document(request)),
        content_type="text/html; charset=utf-8",
        headers={"Content-Security-Policy": CSP},
    )


def _document(request: Request) -> dict[str, Any]:
    from chalicelib.entrypoints.api.openapi import openapi
    from chalicelib.entrypoints.api.routes import ROUTES

    return openapi(ROUTES, tasks=() if request.key is None else request.parts.registry)

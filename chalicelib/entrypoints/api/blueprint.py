"""Chalice's side: the paths are registered, its requests become ours, our answers become its responses."""

from collections.abc import Callable
from typing import Any

from chalice import Blueprint, Response

from chalicelib.adapters import json_log
from chalicelib.entrypoints.api import door
from chalicelib.entrypoints.api.answer import SAFE, Answer
from chalicelib.entrypoints.api.problem import problem
from chalicelib.entrypoints.api.request import Raw
from chalicelib.entrypoints.api.routes import METHODS, PATHS, routes_of

ELSEWHERE = ("/", "/{proxy+}")
"""The root and, greedily, every path that no route has: API Gateway would answer 403 for them by itself."""

api = Blueprint(__name__)


@api.middleware("http")
def enter(request: Any, get_response: Callable[[Any], Response]) -> Response:  # noqa: ARG001 - the framework's signature
    """Answer every request.

    A middleware and no view, since Chalice asks no view when the method is unknown, and then answers in words of its own.
    """
    json_log.configure()
    if request is None:
        return _response(problem(ValueError("not a request of a REST API"), "-"))
    raw = _raw(request)
    return _response(door.answer(raw), bare=raw.method == "HEAD")


def behind(**names: str) -> Response:
    """The view that Chalice wants for each path. Nobody gets here: `enter` is before it."""
    raise AssertionError(f"a request went past the middleware: {names}")


routes_of("jobs")  # now, and not by the first request: a start has more processor than an event
for _path in (*PATHS, *ELSEWHERE):
    api.route(_path, methods=[*METHODS], content_types=[], name=f"api {_path}")(behind)


def _raw(request: Any) -> Raw:
    return Raw(
        id=getattr(request.lambda_context, "aws_request_id", "-"),
        method=request.method,
        path=request.path,
        names=dict(request.uri_params or {}),
        query={name: request.query_params.getlist(name) for name in request.query_params or ()},
        headers=_headers(request),
        body=bytes(request.raw_body),
        signer=_signer(request.context),
        prefix=_prefix(request.context.get("path") or request.path, request.path),
    )


def _headers(request: Any) -> dict[str, str]:
    """The last value of each, as API Gateway has it; but of a credential all: two of them are none (RFC 9110, section 5.3)."""
    headers = dict(request.headers)
    every = request.to_original_event().get("multiValueHeaders") or {}
    if "authorization" in headers:
        given = [one for name, values in every.items() if name.lower() == "authorization" for one in values]
        headers["authorization"] = ", ".join(given) if len(given) > 1 else headers["authorization"]
    return headers


def _signer(context: Any) -> str | None:
    """Who signed, by API Gateway's word: it alone writes this part of an event."""
    arn = (context.get("identity") or {}).get("userArn")
    return arn if isinstance(arn, str) else None


def _prefix(whole: str, path: str) -> str:
    """What stands before the route's path in the URL: `/api` in `/api/jobs/01J…` for `/jobs/{id}`."""
    return "/".join(whole.rstrip("/").split("/")[: -path.count("/")])


def _response(answer: Answer, *, bare: bool = False) -> Response:
    headers: dict[str, str | list[str]] = {**SAFE, **answer.headers, "Content-Type": answer.content_type}
    return Response(body="" if bare else answer.text(), status_code=answer.status, headers=headers)

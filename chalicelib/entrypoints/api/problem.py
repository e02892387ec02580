"""Errors as RFC 9457 problem details: what the caller needs to mend the request, and nothing that is not his business."""

import logging
import math
from typing import Annotated, NotRequired, TypedDict

from msgspec import Meta

from chalicelib.domain.errors import Denied, Throttled
from chalicelib.entrypoints.api.answer import Answer
from chalicelib.entrypoints.api.problem_kinds import INTERNAL, UNAUTHENTICATED, UNAVAILABLE, Kind, kind_of
from chalicelib.entrypoints.api.refusals import MethodNotAllowed

log = logging.getLogger(__name__)

MEDIA_TYPE = "application/problem+json"
MOST_CHARS = 300
"""Of a detail: it repeats no more than a little of what was sent."""

RETRY_AFTER = "1"
"""Seconds. Throttling and fail-overs pass within seconds; clients add jitter of their own."""


class Problem(TypedDict):
    """RFC 9457 problem details, with what helps to mend the request or to find it in the log."""

    type: Annotated[str, Meta(description="names the kind of problem; see the list in /docs")]
    title: str
    status: int
    detail: str
    argument: NotRequired[
        Annotated[str, Meta(description="what is wrong, as the caller wrote it: args.width, limit, Prefer")]
    ]
    request_id: Annotated[str, Meta(description="how the log knows this request")]
    retry_after: NotRequired[Annotated[int, Meta(description="seconds until the request can be accepted")]]
    checks: NotRequired[
        Annotated[dict[str, str], Meta(description="of /health: what is well and what is not")]
    ]


def problem(error: Exception, request_id: str) -> Answer:
    """The answer that tells the caller. What is not the caller's business is logged and not told."""
    kind = kind_of(error)
    if kind is INTERNAL:
        log.error("request %s failed", request_id, exc_info=error, extra={"request_id": request_id})
    elif kind is UNAVAILABLE:
        log.warning(
            "request %s could not be served now: %s", request_id, error, extra={"request_id": request_id}
        )
    body = details(kind, _detail(kind, error), request_id, argument=getattr(error, "argument", None))
    if isinstance(error, Throttled):
        body["retry_after"] = _seconds(error)
    return Answer(
        status=kind.status,
        body=body,
        headers=_headers(kind, error),
        content_type=MEDIA_TYPE,
    )


def details(kind: Kind, detail: str, request_id: str, *, argument: str | None = None) -> Problem:
    """The problem's members."""
    body: Problem = {
        "type": kind.type,
        "title": kind.title,
        "status": kind.status,
        "detail": detail[:MOST_CHARS],
        "request_id": request_id,
    }
    return body if argument is None else {**body, "argument": argument[:MOST_CHARS]}


def _detail(kind: Kind, error: Exception) -> str:
    if kind is UNAVAILABLE:
        return "a service that this request needs did not answer"
    if kind is INTERNAL:
        return "the request met an error that is not the caller's"
    return str(error)


def _headers(kind: Kind, error: Exception) -> dict[str, str]:
    headers: dict[str, str] = {}
    if kind is UNAVAILABLE:
        headers["Retry-After"] = RETRY_AFTER
    challenge = error.challenge if isinstance(error, Denied) else ""
    if kind is UNAUTHENTICATED or challenge:
        headers["WWW-Authenticate"] = ", ".join(filter(None, ('Bearer realm="jobline"', challenge)))
    if isinstance(error, Throttled):
        headers["Retry-After"] = str(_seconds(error))
    if isinstance(error, MethodNotAllowed):
        headers["Allow"] = ", ".join(error.allow)
    return headers


def _seconds(error: Throttled) -> int:
    """How long to wait: a second too long rather than a moment too short."""
    return max(1, math.ceil(error.after.total_seconds()))

"""Errors as RFC 9457 problem details: one table says which status, type and title each of our errors has."""

import logging
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any, NotRequired, TypedDict

from msgspec import Meta

from chalicelib.domain.errors import (
    CallerError,
    Conflict,
    Denied,
    InvalidInput,
    KeyReused,
    NewerRow,
    NotFound,
    NotPossible,
    TooLarge,
    Unavailable,
    UnknownTask,
)
from chalicelib.entrypoints.api.answer import Answer
from chalicelib.entrypoints.api.refusals import (
    MalformedBody,
    MethodNotAllowed,
    NoSuchRoute,
    UnsupportedMediaType,
)

log = logging.getLogger(__name__)

MEDIA_TYPE = "application/problem+json"
MOST_CHARS = 300
"""Of a detail: it repeats no more than a little of what was sent."""

RETRY_AFTER = "1"
"""Seconds. Throttling and fail-overs pass within seconds; clients add jitter of their own."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Kind:
    """One kind of problem. `mend` tells the caller what to do."""

    status: int
    slug: str
    title: str
    mend: str

    @property
    def type(self) -> str:
        """The URI that names the kind. It is a name, not an address: /docs explains each."""
        return f"urn:jobline:problem:{self.slug}"


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
    checks: NotRequired[
        Annotated[dict[str, str], Meta(description="of /health: what is well and what is not")]
    ]


def _kind(status: int, slug: str, title: str, mend: str) -> Kind:
    return Kind(status=status, slug=slug, title=title, mend=mend)


UNAUTHENTICATED = _kind(
    401, "unauthenticated", "An API key is needed", "Send `Authorization: Bearer <key>` with a valid key."
)
UNAVAILABLE = _kind(
    503,
    "unavailable",
    "Try again",
    "Wait `Retry-After` seconds. With an Idempotency-Key a repeated POST is safe.",
)
INTERNAL = _kind(
    500, "internal", "Something went wrong here", "Tell the operator the request_id: the log has the rest."
)

KINDS: Mapping[type[Exception], Kind] = {
    CallerError: _kind(400, "bad-request", "The request is wrong", "Mend the request."),
    MalformedBody: _kind(400, "malformed-body", "The body is not JSON", "Send one JSON object in UTF-8."),
    Denied: _kind(
        403, "forbidden", "The API key may not do this", "Use a key with the scope that the route needs."
    ),
    NotFound: _kind(
        404, "not-found", "There is no such thing", "Check the id. Finished jobs are forgotten after a time."
    ),
    NoSuchRoute: _kind(404, "no-such-route", "There is no such route", "See /docs for the routes."),
    MethodNotAllowed: _kind(
        405, "method-not-allowed", "The path does not take this method", "See the Allow header."
    ),
    Conflict: _kind(
        409, "conflict", "The request contradicts what is recorded", "Read what is recorded first."
    ),
    KeyReused: _kind(
        409,
        "key-reused",
        "The idempotency key stands for another request",
        "Use a new key for a new request.",
    ),
    NotPossible: _kind(
        409, "not-possible", "The job's state does not allow this", "Read the job to see its state."
    ),
    TooLarge: _kind(413, "too-large", "Too many bytes", "Put large data into S3 and send its address."),
    UnsupportedMediaType: _kind(
        415,
        "unsupported-media-type",
        "The body is not said to be JSON",
        "Send `Content-Type: application/json`, uncompressed.",
    ),
    InvalidInput: _kind(422, "invalid-input", "Invalid input", "Mend the argument that `argument` names."),
    UnknownTask: _kind(422, "unknown-task", "No task has this name", "See GET /tasks for the names."),
    Unavailable: UNAVAILABLE,
    NewerRow: UNAVAILABLE,  # a deployment is going on: the next function instance can read it
}
"""Each `CallerError` has its own line; of other errors only those that waiting mends are told from the rest."""

ALL_KINDS = tuple(
    sorted({*KINDS.values(), UNAUTHENTICATED, INTERNAL}, key=lambda kind: (kind.status, kind.slug))
)


def kind_of(error: Exception) -> Kind:
    """The nearest kind."""
    if isinstance(error, Denied) and not error.known:
        return UNAUTHENTICATED
    return next((KINDS[base] for base in type(error).__mro__ if base in KINDS), INTERNAL)


def problem(error: Exception, request_id: str) -> Answer:
    """The answer that tells the caller. What is not the caller's business is logged and not told."""
    kind = kind_of(error)
    if kind is INTERNAL:
        log.error("request %s failed", request_id, exc_info=error, extra={"request_id": request_id})
    elif kind is UNAVAILABLE:
        log.warning(
            "request %s could not be served now: %s", request_id, error, extra={"request_id": request_id}
        )
    return Answer(
        status=kind.status,
        body=details(kind, _detail(kind, error), request_id, argument=getattr(error, "argument", None)),
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
    headers: dict[str, Any] = {}
    if kind is UNAVAILABLE:
        headers["Retry-After"] = RETRY_AFTER
    if kind is UNAUTHENTICATED:
        headers["WWW-Authenticate"] = 'Bearer realm="jobline"'
    if isinstance(error, MethodNotAllowed):
        headers["Allow"] = ", ".join(error.allow)
    return headers

"""The kinds of problem: one table says which status, type, title and advice each of our errors has."""

from collections.abc import Mapping

from chalicelib.domain.errors import (
    CallerError,
    Conflict,
    Denied,
    InvalidInput,
    KeyReused,
    KeyUnavailable,
    NewerRow,
    NotFound,
    NotPossible,
    NotUnique,
    OverBudget,
    OverQuota,
    Throttled,
    TooLarge,
    Unavailable,
    UnknownTask,
)
from chalicelib.domain.lean import dataclass
from chalicelib.entrypoints.api.refusals import (
    MalformedBody,
    MethodNotAllowed,
    NoSuchRoute,
    UnsupportedMediaType,
)


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
    NotUnique: _kind(
        409,
        "not-unique",
        "A job with the same key is there",
        "Ask for the job that `detail` names, or wait for its end.",
    ),
    OverQuota: _kind(
        409,
        "over-quota",
        "The tenant's quota does not allow this",
        "Ask for less, take some away, or have the quota that `detail` names changed.",
    ),
    Throttled: _kind(
        429,
        "throttled",
        "Too many for now",
        "Wait `Retry-After` seconds, which `retry_after` repeats.",
    ),
    OverBudget: _kind(
        429,
        "over-budget",
        "A budget is spent",
        "Ask an administrator to raise the budget that `detail` names, or wait until its day or month is over.",
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
    KeyUnavailable: UNAVAILABLE,
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

"""One place where an error of boto3 becomes one of ours.

- throttling, 5xx, timeouts, connections that broke, answers that are none -> `Unavailable`: whether the call took effect is unknown
- everything else (no right, no such table, a bad request, no credentials) -> `ServiceRefused`: waiting does not mend it
- a condition that did not hold is an answer, not an error: the caller of `calling` catches it inside
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from botocore.exceptions import (
    BotoCoreError,
    ClientError,
    NoCredentialsError,
    NoRegionError,
    ParamValidationError,
    PartialCredentialsError,
)
from botocore.parsers import ResponseParserError

from chalicelib.domain.errors import ServiceRefused, Unavailable

PASSING = frozenset(
    {
        "InternalServerError",
        "InternalFailure",
        "InternalError",
        "ServiceUnavailable",
        "ProvisionedThroughputExceededException",
        "RequestLimitExceeded",
        "RequestThrottled",
        "RequestThrottledException",
        "SlowDown",
        "Throttling",
        "ThrottlingException",
        "TooManyRequestsException",
        "TransactionConflictException",
        "LimitExceededException",
        "KmsThrottled",
        "OverLimit",
        "ResourceConflictException",
        "ResourceInUseException",
        "RequestTimeout",
    }
)
"""Error codes that pass by themselves: https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Programming.Errors.html
and the same of SQS and S3."""

LASTING = (NoCredentialsError, NoRegionError, ParamValidationError, PartialCredentialsError)
"""What boto3 says before it asks anybody, and will say again."""


REFUSED = "ConditionalCheckFailedException"


def code_of(error: ClientError) -> str:
    """The service's word for the error."""
    return error.response.get("Error", {}).get("Code", "")


def refusing_row(error: ClientError) -> Mapping[str, Any] | None:
    """The row that refused a condition, None if there is none. Raises any other error again."""
    if code_of(error) != REFUSED:
        raise error
    item: Any = error.response.get("Item")
    return item or None


@contextmanager
def calling(what: str) -> Iterator[None]:
    """Translate what boto3 raises inside. `what` says for the log which call it was."""
    try:
        yield
    except ClientError as error:
        status = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
        if code_of(error) in PASSING or status >= 500:
            raise Unavailable(f"{what}: {error}") from error
        raise ServiceRefused(f"{what}: {error}") from error
    except LASTING as error:
        raise ServiceRefused(f"{what}: {error}") from error
    except (BotoCoreError, ResponseParserError) as error:
        raise Unavailable(f"{what}: {error}") from error

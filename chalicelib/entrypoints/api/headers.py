"""What two request headers ask for: `Prefer: wait=N` (RFC 7240) and `Idempotency-Key`."""

import re
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from chalicelib.domain.errors import InvalidInput
from chalicelib.pipeline.check_how import MAX_KEY_CHARS

LONGEST_WAIT = timedelta(seconds=25)
"""API Gateway ends a request after 29 s: https://docs.aws.amazon.com/apigateway/latest/developerguide/limits.html"""


SCHEMAS: Mapping[str, Mapping[str, Any]] = {
    "Idempotency-Key": {"type": "string", "minLength": 1, "maxLength": MAX_KEY_CHARS, "pattern": "^[ -~]+$"},
    "Accept": {"type": "string"},
    "Prefer": {"type": "string", "examples": ["wait=10"]},
    "If-None-Match": {"type": "string"},
}
"""What they may hold, for the documentation."""


def wish_to_wait(prefer: str | None) -> timedelta | None:
    """How long the caller prefers to wait, at most `LONGEST_WAIT`. Other preferences are ignored, as the RFC asks.

    Raises `InvalidInput` for a wait that is no whole number of seconds.
    """
    for preference in (prefer or "").split(","):
        name, _, value = preference.partition(";")[0].partition("=")
        if name.strip().lower() != "wait":
            continue
        seconds = value.strip().strip('"')
        if not re.fullmatch(r"[0-9]{1,9}", seconds, re.ASCII):
            raise InvalidInput("Prefer", f"wait={seconds[:40]!r} is not a whole number of seconds")
        return min(timedelta(seconds=int(seconds)), LONGEST_WAIT)
    return None


def idempotency_key(given: str | None) -> str | None:
    """The key as it stands there, quotes and all. Raises `InvalidInput`."""
    if given is None:
        return None
    if not (1 <= len(given) <= MAX_KEY_CHARS and given.isascii() and given.isprintable()):
        raise InvalidInput("Idempotency-Key", f"not 1 to {MAX_KEY_CHARS} printable ASCII characters")
    return given

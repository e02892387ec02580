"""For whoever receives webhooks: is this message Jobline's, and new? By https://www.standardwebhooks.com/, with the standard library alone.

from jobline.client.webhooks import WrongSignature, verify

@app.post("/jobline")
def told():
    message = verify(secret, request.headers, request.get_data())
"""

import base64
import binascii
import hmac
import json
import time
from collections.abc import Mapping
from typing import Any

PREFIX = "whsec_"
TOLERANCE = 300.0
"""Seconds by which a message may be old, or its sender's clock ahead."""


class WrongSignature(ValueError):
    """Not signed with this secret, not now, or not at all: answer 400, and do nothing."""


def verify(
    secret: str,
    headers: Mapping[str, str],
    body: bytes | str,
    *,
    tolerance: float = TOLERANCE,
    now: float | None = None,
) -> dict[str, Any]:
    """The message, once its signature holds. `body` is what came, raw, before any JSON parser had it.

    `headers` in any spelling. `now`: seconds since 1970, for tests. It may come again: remember the `webhook-id`s that you have seen.
    Raises `WrongSignature`; ValueError for a secret that is none.
    """
    key = _key(secret)
    told = {name.lower(): value for name, value in headers.items()}
    message_id, sent, given = (_header(told, name) for name in ("id", "timestamp", "signature"))
    _check_time(sent, now=time.time() if now is None else now, tolerance=tolerance)
    raw = body.encode() if isinstance(body, str) else body
    wanted = hmac.digest(key, f"{message_id}.{sent}.".encode() + raw, "sha256")
    if not any(hmac.compare_digest(wanted, one) for one in _signatures(given)):
        raise WrongSignature("webhook-signature: not signed with this secret")
    message: dict[str, Any] = json.loads(raw)
    return message


def _key(secret: str) -> bytes:
    try:
        key = base64.b64decode(secret.removeprefix(PREFIX), validate=True)
    except binascii.Error as error:
        raise ValueError("secret: not one of Jobline's, whsec_...") from error
    if not key:  # nothing set where a secret should be: anybody could sign with that
        raise ValueError("secret: it is empty")
    return key


def _header(told: Mapping[str, str], name: str) -> str:
    value = told.get(f"webhook-{name}")
    if not value:
        raise WrongSignature(f"webhook-{name}: there is no such header")
    return value


def _check_time(sent: str, *, now: float, tolerance: float) -> None:
    if not (sent.isascii() and sent.isdecimal()):
        raise WrongSignature("webhook-timestamp: no number")
    if abs(now - int(sent)) > tolerance:
        raise WrongSignature("webhook-timestamp: too old, or from the future")


def _signatures(given: str) -> list[bytes]:
    """Those of the version that is known. While secrets change there are two."""
    found = []
    for one in given.split(" "):
        version, _, text = one.partition(",")
        if version == "v1":
            try:
                found.append(base64.b64decode(text, validate=True))
            except ValueError:  # not base64, or not ASCII: no signature of anybody's
                continue
    return found

"""Cursors as clients hold them: opaque, and refused when they are not what a page gave."""

import base64
import binascii
import hashlib

from chalicelib.domain.errors import InvalidInput

_CHECK = 4
"""Bytes of check sum: it catches what was cut or mistyped. It is no secret; every page is filtered by tenant anyway."""


def wrap(place: str | None) -> str | None:
    """The cursor for a place in a listing."""
    if place is None:
        return None
    body = place.encode()
    return base64.urlsafe_b64encode(_sum(body) + body).decode().rstrip("=")


def unwrap(cursor: str | None) -> str | None:
    """The place that a cursor stands for. Raises `InvalidInput`."""
    if cursor is None:
        return None
    try:
        padded = cursor.encode("ascii") + b"=" * (-len(cursor) % 4)
        found = base64.b64decode(padded, altchars=b"-_", validate=True)
        check, body = found[:_CHECK], found[_CHECK:]
        if body and check == _sum(body):
            return body.decode()
    except (ValueError, binascii.Error):
        pass
    raise InvalidInput("cursor", "not one that a page gave")


def _sum(body: bytes) -> bytes:
    return hashlib.sha256(body).digest()[:_CHECK]

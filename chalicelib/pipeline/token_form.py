"""What a bearer token is before a word of it is believed: three parts of strict base64url, and a header that names the pinned algorithm and a key.

A header that brings a key along, or says where one is, or asks for something that has to be understood, is refused and not passed over.
"""

import base64
from collections.abc import Mapping
from typing import Any

from chalicelib.domain.errors import InvalidInput
from chalicelib.domain.late import regex
from chalicelib.pipeline import strict_json
from chalicelib.pipeline.trust import TokenRefused

MOST_CHARS = 8192
MOST_HEADER = 2048
MOST_KID = 256
TYPES = frozenset({"jwt", "at+jwt", "application/at+jwt"})
"""What a token may say that it is (RFC 7519, RFC 9068), in lower case. An ID token for logging out, or a proof of possession, is none."""

REFUSED = frozenset({"jku", "jwk", "x5u", "x5c", "crit", "b64", "zip", "enc", "cty"})

_PART = regex(r"[A-Za-z0-9_-]+")


def kid_of(token: str, algorithm: str) -> str:
    """The name of the key that the token says it is signed with. Raises `TokenRefused`."""
    if len(token) > MOST_CHARS:
        raise TokenRefused("too long")
    parts = token.split(".")
    if len(parts) != 3:
        raise TokenRefused("not three parts")
    header, *_ = [_bytes(part) for part in parts]
    said = an_object(header, MOST_HEADER)
    if found := REFUSED & said.keys():
        raise TokenRefused(f"its header has {min(found)}")
    if said.get("alg") != algorithm:
        raise TokenRefused("another algorithm")
    kind = said.get("typ", "JWT")
    if not isinstance(kind, str) or kind.lower() not in TYPES:
        raise TokenRefused("another type")
    kid = said.get("kid")
    if not isinstance(kid, str) or not 1 <= len(kid) <= MOST_KID:
        raise TokenRefused("names no key")
    return kid


def an_object(text: bytes, limit: int) -> Mapping[str, Any]:
    """The JSON object, read strictly. Raises `TokenRefused`."""
    try:
        value = strict_json.read(text, name="token", limit=limit)
    except InvalidInput as error:
        raise TokenRefused("no strict JSON") from error
    if not isinstance(value, dict):
        raise TokenRefused("no JSON object")
    return value


def _bytes(part: str) -> bytes:
    """A part's bytes; each sequence of bytes has one spelling, and no other is taken."""
    if not _PART.fullmatch(part) or len(part) % 4 == 1:
        raise TokenRefused("no base64url")
    found = base64.urlsafe_b64decode(part + "=" * (-len(part) % 4))
    if base64.urlsafe_b64encode(found).rstrip(b"=").decode() != part:
        raise TokenRefused("another spelling of its base64url")
    return found

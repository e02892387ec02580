"""Signatures of webhooks, as https://www.standardwebhooks.com/ has them: HMAC-SHA256 over id, time and body, with the endpoint's secret."""

import base64
import hashlib
import hmac
from collections.abc import Iterable

PREFIX = "whsec_"


def make_secret(randomness: bytes) -> str:
    """A secret: 32 bytes of chance, as receivers' libraries take it."""
    return PREFIX + base64.b64encode(hashlib.sha256(randomness).digest()).decode()


def sign(secret: str, *, message_id: str, timestamp: int, body: str) -> str:
    """One signature: `v1,` and the HMAC."""
    key = base64.b64decode(secret.removeprefix(PREFIX))
    made = hmac.digest(key, f"{message_id}.{timestamp}.{body}".encode(), "sha256")
    return f"v1,{base64.b64encode(made).decode()}"


def signatures(secrets: Iterable[str], *, message_id: str, timestamp: int, body: str) -> str:
    """The header's value: one signature for each secret that holds, since a receiver may know the old one or the new."""
    return " ".join(sign(one, message_id=message_id, timestamp=timestamp, body=body) for one in secrets)

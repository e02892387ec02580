"""What both clients make of httpx: how it is set up, and how its answers are read."""

from datetime import timedelta
from typing import Any
from urllib.parse import urlsplit

import httpx

from jobline.client.talk import Reply

TIMEOUT = 30.0
"""Seconds; API Gateway answers within 29."""


MERMAID = "text/vnd.mermaid"
"""The one text that the API answers with besides JSON."""

LOCAL = frozenset({"127.0.0.1", "localhost", "::1"})
"""This machine, by its names."""


def options(url: str, key: str, further: dict[str, Any]) -> dict[str, Any]:
    """How the client is set up. Raises ValueError for an address that cannot be one, or would carry the key in the clear."""
    parts = urlsplit(url)
    local = parts.hostname in LOCAL
    if parts.scheme not in {"http", "https"} or not parts.hostname:
        raise ValueError(f"url: {url!r} is no http(s) address")
    if parts.scheme == "http" and not local:
        raise ValueError("url: the key would go over the wire in the clear; use https")
    if not key or not key.isascii() or not key.isprintable():
        raise ValueError("key: not an API key")
    headers = {"Authorization": f"Bearer {key}", **dict(further.pop("headers", {}))}
    # A proxy is for the world outside; on the loopback address it could not even find the API.
    return {
        "base_url": url.rstrip("/"),
        "timeout": TIMEOUT,
        "trust_env": not local,
        **further,
        "headers": headers,
    }


def reply_of(answer: httpx.Response) -> Reply:
    """The answer, read. One that says it is JSON and is not came from something that stands in between."""
    if answer.status_code == 204:  # nothing to say, and that is the answer
        return Reply(status=204, headers=answer.headers)
    if answer.is_success and answer.headers.get("content-type", "").startswith(MERMAID):
        return Reply(status=answer.status_code, document=answer.text, headers=answer.headers)
    try:
        document = answer.json()
    except ValueError:
        document = answer.text
        if answer.is_success:
            return Reply(status=None, why=f"{answer.status_code} with a body that is not JSON")
    return Reply(status=answer.status_code, document=document, headers=answer.headers)


def unanswered(error: httpx.TransportError) -> Reply:
    """Nobody answered."""
    return Reply(status=None, why=f"{type(error).__name__}: {error}")


def seconds(timeout: float | timedelta | None) -> float | None:
    """A timeout in seconds."""
    return timeout.total_seconds() if isinstance(timeout, timedelta) else timeout

"""What both clients make of httpx: how it is set up, what a request becomes, and how answers are read."""

import os
from collections.abc import Callable
from datetime import timedelta
from typing import Any, Generic, TypeVar
from urllib.parse import urlsplit

import httpx

from jobline.client.talk import Ask, Reply

C = TypeVar("C")

TIMEOUT = 30.0
"""Seconds; API Gateway answers within 29."""

AGENT = "jobline-client/0.1.0"
"""Who asks, unless `headers` say otherwise."""

MERMAID = "text/vnd.mermaid"
"""The one text that the API answers with besides JSON."""

LOCAL = frozenset({"127.0.0.1", "localhost", "::1"})
"""This machine, by its names."""


def options(url: str, key: str | None, further: dict[str, Any]) -> dict[str, Any]:
    """How the client is set up; without a key there is an `auth` of httpx's. Raises ValueError for an address that cannot be one, or would carry the key in the clear."""
    parts = urlsplit(url)
    local = parts.hostname in LOCAL
    if parts.scheme not in {"http", "https"} or not parts.hostname:
        raise ValueError(f"url: {url!r} is no http(s) address")
    if parts.scheme == "http" and not local:
        raise ValueError("url: the key would go over the wire in the clear; use https")
    signed = key is None and further.get("auth") is not None
    if not signed and (not key or not key.isascii() or not key.isprintable()):
        raise ValueError("key: not an API key")
    own = {} if signed else {"Authorization": f"Bearer {key}"}
    headers = {"User-Agent": AGENT, **own, **dict(further.pop("headers", {}))}
    # A proxy is for the world outside; on the loopback address it could not even find the API.
    return {
        "base_url": url.rstrip("/"),
        "timeout": TIMEOUT,
        "trust_env": not local,
        **further,
        "headers": headers,
    }


class Connections(Generic[C]):
    """A client's httpx: made at once, and made again in a process that was forked off, since two processes cannot share a connection."""

    def __init__(self, make: Callable[[], C]) -> None:
        self._make = make
        self._open: tuple[int, C] | None = (os.getpid(), make())
        self._inherited: C | None = None

    def now(self) -> C:
        """That of this process. Raises RuntimeError once the client is closed."""
        if self._open is None:
            raise RuntimeError("this client is closed: make another one")
        owner, found = self._open
        if owner != os.getpid():
            # Neither closed nor let go: the parent's conversation would end with it. Two threads may both come here; one's is kept.
            self._inherited, found = found, self._make()
            self._open = (os.getpid(), found)
        return found

    def let_go(self) -> C | None:
        """What is to be closed by this process; nothing is opened from now on."""
        before, self._open = self._open, None
        return before[1] if before is not None and before[0] == os.getpid() else None


def request_of(step: Ask) -> dict[str, Any]:
    """The arguments of `httpx.Client.request`, or of its twin's."""
    asked: dict[str, Any] = {
        "method": step.method,
        "url": step.path,
        "params": dict(step.query),
        "headers": dict(step.headers),
    }
    if step.text is None:
        return {**asked, "json": step.body}
    return {
        **asked,
        "content": step.text,
        "headers": {**asked["headers"], "Content-Type": "application/json"},
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


def unanswered(error: httpx.RequestError) -> Reply:
    """Nobody answered."""
    return Reply(status=None, why=f"{type(error).__name__}: {error}")


def seconds(timeout: float | timedelta | None) -> float | None:
    """A timeout in seconds."""
    return timeout.total_seconds() if isinstance(timeout, timedelta) else timeout

"""Fetching over HTTP, and what an answer means for another attempt."""

import hashlib
import ssl
from dataclasses import dataclass
from functools import cache

import httpx

MOST_BYTES = 50_000_000


class ServerTrouble(Exception):
    """The server could not answer now (5xx): it may later."""


class ComeBackLater(ServerTrouble):
    """The server says itself when it wants to be asked again: `after` seconds."""

    def __init__(self, message: str, after: float) -> None:
        super().__init__(message)
        self.after = after


class PageRefused(Exception):
    """The answer is final: there is no such page, or not for us (4xx), or it is too large."""


@dataclass(frozen=True, kw_only=True)
class Page:
    """A page that was read to its end."""

    url: str
    status: int
    bytes: int
    sha256: str
    content_type: str


async def fetch(url: str) -> Page:
    """GET the page, following redirects.

    Raises `ServerTrouble` or `httpx.TransportError` when another attempt may help, `PageRefused` when not.
    """
    digest, size = hashlib.sha256(), 0
    # No proxy from the environment: the demo's site is on the loopback interface, where no proxy could reach it.
    async with (
        httpx.AsyncClient(timeout=20, follow_redirects=True, trust_env=False, verify=_trust()) as client,
        client.stream("GET", url) as answer,
    ):
        _check(answer)
        async for chunk in answer.aiter_bytes():
            digest.update(chunk)
            size += len(chunk)
            if size > MOST_BYTES:
                raise PageRefused(f"{url} is longer than {MOST_BYTES:,} bytes")
    return Page(
        url=str(answer.url),
        status=answer.status_code,
        bytes=size,
        sha256=digest.hexdigest(),
        content_type=answer.headers.get("content-type", ""),
    )


def _check(answer: httpx.Response) -> None:
    said = f"{answer.url} answered {answer.status_code} {answer.reason_phrase}"
    wait = answer.headers.get("retry-after", "")
    if answer.status_code == httpx.codes.SERVICE_UNAVAILABLE and wait.isdecimal():
        raise ComeBackLater(f"{said}, come back in {wait} s", after=float(wait))
    if answer.status_code >= httpx.codes.INTERNAL_SERVER_ERROR:
        raise ServerTrouble(said)
    if answer.status_code >= httpx.codes.BAD_REQUEST:
        raise PageRefused(said)


@cache
def _trust() -> ssl.SSLContext:
    """Made once: reading the certificate store takes longer than many a fetch."""
    return ssl.create_default_context()

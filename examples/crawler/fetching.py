"""Fetching one address, and what its answer means for another attempt. Redirects are answers too: whoever follows them has to ask again."""

import ssl
from dataclasses import dataclass
from functools import cache

import httpx

MOST_BYTES = 1_000_000
SECONDS = 10.0


class ServerTrouble(Exception):
    """The server could not answer now (5xx): it may later."""


@dataclass(frozen=True, kw_only=True)
class Fetched:
    """What an address answered: a page, or where that is now, or why there is none. `html` is empty for what is no page."""

    url: str
    html: str = ""
    kind: str = ""
    moved_to: str | None = None
    problem: str = ""


async def fetch(url: str) -> Fetched:
    """GET it. Raises `ServerTrouble` or `httpx.TransportError`, when another attempt may help.

    That there is no such page (4xx) is what a crawl wants to know: a finding, and no failure that somebody has to look after.
    """
    # No redirect is followed, and no proxy of the environment is asked: nobody but this host hears of it.
    async with (
        httpx.AsyncClient(
            timeout=SECONDS, follow_redirects=False, trust_env=False, verify=_trust()
        ) as client,
        client.stream("GET", url) as answer,
    ):
        said = f"{answer.status_code} {answer.reason_phrase}"
        if answer.is_redirect:
            return Fetched(url=url, moved_to=answer.headers["location"])
        if answer.is_server_error:
            raise ServerTrouble(said)
        if not answer.is_success:
            return Fetched(url=url, problem=said)
        kind = answer.headers.get("content-type", "").partition(";")[0].strip()
        if kind != "text/html":
            return Fetched(url=url, kind=kind)
        body = b""
        async for chunk in answer.aiter_bytes():
            body += chunk
            if len(body) > MOST_BYTES:
                return Fetched(url=url, problem=f"longer than {MOST_BYTES:,} bytes")
        return Fetched(url=url, kind=kind, html=body.decode("utf-8", "replace"))


@cache
def _trust() -> ssl.SSLContext:
    """Made once: reading the certificate store takes longer than many a fetch."""
    return ssl.create_default_context()

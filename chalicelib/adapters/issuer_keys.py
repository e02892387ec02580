"""An issuer's public keys, by name: fetched when they are needed, kept for a while, and not asked for again because somebody says so.

An unknown name may be a new key, so it is looked for at once; but no more than once a minute, since anybody can make names up. While the
issuer does not answer, the keys that are known are believed for an hour.
"""

import logging
import threading
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

from chalicelib.adapters.page import MOST, Page
from chalicelib.domain.errors import InvalidInput, Unavailable
from chalicelib.domain.lean import dataclass
from chalicelib.pipeline import strict_json
from chalicelib.pipeline.ports import World
from chalicelib.pipeline.trust import Trust

log = logging.getLogger(__name__)

FRESH = timedelta(minutes=10)
STALE = timedelta(hours=1)
AGAIN = timedelta(minutes=1)
MOST_KEYS = 100
DISCOVERY = "/.well-known/openid-configuration"

_SHAPES: Mapping[str, tuple[str, tuple[str, ...]]] = {
    "RS256": ("RSA", ("n", "e")),
    "ES256": ("EC", ("crv", "x", "y")),
}
"""Algorithm to what its keys are, and to the members of one that are read. All else that stands there is not."""

Key = Mapping[str, str]


@dataclass(frozen=True, kw_only=True, slots=True)
class _Known:
    at: datetime
    keys: Mapping[str, Key]


class IssuerKeys:
    """What this process knows of one issuer's keys."""

    def __init__(self, trust: Trust, page: Page, world: World) -> None:
        self._trust = trust
        self._page = page
        self._world = world
        self._lock = threading.Lock()
        self._known: _Known | None = None
        self._tried: datetime | None = None
        self._failed = False
        self._url = trust.keys_url

    def find(self, kid: str) -> Key | None:
        """The key of that name; None: the issuer has none. Raises `Unavailable` when nobody can say."""
        if not self._is_fresh(kid):
            with self._lock:
                if not self._is_fresh(kid) and self._may_ask():
                    self._ask()
        known = self._known
        if known is None or self._world.now() - known.at >= STALE:
            raise Unavailable("the issuer's keys are not known")
        if kid not in known.keys and self._failed:
            raise Unavailable("whether the issuer has that key is not known")
        return known.keys.get(kid)

    def _is_fresh(self, kid: str) -> bool:
        known = self._known
        return known is not None and kid in known.keys and self._world.now() - known.at < FRESH

    def _may_ask(self) -> bool:
        return self._tried is None or self._world.now() - self._tried >= AGAIN

    def _ask(self) -> None:
        self._tried, self._failed = self._world.now(), True
        try:
            url = self._url or self._discovered()
            keys = _keys(self._document(url), self._trust.algorithm)
        except Unavailable as error:
            self._url = self._trust.keys_url
            facts = {"action": "issuer_silent", "issuer": self._trust.issuer}
            log.warning("the keys of %s cannot be had: %s", self._trust.issuer, error, extra=facts)
            return
        self._url = url
        self._known, self._failed = _Known(at=self._tried, keys=keys), False

    def _discovered(self) -> str:
        """Where the issuer says that its keys are, if that is a place of its own."""
        said = self._document(self._trust.issuer.rstrip("/") + DISCOVERY)
        url = said.get("jwks_uri")
        if said.get("issuer") != self._trust.issuer:
            raise Unavailable("its discovery document is another issuer's")
        if not isinstance(url, str) or not _same_place(url, self._trust.issuer):
            raise Unavailable("its keys are on another host: if that is right, JOBLINE_JWT_KEYS says so")
        return url

    def _document(self, url: str) -> Mapping[str, Any]:
        try:
            value = strict_json.read(self._page(url), name="document", limit=MOST)
        except InvalidInput as error:
            raise Unavailable(f"what is at {url} is no strict JSON") from error
        if not isinstance(value, dict):
            raise Unavailable(f"what is at {url} is no JSON object")
        return value


def _same_place(url: str, issuer: str) -> bool:
    try:
        found, wanted = urlsplit(url), urlsplit(issuer)
    except ValueError:
        return False
    return (found.scheme, found.netloc.lower()) == ("https", wanted.netloc.lower())


def _keys(document: Mapping[str, Any], algorithm: str) -> Mapping[str, Key]:
    """The keys that sign with the algorithm, by name; of two that share one, neither. Raises `Unavailable`."""
    listed = document.get("keys")
    if not isinstance(listed, list) or not 1 <= len(listed) <= MOST_KEYS:
        raise Unavailable("what it says are its keys is no list of them")
    kind, members = _SHAPES[algorithm]
    found: dict[str, Key] = {}
    named = [one.get("kid") for one in listed if isinstance(one, dict)]
    for one in listed:
        if not isinstance(one, dict) or one.get("kty") != kind or named.count(one.get("kid")) > 1:
            continue
        if one.get("use", "sig") != "sig" or one.get("alg", algorithm) != algorithm:
            continue
        if all(isinstance(one.get(member), str) for member in ("kid", *members)):
            found[one["kid"]] = {"kty": kind, **{member: one[member] for member in members}}
    return found

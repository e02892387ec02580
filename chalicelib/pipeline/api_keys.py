"""API keys: made, shown once, kept as a hash, checked in constant time."""

import hashlib
import hmac
import re
from datetime import datetime, timedelta

from chalicelib.domain.errors import Denied, InvalidInput
from chalicelib.pipeline.ids import is_tenant
from chalicelib.pipeline.parts import Parts
from chalicelib.pipeline.ports import ApiKey

SCOPES = frozenset({"submit", "read", "operate", "admin"})
_TOKEN = re.compile(r"jl_(?P<id>[0-9a-z]{10})_(?P<secret>[0-9a-z]{40})")


def create_key(
    *, tenant: str, scopes: frozenset[str], name: str, expires: datetime | None = None, parts: Parts
) -> tuple[str, ApiKey]:
    """A new key: the token, which nobody can show again, and what is stored of it. Raises `InvalidInput`."""
    if not is_tenant(tenant):
        raise InvalidInput("tenant", "not 1 to 64 letters, digits, dots, dashes and underscores")
    if not scopes or not scopes <= SCOPES:
        raise InvalidInput("scopes", f"not some of {', '.join(sorted(SCOPES))}")
    world = parts.world
    key_id, secret = world.token(), "".join(world.token() for _ in range(4))
    key = ApiKey(
        id=key_id,
        secret_sha256=_hash(secret),
        tenant=tenant,
        scopes=scopes,
        name=name,
        created=world.now(),
        expires=expires,
    )
    parts.api_keys.add(key)
    return f"jl_{key_id}_{secret}", key


class Gate:
    """Who is calling? Keys that were found are remembered for a minute, so a revocation takes at most that long."""

    REMEMBER = timedelta(seconds=60)
    MOST = 1000

    def __init__(self, parts: Parts) -> None:
        self._parts = parts
        self._known: dict[str, tuple[datetime, ApiKey | None]] = {}

    def admit(self, token: str | None) -> ApiKey:
        """The key of this token. Raises `Denied` without saying which part was wrong, or `Unavailable`."""
        match = _TOKEN.fullmatch(token or "")
        key = self._find(match["id"]) if match else None
        given = _hash(match["secret"]) if match else ""
        right = hmac.compare_digest(given, key.secret_sha256 if key else _hash(""))
        now = self._parts.world.now()
        if (
            key is None
            or not right
            or key.revoked is not None
            or (key.expires is not None and key.expires <= now)
        ):
            raise Denied("the API key is missing, wrong, expired or revoked", known=False)
        return key

    def _find(self, key_id: str) -> ApiKey | None:
        now = self._parts.world.now()
        found = self._known.get(key_id)
        if found is not None and now - found[0] < self.REMEMBER:
            return found[1]
        key = self._parts.api_keys.find(key_id)
        if len(self._known) >= self.MOST:
            self._known.clear()
        self._known[key_id] = (now, key)
        return key


def require(key: ApiKey, scope: str) -> None:
    """Raise `Denied` unless the key has the scope, or is an administrator's."""
    if scope not in key.scopes and "admin" not in key.scopes:
        raise Denied(f"this API key lacks the scope {scope!r}", known=True)


def _hash(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()

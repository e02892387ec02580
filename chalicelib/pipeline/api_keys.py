"""API keys: made, shown once, kept as a hash, checked in constant time, replaced without a gap."""

import hashlib
import hmac
import re
from datetime import datetime, timedelta

from chalicelib.domain.errors import Denied, InvalidInput, NotFound
from chalicelib.pipeline.ids import is_tenant
from chalicelib.pipeline.key_use import Uses
from chalicelib.pipeline.parts import Parts
from chalicelib.pipeline.ports import ApiKey

SCOPES = frozenset({"submit", "read", "operate", "admin"})
MOST_PER_MINUTE = 1_000_000
MOST_OVERLAP = timedelta(days=30)
_TOKEN = re.compile(r"jl_(?P<id>[0-9a-z]{10})_(?P<secret>[0-9a-z]{40})")


def create_key(
    *,
    tenant: str,
    scopes: frozenset[str],
    name: str,
    expires: datetime | None = None,
    per_minute: int | None = None,
    parts: Parts,
) -> tuple[str, ApiKey]:
    """A new key: the token, which nobody can show again, and what is stored of it. Raises `InvalidInput`."""
    if not is_tenant(tenant):
        raise InvalidInput("tenant", "not 1 to 64 letters, digits, dots, dashes and underscores")
    if not scopes or not scopes <= SCOPES:
        raise InvalidInput("scopes", f"not some of {', '.join(sorted(SCOPES))}")
    if per_minute is not None and not 1 <= per_minute <= MOST_PER_MINUTE:
        raise InvalidInput("per_minute", f"not between 1 and {MOST_PER_MINUTE:,}")
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
        per_minute=per_minute,
    )
    parts.api_keys.add(key)
    return f"jl_{key_id}_{secret}", key


def rotate_key(key_id: str, *, overlap: timedelta, parts: Parts) -> tuple[str, ApiKey]:
    """A new key in the stead of that one, which works for the overlap still. It has the same rights, and lives as long as that one did.

    The new one comes first: whoever dies in between leaves two that work, and rotates again. Raises `InvalidInput`, `NotFound`.
    """
    if not timedelta(0) <= overlap <= MOST_OVERLAP:
        raise InvalidInput("overlap", f"not between 0 and {MOST_OVERLAP.days} days")
    old, now = parts.api_keys.find(key_id), parts.world.now()
    if old is None or is_over(old, now):
        raise NotFound(f"there is no key {key_id[:40]} that works")
    made = create_key(
        tenant=old.tenant,
        scopes=old.scopes,
        name=old.name,
        expires=None if old.expires is None else now + (old.expires - old.created),
        per_minute=old.per_minute,
        parts=parts,
    )
    parts.api_keys.expire(key_id, now + overlap)
    return made


def is_over(key: ApiKey, now: datetime) -> bool:
    """Whether the key works no more."""
    return key.revoked is not None or (key.expires is not None and key.expires <= now)


class Gate:
    """Who is calling? Keys that were found are remembered for a minute, so a revocation takes at most that long."""

    REMEMBER = timedelta(seconds=60)
    MOST = 1000

    def __init__(self, parts: Parts) -> None:
        self._parts = parts
        self._known: dict[str, tuple[datetime, ApiKey | None]] = {}
        self._uses = Uses(parts)

    def admit(self, token: str | None) -> ApiKey:
        """The key of this token. Raises `Denied` without saying which part was wrong, or `Unavailable`."""
        match = _TOKEN.fullmatch(token or "")
        key = self._find(match["id"]) if match else None
        given = _hash(match["secret"]) if match else ""
        right = hmac.compare_digest(given, key.secret_sha256 if key else _hash(""))
        if key is None or not right or is_over(key, self._parts.world.now()):
            raise Denied("the API key is missing, wrong, expired or revoked", known=False)
        return key

    def count(self, key: ApiKey) -> None:
        """Count a request that is let in. Raises `Throttled` if its key has made as many as it may."""
        self._uses.spend(key)
        self._uses.note(key)

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


def may(key: ApiKey, scope: str) -> bool:
    """Whether it has the scope; an administrator has all."""
    return scope in key.scopes or "admin" in key.scopes


def require(key: ApiKey, scope: str) -> None:
    """Raise `Denied` unless the key has the scope, or is an administrator's."""
    if not may(key, scope):
        raise Denied(f"this API key lacks the scope {scope!r}", known=True)


def _hash(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()

"""API keys: made, shown once, kept as a hash, checked in constant time, replaced without a gap; and IAM roles, kept as keys without a secret."""

import hashlib
import hmac
from datetime import datetime, timedelta

from chalicelib.domain.errors import Denied, InvalidInput, NotFound
from chalicelib.domain.late import regex
from chalicelib.pipeline.ids import is_tenant
from chalicelib.pipeline.key_use import Uses
from chalicelib.pipeline.parts import Parts
from chalicelib.pipeline.ports import ApiKey
from chalicelib.pipeline.roles import is_role, role_of

SCOPES = frozenset({"submit", "read", "operate", "admin"})
MOST_PER_MINUTE = 1_000_000
MOST_OVERLAP = timedelta(days=30)
_TOKEN = regex(r"jl_(?P<id>[0-9a-z]{10})_(?P<secret>[0-9a-z]{40})")


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
    key_id, secret = parts.world.token(), _secret(parts)
    key = _added(key_id, secret, tenant, scopes, name, expires, per_minute, parts)
    return f"jl_{key_id}_{secret}", key


def admit_role(
    arn: str,
    *,
    tenant: str,
    scopes: frozenset[str],
    name: str,
    expires: datetime | None = None,
    per_minute: int | None = None,
    parts: Parts,
) -> ApiKey:
    """What an IAM role may do from now on, where a stage asks for signatures. Raises `InvalidInput`, `Conflict` if it may do something already.

    It is kept as a key whose secret nobody was told: so it opens nothing but to the role, and a repeated call knows its own.
    """
    role = role_of(arn)
    if role is None:
        raise InvalidInput("role", "not the ARN of an IAM role: arn:aws:iam::123456789012:role/name")
    return _added(role, _secret(parts), tenant, scopes, name, expires, per_minute, parts)


def _secret(parts: Parts) -> str:
    return "".join(parts.world.token() for _ in range(4))


def _added(
    key_id: str,
    secret: str,
    tenant: str,
    scopes: frozenset[str],
    name: str,
    expires: datetime | None,
    per_minute: int | None,
    parts: Parts,
) -> ApiKey:
    """The key as it is stored now."""
    if not is_tenant(tenant):
        raise InvalidInput("tenant", "not 1 to 64 letters, digits, dots, dashes and underscores")
    if not scopes or not scopes <= SCOPES:
        raise InvalidInput("scopes", f"not some of {', '.join(sorted(SCOPES))}")
    if per_minute is not None and not 1 <= per_minute <= MOST_PER_MINUTE:
        raise InvalidInput("per_minute", f"not between 1 and {MOST_PER_MINUTE:,}")
    key = ApiKey(
        id=key_id,
        secret_sha256=_hash(secret),
        tenant=tenant,
        scopes=scopes,
        name=name,
        created=parts.world.now(),
        expires=expires,
        per_minute=per_minute,
    )
    parts.api_keys.add(key)
    return key


def rotate_key(key_id: str, *, overlap: timedelta, parts: Parts) -> tuple[str, ApiKey]:
    """A new key in the stead of that one, which works for the overlap still. It has the same rights, and lives as long as that one did.

    The new one comes first: whoever dies in between leaves two that work, and rotates again. Raises `InvalidInput`, `NotFound`.
    """
    if not timedelta(0) <= overlap <= MOST_OVERLAP:
        raise InvalidInput("overlap", f"not between 0 and {MOST_OVERLAP.days} days")
    if is_role(key_id):
        raise InvalidInput("key_id", "a role has no secret to replace: its credentials are AWS's")
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

    def admit_signer(self, arn: str | None) -> ApiKey:
        """What the role of this caller may do; API Gateway has checked the signature. Raises `Denied`, `Unavailable`."""
        if arn is None:
            raise Denied("the request is not signed by AWS credentials", known=False)
        role = role_of(arn)
        key = self._find(role) if role else None
        if key is None or is_over(key, self._parts.world.now()):
            raise Denied("these AWS credentials are of no role that may ask here", known=True)
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

"""The small tables beside the rows: idempotency keys, API keys, the quarantine."""

import threading
from dataclasses import replace
from datetime import datetime

from chalicelib.domain.errors import Conflict
from chalicelib.pipeline.ports import ApiKey, KeyClaim, Oddity
from chalicelib.pipeline.roles import is_role


class MemoryKeys:
    """The twin of `DynamoKeys`."""

    def __init__(self) -> None:
        self.claims: dict[tuple[str, str], KeyClaim] = {}
        self._lock = threading.Lock()

    def hold(self, claim: KeyClaim, now: datetime) -> KeyClaim:
        """The claim that holds the key now."""
        with self._lock:
            held = self.claims.get((claim.tenant, claim.key))
            if held is None or held.until <= now:
                self.claims[claim.tenant, claim.key] = held = claim
            return held

    def find(self, tenant: str, name: str, now: datetime) -> KeyClaim | None:
        """The claim that holds the key now, if any."""
        held = self.claims.get((tenant, name))
        return held if held is not None and held.until > now else None


class MemoryApiKeys:
    """The twin of `DynamoApiKeys`."""

    def __init__(self) -> None:
        self.by_id: dict[str, ApiKey] = {}
        self._lock = threading.Lock()

    def add(self, key: ApiKey) -> None:
        """Store a new key. The same once more is our own call whose reply was lost."""
        with self._lock:
            there = self.by_id.get(key.id)
            if there is None or (is_role(key.id) and _is_over(there, key)):
                self.by_id[key.id] = there = key
            if there.secret_sha256 != key.secret_sha256 or there.revoked is not None:
                raise Conflict(f"an API key {key.id} exists already")

    def find(self, key_id: str) -> ApiKey | None:
        """The key of that id."""
        return self.by_id.get(key_id)

    def revoke(self, key_id: str, at: datetime) -> bool:
        """Revoke it; the first revocation's time stays."""
        with self._lock:
            there = self.by_id.get(key_id)
            if there is not None and there.revoked is None:
                self.by_id[key_id] = replace(there, revoked=at)
            return there is not None

    def expire(self, key_id: str, at: datetime) -> bool:
        """Let it expire then, or when it does anyway."""
        with self._lock:
            there = self.by_id.get(key_id)
            if there is not None and (there.expires is None or there.expires > at):
                self.by_id[key_id] = replace(there, expires=at)
            return there is not None


def _is_over(there: ApiKey, key: ApiKey) -> bool:
    """Whether what is stored is older, and worked no more when the other was made."""
    ended = there.revoked is not None or (there.expires is not None and there.expires <= key.created)
    return ended and there.created < key.created


class MemoryQuarantine:
    """The twin of `DynamoQuarantine`."""

    def __init__(self) -> None:
        self.kept: dict[str, Oddity] = {}

    def keep(self, oddity: Oddity) -> None:
        """Keep it."""
        self.kept[oddity.message_id] = oddity

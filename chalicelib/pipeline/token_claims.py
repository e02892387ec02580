"""Who bears a token whose signature is right: its claims become the same value that an API key is, or are refused."""

import hashlib
import math
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from chalicelib.pipeline.ids import is_tenant
from chalicelib.pipeline.ports import ApiKey
from chalicelib.pipeline.trust import TokenRefused, Trust

LONGEST = timedelta(days=1)
"""Nobody can revoke a token here: one that lives longer is none."""

MOST_AUDIENCES = 20
MOST_SCOPES = 100
MOST_SUBJECT = 255


def bearer(claims: Mapping[str, Any], trust: Trust, now: datetime) -> ApiKey:
    """The caller. Raises `TokenRefused`."""
    if claims.get("iss") != trust.issuer:
        raise TokenRefused("another issuer")
    if not _is_for(claims.get("aud"), trust.audience):
        raise TokenRefused("another audience")
    ends = _checked_times(claims, trust.leeway.total_seconds(), now.timestamp())
    subject = claims.get("sub")
    if not isinstance(subject, str) or not 1 <= len(subject) <= MOST_SUBJECT or not subject.isprintable():
        raise TokenRefused("no subject")
    tenant = claims.get(trust.tenant_claim)
    if not isinstance(tenant, str) or not is_tenant(tenant):
        raise TokenRefused("no tenant")
    return ApiKey(
        id=f"jwt-{hashlib.sha256(f'{trust.issuer} {subject}'.encode()).hexdigest()[:10]}",
        secret_sha256="",  # a token has no secret here  # nosec B106
        tenant=tenant,
        scopes=_scopes(claims.get(trust.scope_claim, ""), trust),
        name=subject,
        created=now,
        expires=datetime.fromtimestamp(int(ends), UTC),
    )


def _is_for(audience: object, wanted: str) -> bool:
    if isinstance(audience, str):
        return audience == wanted
    if not isinstance(audience, list) or not 1 <= len(audience) <= MOST_AUDIENCES:
        return False
    return all(isinstance(one, str) for one in audience) and wanted in audience


def _checked_times(claims: Mapping[str, Any], leeway: float, now: float) -> float:
    """When the token ends; it has begun, was not made in the future, and lives no longer than a day."""
    ends = _seconds(claims, "exp")
    if ends is None:
        raise TokenRefused("no end")
    if ends <= now - leeway:
        raise TokenRefused("expired")
    if ends > now + LONGEST.total_seconds() + leeway:
        raise TokenRefused("lives too long")
    for name in ("nbf", "iat"):
        at = _seconds(claims, name)
        if at is not None and at > now + leeway:
            raise TokenRefused(f"{name} is in the future")
    return ends


def _seconds(claims: Mapping[str, Any], name: str) -> float | None:
    if name not in claims:
        return None
    value = claims[name]
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise TokenRefused(f"{name} is no number")
    if not math.isfinite(value) or not 0 <= value < 2**40:
        raise TokenRefused(f"{name} is no time")
    return float(value)


def _scopes(said: object, trust: Trust) -> frozenset[str]:
    """Our scopes among those that the token gives. One that looks like ours and is not, or may not be given so, makes the token suspect."""
    named = said.split(" ") if isinstance(said, str) else said
    if not isinstance(named, list) or len(named) > MOST_SCOPES:
        raise TokenRefused("scopes are no list")
    if not all(isinstance(one, str) for one in named):
        raise TokenRefused("a scope is no text")
    ours = frozenset(one.removeprefix(trust.prefix) for one in named if one and one.startswith(trust.prefix))
    if not ours <= trust.scopes:
        raise TokenRefused("a scope that is not to be given")
    return ours

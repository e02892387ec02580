"""Whose bearer tokens are believed, and how they are read: one issuer, one audience, one algorithm. Nothing of it is taken from a token."""

from datetime import timedelta

from chalicelib.domain.lean import dataclass


@dataclass(frozen=True, kw_only=True, slots=True)
class Trust:
    """What a stage was told of the one issuer that it trusts."""

    issuer: str
    audience: str
    algorithm: str  #: RS256 or ES256
    keys_url: str | None = None  #: None: the issuer's discovery document says it, on the issuer's own host
    tenant_claim: str = "tenant"
    scope_claim: str = "scope"
    prefix: str = "jobline:"  #: before the names of our scopes; what begins otherwise is another API's
    scopes: frozenset[str] = frozenset({"submit", "read", "operate"})  #: that a token may give
    leeway: timedelta = timedelta(seconds=30)


class TokenRefused(Exception):
    """Why a token is not believed: for the log, and for nobody else."""

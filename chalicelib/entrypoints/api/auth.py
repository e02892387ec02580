"""Who asks, and may they? A route's scope is checked against the bearer's API key, or against a token where the stage believes one issuer's."""

from chalicelib.domain.errors import Denied
from chalicelib.entrypoints.api.request import Raw
from chalicelib.pipeline.api_keys import Gate, may, require
from chalicelib.pipeline.parts import Parts
from chalicelib.pipeline.patience import patience
from chalicelib.pipeline.ports import ApiKey, Tokens

_gate: tuple[Parts, Gate] | None = None


def admit(raw: Raw, *, scope: str | None, parts: Parts) -> ApiKey | None:
    """The caller's key, or what a token says in its stead: the two are told apart by a dot, which no key has. A route without a scope needs none; one that is given is checked all the same.

    Raises `Denied`, `Throttled`, or `Unavailable`.
    """
    if parts.signed:
        return _signed(raw.signer, scope, parts)
    authorization = raw.headers.get("authorization")
    if authorization is None and scope is None:
        return None
    token = _bearer(authorization)
    if parts.tokens is not None and token is not None and "." in token:
        return _borne(token, scope, parts.tokens)
    gate = _warm_gate(parts)
    key = patience(parts)(gate.admit, token)
    if scope is not None:
        require(key, scope)
    gate.count(key)
    return key


def _signed(signer: str | None, scope: str | None, parts: Parts) -> ApiKey | None:
    """The rights of the role that signed. The header holds a signature then, which only API Gateway can check: so it is not looked at."""
    if scope is None:  # API Gateway checks no signature on an open path
        return None
    gate = _warm_gate(parts)
    role = patience(parts)(gate.admit_signer, signer)
    require(role, scope)
    gate.count(role)
    return role


def _borne(token: str, scope: str | None, tokens: Tokens) -> ApiKey:
    """Who bears a token. It is in no table of ours: so nothing counts its requests, and no call is made for it."""
    bearer = tokens.admit(token)
    if scope is not None and not may(bearer, scope):
        challenge = f'error="insufficient_scope", scope="{scope}"'
        raise Denied(f"this token lacks the scope {scope!r}", known=True, challenge=challenge)
    return bearer


def _bearer(authorization: str | None) -> str | None:
    """The token of `Bearer <token>`; what is anything else is a token that nobody has."""
    scheme, _, token = (authorization or "").partition(" ")
    return token.strip() if scheme.lower() == "bearer" else None


def _warm_gate(parts: Parts) -> Gate:
    """The gate that remembers keys while the process is warm."""
    global _gate  # noqa: PLW0603 - kept as long as the parts are the same
    warm = _gate
    if warm is None or warm[0] is not parts:
        _gate = warm = (parts, Gate(parts))
    return warm[1]

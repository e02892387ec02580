"""Who asks, and may they? A route's scope is checked against the bearer's API key."""

from chalicelib.pipeline.api_keys import Gate, require
from chalicelib.pipeline.parts import Parts
from chalicelib.pipeline.patience import patience
from chalicelib.pipeline.ports import ApiKey

_gate: tuple[Parts, Gate] | None = None


def admit(authorization: str | None, *, scope: str | None, parts: Parts) -> ApiKey | None:
    """The caller's key. A route without a scope needs none; one that is given is checked all the same.

    Raises `Denied`, `Throttled`, or `Unavailable`.
    """
    if authorization is None and scope is None:
        return None
    gate = _warm_gate(parts)
    key = patience(parts)(gate.admit, _bearer(authorization))
    if scope is not None:
        require(key, scope)
    gate.count(key)
    return key


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

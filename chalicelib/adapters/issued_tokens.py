"""Bearer tokens of one issuer: the signature is checked by PyJWT, with the pinned algorithm and the issuer's own key; all else by us.

PyJWT and cryptography are in the package of a stage that turns tokens on, and in no other: they are imported by the first token.
"""

import logging
from typing import Any

from chalicelib.adapters.issuer_keys import IssuerKeys, Key
from chalicelib.adapters.page import Page
from chalicelib.domain.errors import Denied, ServiceRefused
from chalicelib.pipeline.ports import ApiKey, World
from chalicelib.pipeline.token_claims import bearer
from chalicelib.pipeline.token_form import MOST_CHARS, an_object, kid_of
from chalicelib.pipeline.trust import TokenRefused, Trust

log = logging.getLogger(__name__)

MISSING = (
    "JOBLINE_JWT_ISSUER turns bearer tokens on, but PyJWT and cryptography are not in the package: "
    "name both in requirements.in, run make lock, and deploy again"
)


class IssuedTokens:
    """The `Tokens` of one issuer."""

    def __init__(self, trust: Trust, page: Page, world: World) -> None:
        self._trust = trust
        self._world = world
        self._keys = IssuerKeys(trust, page, world)

    def admit(self, token: str) -> ApiKey:
        """Who bears it. The reason of a refusal goes to the log; whoever asks learns none."""
        try:
            return self._believed(token)
        except TokenRefused as why:
            log.info("a bearer token is refused: %s", why, extra={"action": "token_refused", "why": str(why)})
            raise Denied("the token is not accepted", known=False, challenge='error="invalid_token"') from why

    def _believed(self, token: str) -> ApiKey:
        kid = kid_of(token, self._trust.algorithm)
        library = _library()
        key = self._keys.find(kid)
        if key is None:
            raise TokenRefused("signed with a key that the issuer does not have")
        claims = an_object(_signed(library, token, key, self._trust.algorithm), MOST_CHARS)
        return bearer(claims, self._trust, self._world.now())


def _library() -> Any:
    try:
        import cryptography  # noqa: F401 - PyJWT can be there without it
        import jwt
    except ImportError as error:
        raise ServiceRefused(MISSING) from error
    return jwt


def _signed(library: Any, token: str, key: Key, algorithm: str) -> bytes:
    """The token's second part, which that key has signed."""
    try:
        public = library.PyJWK(dict(key), algorithm=algorithm)
        reader = library.PyJWS(algorithms=[algorithm], options={"enforce_minimum_key_length": True})
        payload: bytes = reader.decode(token, public, algorithms=[algorithm])
    except (library.PyJWTError, ValueError, TypeError) as error:
        raise TokenRefused(f"its signature does not hold ({type(error).__name__})") from error
    return payload

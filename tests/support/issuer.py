"""An OIDC issuer in a few lines: it has keys, says where they are, and gives out tokens, by a world's clock. What it serves can be broken."""

import base64
import json
from collections.abc import Callable, Mapping
from functools import cache
from typing import Any

from cryptography.hazmat.primitives.asymmetric import ec, rsa
from jwt import PyJWS
from jwt.algorithms import ECAlgorithm, RSAAlgorithm

from chalicelib.adapters.issued_tokens import IssuedTokens
from chalicelib.domain.errors import Unavailable
from chalicelib.pipeline.ports import World
from chalicelib.pipeline.trust import Trust

ISSUER = "https://login.example.org/realms/shop"
AUDIENCE = "https://jobs.example.org"
KEYS_AT = "https://login.example.org/realms/shop/keys"

Json = dict[str, Any]


@cache
def private_key(name: str, algorithm: str = "RS256") -> Any:
    """A key pair; the same one for the same name, since making one takes a while."""
    if algorithm == "ES256":
        return ec.generate_private_key(ec.SECP256R1())
    return rsa.generate_private_key(public_exponent=65537, key_size=1024 if name == "short" else 2048)


def public_jwk(name: str, algorithm: str = "RS256") -> Json:
    """Its public half, as issuers show it."""
    kind: Any = ECAlgorithm if algorithm == "ES256" else RSAAlgorithm
    shown: Json = kind.to_jwk(private_key(name, algorithm).public_key(), as_dict=True)
    return {**shown, "kid": name, "use": "sig", "alg": algorithm}


def part(value: Any) -> str:
    """A token's part: JSON, or bytes as they are."""
    data = value if isinstance(value, bytes) else json.dumps(value).encode()
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


class Issuer:
    """Its documents, and what it gives out. `down`: it does not answer."""

    def __init__(self, world: World, algorithm: str = "RS256") -> None:
        self.world = world
        self.algorithm = algorithm
        self.down = False
        self.asked: list[str] = []
        self.pages: dict[str, Any] = {
            f"{ISSUER}/.well-known/openid-configuration": {"issuer": ISSUER, "jwks_uri": KEYS_AT}
        }
        self.show("first")

    def show(self, *names: str) -> None:
        """Let these be its keys."""
        self.pages[KEYS_AT] = {"keys": [public_jwk(name, self.algorithm) for name in names]}

    def page(self, url: str) -> bytes:
        """What is at the URL."""
        self.asked.append(url)
        if self.down or url not in self.pages:
            raise Unavailable("no answer within 3 s")
        found = self.pages[url]
        return found if isinstance(found, bytes) else json.dumps(found).encode()

    def trust(self, **other: Any) -> Trust:
        """What a stage is told of it."""
        return Trust(**{"issuer": ISSUER, "audience": AUDIENCE, "algorithm": self.algorithm, **other})

    def tokens(self, **other: Any) -> IssuedTokens:
        """What reads its tokens."""
        return IssuedTokens(self.trust(**other), self.page, self.world)

    def claims(self, **other: Any) -> Json:
        """What a good token says. None takes a claim away."""
        now = int(self.world.now().timestamp())
        said = {
            "iss": ISSUER,
            "aud": AUDIENCE,
            "sub": "shop-web",
            "iat": now,
            "nbf": now,
            "exp": now + 300,
            "tenant": "ann",
            "scope": "openid jobline:read jobline:submit jobline:operate",
        }
        return {name: value for name, value in {**said, **other}.items() if value is not None}

    def token(
        self,
        claims: Any = None,
        *,
        header: Mapping[str, Any] | None = None,
        key: str = "first",
        signed: Callable[[bytes], bytes] | None = None,
        **other: Any,
    ) -> str:
        """A token: a good one but for what is said. `header`: members over the usual ones, None takes one away; `signed`: in another way."""
        said = {"alg": self.algorithm, "kid": key, "typ": "JWT", **(header or {})}
        head = part({name: value for name, value in said.items() if value is not None})
        text = f"{head}.{part(self.claims(**other) if claims is None else claims)}"
        sign = signed or (lambda data: signature(data, key, self.algorithm))
        return f"{text}.{part(sign(text.encode()))}"


def signature(data: bytes, key: str = "first", algorithm: str = "RS256") -> bytes:
    """What a right signature of these bytes is."""
    return bytes(PyJWS().get_algorithm_by_name(algorithm).sign(data, private_key(key, algorithm)))

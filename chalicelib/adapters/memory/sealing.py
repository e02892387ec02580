"""KMS and a cipher in a few plain lines, for tests: what they seal is unreadable enough for a test to notice, and no more than that."""

import hmac
import json
from collections.abc import Mapping
from hashlib import sha256

from chalicelib.domain.errors import KeyUnavailable
from chalicelib.pipeline.items import Items
from chalicelib.pipeline.ports import World
from chalicelib.pipeline.sealing.envelope import Envelope
from chalicelib.pipeline.sealing.ring import Ring

MASTER = "arn:aws:kms:eu-west-1:000000000000:key/00000000-0000-0000-0000-000000000000"
TAG = 16
NONCE = 12


class MemoryKeyService:
    """The twin of KMS. `off` are the keys that are switched off; `fails` is raised by every call as long as it is set."""

    def __init__(self) -> None:
        self.off: set[str] = set()
        self.fails: KeyUnavailable | None = None
        self.asked: list[str] = []
        self._made = 0

    def make(self, key: str, context: Mapping[str, str]) -> tuple[bytes, bytes]:
        """A data key, and the same wrapped."""
        self._check("make", key)
        self._made += 1
        plain = sha256(f"{key} {self._made}".encode()).digest()
        return plain, _keystream_xor(_bound(key, context), b"", plain)

    def unwrap(self, key: str, wrapped: bytes, context: Mapping[str, str]) -> bytes:
        """The data key, or another one, of no use, if the context is another."""
        self._check("unwrap", key)
        return _keystream_xor(_bound(key, context), b"", wrapped)

    def _check(self, call: str, key: str) -> None:
        self.asked.append(call)
        if self.fails is not None:
            raise self.fails
        if key in self.off:
            raise KeyUnavailable(f"{call}: the key {key} is switched off")


class MemoryCipher:
    """The twin of `AesGcm`, without the library. Its nonces are numbers in a row."""

    def __init__(self) -> None:
        self._sealed = 0

    def seal(self, key: bytes, body: bytes, bound: bytes, nonce: bytes | None = None) -> bytes:
        """Nonce, body and tag."""
        self._sealed += 1
        nonce = nonce or self._sealed.to_bytes(NONCE, "big")
        text = _keystream_xor(key, nonce, body)
        return nonce + text + _tag(key, nonce + text, bound)

    def open(self, key: bytes, sealed: bytes, bound: bytes) -> bytes | None:
        """The body; None: that was changed, or is bound to something else."""
        said, tag = sealed[:-TAG], sealed[-TAG:]
        if not hmac.compare_digest(_tag(key, said, bound), tag):
            return None
        return _keystream_xor(key, said[:NONCE], said[NONCE:])


def _tag(key: bytes, said: bytes, bound: bytes) -> bytes:
    return hmac.new(key, len(bound).to_bytes(4, "big") + bound + said, sha256).digest()[:TAG]


def _bound(key: str, context: Mapping[str, str]) -> bytes:
    return sha256(f"{key} {json.dumps(context, sort_keys=True)}".encode()).digest()


def _keystream_xor(key: bytes, nonce: bytes, body: bytes) -> bytes:
    stream = b"".join(
        sha256(key + nonce + block.to_bytes(4, "big")).digest() for block in range(len(body) // 32 + 1)
    )
    return bytes(one ^ other for one, other in zip(body, stream, strict=False))


def memory_sealer(
    items: Items, world: World, *, service: MemoryKeyService | None = None, seals: str | None = MASTER
) -> Envelope:
    """The real sealer on these twins, its data keys among those items."""
    ring = Ring(items, service or MemoryKeyService(), world, stage="memory", seals=seals, opens=(MASTER,))
    return Envelope(ring, MemoryCipher())

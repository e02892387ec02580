"""AES-256-GCM by the library `cryptography`, which does not ship: a stage that seals names it in its requirements.txt. docs/sealing.md"""

from os import urandom  # noqa: TID251 - a nonce that came twice would give the key's secrets away: no seed may decide on it

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

NONCE = 12


class AesGcm:
    """The cipher."""

    def seal(self, key: bytes, body: bytes, bound: bytes, nonce: bytes | None = None) -> bytes:
        """Twelve bytes of nonce, the ciphertext, and sixteen bytes by which a change is told."""
        nonce = nonce or urandom(NONCE)
        return nonce + AESGCM(key).encrypt(nonce, body, bound)

    def open(self, key: bytes, sealed: bytes, bound: bytes) -> bytes | None:
        """The body; None: that was changed, or is bound to something else."""
        try:
            return AESGCM(key).decrypt(sealed[:NONCE], sealed[NONCE:], bound)
        except (InvalidTag, ValueError):
            return None

"""What sealing needs of the outside: the service that keeps the master key, and a cipher."""

from collections.abc import Mapping

from chalicelib.domain.late import Protocol


class KeyService(Protocol):
    """Keeps master keys and gives none away: KMS. Each call may raise `KeyUnavailable`."""

    def make(self, key: str, context: Mapping[str, str]) -> tuple[bytes, bytes]:
        """A new data key of 32 bytes, and the same wrapped by the master key of that name."""

    def unwrap(self, key: str, wrapped: bytes, context: Mapping[str, str]) -> bytes:
        """The data key. The context has to be the one that it was made with."""


class Cipher(Protocol):
    """Authenticated encryption: AES-256-GCM."""

    def seal(self, key: bytes, body: bytes, bound: bytes, nonce: bytes | None = None) -> bytes:
        """A nonce and what it makes of the body. `bound` is authenticated, and not in it."""

    def open(self, key: bytes, sealed: bytes, bound: bytes) -> bytes | None:
        """The body; None: that was changed, or is bound to something else."""

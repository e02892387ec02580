"""The sealer of a stage that names a key. What it makes: one byte for the format, eight for the data key's name, nonce and ciphertext."""

import hmac
from hashlib import sha256

from chalicelib.domain.errors import PayloadMissing
from chalicelib.pipeline.sealer import MARK, Whose
from chalicelib.pipeline.sealing.needs import Cipher
from chalicelib.pipeline.sealing.ring import LASTING, Ring

NAME = 8
NONCE = 12


class Envelope:
    """Seals with the hour's data key, and opens with whichever it was sealed with."""

    def __init__(self, ring: Ring, cipher: Cipher) -> None:
        self._ring = ring
        self._cipher = cipher

    @property
    def on(self) -> bool:
        """Whether there is a key to seal with; without one, what was sealed is only opened."""
        return self._ring.seals

    def ready(self) -> None:
        """Ask for the hour's key now, while nothing is lost yet."""
        if self.on:
            self._ring.now()

    def seal(self, body: bytes, whose: Whose, *, alike: bool = False) -> bytes:
        """The bytes, sealed. `alike`: with the lasting key, and a nonce that body and owner decide and nobody else can tell."""
        name, key = self._ring.lasting() if alike else self._ring.now()
        bound = MARK + name + whose.words
        nonce = None
        if alike:
            nonce, key = _mac(key, b"nonce", bound, body)[:NONCE], _mac(key, b"alike")
        return MARK + name + self._cipher.seal(key, body, bound, nonce)

    def open(self, sealed: bytes, whose: Whose) -> bytes:
        """The bytes again."""
        name, body = sealed[1 : 1 + NAME], sealed[1 + NAME :]
        found = None
        if sealed.startswith(MARK) and len(name) == NAME:
            key = self._ring.key(name)
            key = _mac(key, b"alike") if name.startswith(LASTING) else key
            found = self._cipher.open(key, body, MARK + name + whose.words)
        if found is None:
            raise PayloadMissing(
                f"the {whose.field} of {whose.id} does not open: it was changed, or is another's"
            )
        return found

    def digest(self, plain: str) -> str:
        """With a key of its own, which is named before it."""
        if not self.on:
            return plain
        name, key = self._ring.lasting()
        return _digest(name, key, plain)

    def is_of(self, digest: str, plain: str) -> bool:
        """By the key that is named; a digest of when nothing was sealed names none."""
        if "." not in digest:
            return digest == plain
        name = bytes.fromhex(digest.partition(".")[0])
        return hmac.compare_digest(_digest(name, self._ring.key(name), plain), digest)


def _mac(key: bytes, *words: bytes) -> bytes:
    """For each use its own: lengths stand between the words, so that none can pass for another."""
    return hmac.new(key, b"".join(len(one).to_bytes(4, "big") + one for one in words), sha256).digest()


def _digest(name: bytes, key: bytes, plain: str) -> str:
    return f"{name.hex()}.{_mac(key, b'digest', plain.encode()).hex()[:32]}"

"""Long inputs in a dictionary."""

from hashlib import sha256
from typing import BinaryIO

from chalicelib.domain.errors import InvalidInput
from chalicelib.pipeline.ports import Piece


class MemoryInputs:
    """The twin of `S3Inputs`."""

    def __init__(self) -> None:
        self.bodies: dict[str, bytes] = {}
        self.reads = 0
        self._versions: dict[str, tuple[bytes, str]] = {}

    def put(self, key: str, body: BinaryIO) -> None:
        """Keep it."""
        self.bodies[key] = body.read()

    def read(self, key: str, start: int, most: int, version: str | None = None) -> Piece:
        """A part of it."""
        self.reads += 1
        body = self.bodies.get(key)
        if body is None:
            raise InvalidInput("object", f"there is no {key}")
        found = self._version(key, body)
        if version not in (None, found):
            raise InvalidInput("object", f"{key} has changed")
        return Piece(body=body[start : start + most], size=len(body), version=found)

    def _version(self, key: str, body: bytes) -> str:
        """Reckoned once: a long object is read in many parts."""
        known, version = self._versions.get(key, (b"", ""))
        if known is not body:
            version = sha256(body).hexdigest()[:32]
            self._versions[key] = body, version
        return version

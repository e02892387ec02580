"""Large arguments and results in a dictionary."""

from datetime import datetime
from hashlib import sha256

from chalicelib.domain.errors import PayloadMissing
from chalicelib.domain.job import Place, Stored


class MemoryPayloads:
    """The twin of `AwsPayloads`."""

    def __init__(self) -> None:
        self.bodies: dict[tuple[str, str], bytes] = {}
        self.keep_until: dict[tuple[str, str], datetime] = {}

    def put(self, job_id: str, body: bytes, keep_until: datetime) -> Stored:
        """Keep the bytes."""
        digest = sha256(body).hexdigest()
        self.bodies[job_id, digest] = body
        self.keep_until[job_id, digest] = keep_until
        return Stored(place=Place.ITEM, sha256=digest, size=len(body))

    def get(self, job_id: str, stored: Stored) -> bytes:
        """The bytes, checked."""
        body = self.bodies.get((job_id, stored.sha256))
        if body is None or sha256(body).hexdigest() != stored.sha256:
            raise PayloadMissing(f"job {job_id}: the stored payload {stored.sha256[:12]} is gone or damaged")
        return body

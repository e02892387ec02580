"""Where arguments and results lie: in the row when small, outside it when not. One place decides."""

from datetime import datetime
from typing import Any

from chalicelib.domain.errors import TooLarge
from chalicelib.domain.job import INLINE_BYTES, Inline, Payload
from chalicelib.pipeline import strict_json
from chalicelib.pipeline.limits import MAX_BODY, PAYLOAD_LIFE
from chalicelib.pipeline.ports import PayloadStore


def place(text: str, *, job_id: str, due: datetime, payloads: PayloadStore) -> Payload:
    """The payload to record for this JSON text; a large one is stored before the row that names it.

    A crash in between leaves an orphan that expires by itself. Raises `TooLarge` beyond `MAX_BODY`.
    """
    body = text.encode()
    if len(body) <= INLINE_BYTES:
        return Inline(json=text)
    if len(body) > MAX_BODY:
        raise TooLarge("payload", f"{len(body):,} bytes are more than the limit of {MAX_BODY:,}")
    return payloads.put(job_id, body, keep_until=due + PAYLOAD_LIFE)


def fetch(payload: Payload, *, job_id: str, payloads: PayloadStore) -> str:
    """The JSON text of a payload. Raises `PayloadMissing` or `Unavailable`."""
    if isinstance(payload, Inline):
        return payload.json
    return payloads.get(job_id, payload).decode()


def load(payload: Payload, *, job_id: str, payloads: PayloadStore) -> Any:
    """The value of a payload. Raises `InvalidInput` for what the strict reader refuses."""
    return strict_json.read(
        fetch(payload, job_id=job_id, payloads=payloads).encode(), name="payload", limit=MAX_BODY
    )

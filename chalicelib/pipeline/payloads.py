"""Where arguments and results lie: in the row when small, outside it when not, sealed where a stage seals. One place decides."""

from datetime import datetime
from typing import Any

from chalicelib.domain.errors import TooLarge
from chalicelib.domain.job import INLINE_BYTES, Inline, Payload, Sealed
from chalicelib.pipeline import strict_json
from chalicelib.pipeline.limits import MAX_BODY, PAYLOAD_LIFE
from chalicelib.pipeline.parts import Parts
from chalicelib.pipeline.sealer import MARK, Whose


def place(text: str, *, whose: Whose, due: datetime, parts: Parts) -> Payload:
    """The payload to record for this JSON text; a large one is stored before the row that names it.

    A crash in between leaves an orphan that expires by itself. Raises `TooLarge` beyond `MAX_BODY`, `KeyUnavailable`.
    """
    body = text.encode()
    small = len(body) <= INLINE_BYTES
    if len(body) > MAX_BODY:
        raise TooLarge("payload", f"{len(body):,} bytes are more than the limit of {MAX_BODY:,}")
    if parts.sealer.on:
        body = parts.sealer.seal(body, whose)
        if small:
            return Sealed(body=body)
    elif small:
        return Inline(json=text)
    return parts.payloads.put(whose.id, body, keep_until=due + PAYLOAD_LIFE)


def fetch(payload: Payload, *, whose: Whose, parts: Parts) -> str:
    """The JSON text of a payload, sealed or not. Raises `PayloadMissing`, `KeyUnavailable` or `Unavailable`."""
    if isinstance(payload, Inline):
        return payload.json
    body = payload.body if isinstance(payload, Sealed) else parts.payloads.get(whose.id, payload)
    return (parts.sealer.open(body, whose) if body.startswith(MARK) else body).decode()


def load(payload: Payload, *, whose: Whose, parts: Parts) -> Any:
    """The value of a payload. Raises `InvalidInput` for what the strict reader refuses."""
    return strict_json.read(fetch(payload, whose=whose, parts=parts).encode(), name="payload", limit=MAX_BODY)

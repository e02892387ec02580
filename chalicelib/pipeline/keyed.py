"""Idempotency keys: the same key and request mean the same job. The key is written before the row; asking again mends a crash in between."""

from chalicelib.domain.errors import KeyReused
from chalicelib.domain.job import KEY_LIFE
from chalicelib.pipeline.asked import Asked
from chalicelib.pipeline.parts import Parts
from chalicelib.pipeline.patience import patience
from chalicelib.pipeline.ports import KeyClaim


def known(asked: Asked, parts: Parts) -> str | None:
    """The id of the job that the request's key stands for already. Raises `KeyReused`, `Unavailable`."""
    if asked.how.key is None:
        return None
    held = patience(parts)(parts.keys.find, asked.how.tenant, asked.how.key, parts.world.now())
    return None if held is None else _same(held, asked, parts).job_id


def bound(asked: Asked, job_id: str, parts: Parts) -> str:
    """The id of the job that the request's key stands for from now on: this one, if it stood for none. Raises `KeyReused`, `Unavailable`."""
    if asked.how.key is None:
        return job_id
    now = parts.world.now()
    claim = KeyClaim(
        tenant=asked.how.tenant,
        key=asked.how.key,
        request_hash=asked.digest,
        job_id=job_id,
        until=now + KEY_LIFE,
    )
    return _same(patience(parts)(parts.keys.hold, claim, now), asked, parts).job_id


def _same(held: KeyClaim, asked: Asked, parts: Parts) -> KeyClaim:
    if held.request_hash != asked.digest and not parts.sealer.is_of(held.request_hash, asked.plain):
        raise KeyReused(
            f"the idempotency key {held.key!r} was used for another request; its job is {held.job_id}"
        )
    return held

"""A job's id is a ULID, and so carries the time of its acceptance: the sweep and the listing rely on that."""

from datetime import UTC, datetime, timedelta
from functools import lru_cache
from hashlib import sha256

from ulid import ULID

from chalicelib.domain.late import regex

RANDOM_BYTES = 10
_ID = regex(r"[0-7][0-9A-HJKMNP-TV-Z]{25}")
_TENANT = regex(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")
_TICK = timedelta(milliseconds=1)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def make_id(at: datetime, randomness: bytes) -> str:
    """The id of a job accepted at this time. `randomness` is ten bytes."""
    return str(ULID(((at - _EPOCH) // _TICK).to_bytes(6, "big") + randomness))


def first_id(at: datetime) -> str:
    """The lowest id of this millisecond: where a range of time begins."""
    return make_id(at, bytes(RANDOM_BYTES))


_END = first_id(datetime(9999, 1, 1, tzinfo=UTC))
"""A ULID can name times until the year 10889, and arithmetic with them would overflow."""


@lru_cache(maxsize=1024)  # a job's verbs ask it several times, and decoding costs more than reading a message
def time_of(job_id: str) -> datetime:
    """When the job was accepted, to the millisecond. Raises ValueError for what is not an id."""
    return _EPOCH + int.from_bytes(ULID.from_str(job_id).bytes[:6], "big") * _TICK


def is_id(text: str) -> bool:
    """Whether the text can be a job's id: 26 upper-case Crockford characters, of a time that a datetime can hold."""
    return _ID.fullmatch(text) is not None and text < _END


def is_tenant(text: str) -> bool:
    """Whether the text can be a tenant's name: 1 to 64 letters, digits, dots, dashes and underscores of ASCII."""
    return _TENANT.fullmatch(text) is not None


def effect_id(job_id: str, epoch: int, slot: str, at: datetime) -> str:
    """The id of the job that an effect submits: made from (job, epoch, slot), so that whoever performs it makes the same."""
    return make_id(at, sha256(f"{job_id}.{epoch}.{slot}".encode()).digest()[:RANDOM_BYTES])

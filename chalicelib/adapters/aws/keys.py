"""Where things lie in the one table.

job#<day>#<last character of the id> / <id>     a job: its id is its address
payload#<job id> / <sha256>                      large arguments or a result
key#<tenant> / <idempotency key>                 what the key stands for
apikey#<id> / apikey                             a credential, hashed
watermark / <pass>                               up to where a sweep has seen every row
quarantine#<day> / <message id>                  a message that was no wake-up
item#<shelf> / <key>                             a small item of some verb: pipeline/items.py

attention (sparse index): due#<shard> by next_check, dead#<shard> by time of death, item#<shard> by an item's appointment
"""

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta

from chalicelib.pipeline.ids import time_of

ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
"""Crockford's base 32, as ULIDs use it: each of its characters is one partition of a day."""

SHARDS = 8
"""Partitions of the attention index a kind. A hot index partition throttles the table's own writes, so there are several:
https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/gsi-throttling.html"""

INDEX = "attention"

Key = Mapping[str, Mapping[str, str]]


def key(pk: str, sk: str) -> Key:
    """A key as DynamoDB takes it."""
    return {"pk": {"S": pk}, "sk": {"S": sk}}


def job_key(job_id: str) -> Key:
    """A job's address, from its id alone."""
    return key(partition(time_of(job_id), job_id[-1]), job_id)


def partition(day: datetime, character: str) -> str:
    """One of a day's partitions."""
    return f"job#{day.astimezone(UTC):%Y%m%d}#{character}"


def partitions(day: datetime) -> list[str]:
    """All partitions of a day."""
    return [partition(day, character) for character in ALPHABET]


def days_back(start: datetime, end: datetime) -> Iterator[datetime]:
    """The days from start's back to end's, midnight each."""
    day = midnight(start)
    while day >= midnight(end):
        yield day
        day -= timedelta(days=1)


def midnight(at: datetime) -> datetime:
    """The beginning of a time's UTC day."""
    return at.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)


def attention_key(kind: str, job_id: str) -> str:
    """The index partition of a row that needs somebody."""
    return f"{kind}#{ALPHABET.index(job_id[-1]) % SHARDS}"


def attention_keys(kind: str) -> list[str]:
    """All index partitions of a kind."""
    return [f"{kind}#{shard}" for shard in range(SHARDS)]

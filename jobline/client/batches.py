"""Bulk submission in portions that the API takes: by number and by size, drawn from an iterable as they are sent."""

import json
import uuid
from collections.abc import AsyncIterable, AsyncIterator, Iterable, Iterator

from jobline.client.job import NewJob

BATCH = 500
"""How many jobs go into one request; the API takes 1,000, of 4 MiB together."""

MOST_BYTES = 3_900_000
"""Of one request's jobs. One alone that is larger is sent, and refused with the API's own words."""


def batches(news: Iterable[NewJob], *, batch: int = BATCH) -> Iterator[list[str]]:
    """The jobs as JSON texts, each with its key, some at a time. Holds no more than one portion and the job after it."""
    if not 1 <= batch <= 1000:
        raise ValueError(f"batch: {batch} is not between 1 and 1,000")
    texts: list[str] = []
    room = MOST_BYTES
    for new in news:
        text = _text(new)
        if texts and len(text) >= room:
            yield texts
            texts, room = [], MOST_BYTES
        texts.append(text)
        room -= len(text) + 1
        if len(texts) == batch:  # nobody waits for a further job before this portion goes
            yield texts
            texts, room = [], MOST_BYTES
    if texts:
        yield texts


async def portions(
    news: Iterable[NewJob] | AsyncIterable[NewJob], batch: int
) -> AsyncIterator[Iterable[NewJob]]:
    """What comes asynchronously, some at a time; all of it if it need not be awaited."""
    if not isinstance(news, AsyncIterable):
        yield news
        return
    some: list[NewJob] = []
    async for new in news:
        some.append(new)
        if len(some) >= batch:
            yield some
            some = []
    if some:
        yield some


def _text(new: NewJob) -> str:
    """ASCII, so that its length is its size. Raises ValueError, TypeError for what JSON cannot hold."""
    body = {**new.body(), "idempotency_key": new.key or str(uuid.uuid4())}
    return json.dumps(body, separators=(",", ":"), allow_nan=False)

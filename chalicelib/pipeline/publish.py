"""Publishing an event: checked for every subscriber, held by its id, then a job for each of them, all before the answer."""

import hashlib
import json
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from chalicelib.domain.errors import InvalidInput, KeyReused, ResultNotJson, TooLarge
from chalicelib.domain.job import KEY_LIFE, Job
from chalicelib.domain.lean import dataclass
from chalicelib.pipeline import strict_json
from chalicelib.pipeline.event_jobs import Happening, make_jobs, subscribers
from chalicelib.pipeline.ids import is_tenant
from chalicelib.pipeline.limits import MAX_BODY
from chalicelib.pipeline.parts import Parts
from chalicelib.pipeline.patience import patience
from chalicelib.pipeline.ports import KeyClaim
from chalicelib.pipeline.signature import to_plain
from chalicelib.pipeline.topics import OURS, any_matches, check_topic

MAX_ID_CHARS = 100
ROOM = 4 * 1024
"""Bytes that the rest of an event may take beside its payload."""

MOST_OUTSIDE = 250 * 1024
"""Bytes of a payload that goes outside: SNS takes 256 KiB with the attributes.
https://docs.aws.amazon.com/sns/latest/dg/sns-publishing-quotas.html"""

KEY = "event\x1f"
"""What an event's id is held under, so that it is no idempotency key: those are printable."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Published:
    """An event that all its subscribers will get."""

    id: str
    topic: str
    at: datetime
    jobs: Sequence[Job]


def publish(
    topic: str, payload: Any = None, *, id: str | None = None, tenant: str, parts: Parts
) -> Published:
    """Publish an event. The answer comes when every subscriber's job has its row.

    With an `id`, publishing again within 24 hours is the same event: what a crash left out is filled in, and nothing is doubled.
    Raises `InvalidInput` that names the part of the payload a subscriber cannot take, `KeyReused`, `Unavailable`: ask again.
    """
    _check_names(topic, id, tenant)
    try:
        plain = to_plain(payload)
    except ResultNotJson as error:
        raise InvalidInput("payload", str(error)) from error
    text = strict_json.write_readable(
        plain,
        name="payload",
        limit=MAX_BODY - ROOM,
        depth=strict_json.MAX_DEPTH - 2,
        values=strict_json.MAX_VALUES - 100,
    )
    if any_matches(parts.registry.external, topic) and len(text.encode()) > MOST_OUTSIDE:
        raise TooLarge("payload", f"more than the {MOST_OUTSIDE:,} bytes that can leave by SNS")
    base = parts.world.job_id()
    happening = Happening(id=id or base, base=base, topic=topic, payload=plain, tenant=tenant)
    _check_payload(happening, parts)
    if id is not None:
        happening = Happening(
            id=id, base=_held(happening, text, parts), topic=topic, payload=plain, tenant=tenant
        )
    jobs = make_jobs(happening, parts=parts)
    return Published(id=happening.id, topic=topic, at=happening.at, jobs=jobs)


def _check_names(topic: str, event_id: str | None, tenant: str) -> None:
    check_topic(topic)
    if topic.startswith(OURS):
        raise InvalidInput("topic", f"{OURS}* tells of jobs, and only jobs themselves are heard there")
    if event_id is not None and not (1 <= len(event_id) <= MAX_ID_CHARS and event_id.isprintable()):
        raise InvalidInput("id", f"not 1 to {MAX_ID_CHARS} printable characters")
    if not is_tenant(tenant):
        raise InvalidInput("tenant", "not 1 to 64 letters, digits, dots, dashes and underscores")


def _check_payload(happening: Happening, parts: Parts) -> None:
    """Refuse what one of the subscribers cannot take: it would only be found out when nobody is there any more to mend it."""
    for task in subscribers(happening.topic, parts.registry):
        name = task.signature.names[0]
        try:
            task.signature.check({name: happening.event})
        except InvalidInput as error:
            argument = error.argument.removeprefix(f"args.{name}").lstrip(".") or "payload"
            raise InvalidInput(argument, f"{error.why} (so task {task.name} takes it)") from error


def _held(happening: Happening, text: str, parts: Parts) -> str:
    """The base that the event's id stands for: this one, or that of the same event published before."""
    now = parts.world.now()
    canonical = json.dumps([happening.topic, json.loads(text)], sort_keys=True)
    plain = hashlib.sha256(canonical.encode()).hexdigest()[:32]
    claim = KeyClaim(
        tenant=happening.tenant,
        key=f"{KEY}{happening.id}",
        request_hash=parts.sealer.digest(plain),
        job_id=happening.base,
        until=now + KEY_LIFE,
    )
    held = patience(parts)(parts.keys.hold, claim, now)
    if held.request_hash != claim.request_hash and not parts.sealer.is_of(held.request_hash, plain):
        raise KeyReused(f"the id {happening.id!r} was used for another event")
    return held.job_id

"""One batch of messages in, the ids of those to deliver again out; each record on its own."""

import logging
from collections.abc import Callable, Sequence
from datetime import datetime

from chalicelib.domain.errors import InvalidInput, NewerMessage, Unavailable
from chalicelib.domain.job import Wakeup
from chalicelib.domain.lean import dataclass
from chalicelib.pipeline.execute import Started
from chalicelib.pipeline.measures import Measure
from chalicelib.pipeline.messages import decode
from chalicelib.pipeline.parts import Parts
from chalicelib.pipeline.ports import Oddity

log = logging.getLogger(__name__)

ODDITY_CHARS = 4096


@dataclass(frozen=True, kw_only=True, slots=True)
class Record:
    """One SQS message as Lambda hands it over."""

    message_id: str
    receipt: str
    body: str
    trace: str | None = None


class WholeBatchFailed(Exception):
    """No record of the batch could be handled. Raised so that the batch comes back with or without partial responses."""


Handler = Callable[[Wakeup, Record], bool | Started]
"""Whether the message is done with; or the job that it started, to be finished together with the others."""

Finish = Callable[[Sequence[Started]], Sequence[bool | Exception]]


def consume(
    records: Sequence[Record], handle: Handler, *, lane: str, parts: Parts, finish: Finish | None = None
) -> list[str]:
    """Handle every record; the message ids to deliver again. Raises `WholeBatchFailed` when that is all of them.

    What is no wake-up goes to the quarantine and is done with: it is nobody's job. A bug in handling one record gives that one back.
    """
    parts.metrics.add(Measure.BATCH_SIZE, len(records), lane=lane)
    answers = list(parts.crew.each(lambda record: _one(record, handle, lane, parts), records))
    if finish is not None:
        answers = _finished(answers, finish)
    again: list[str] = []
    for record, answer in zip(records, answers, strict=True):
        if isinstance(answer, Exception):
            log.error(
                "message %s: given back after an error of ours",
                record.message_id,
                exc_info=answer,
                extra={"action": "given_back"},
            )
        if answer is not True:
            again.append(record.message_id)
    if records and len(again) == len(records):
        raise WholeBatchFailed(f"none of {len(records)} messages of lane {lane} could be handled")
    return again


def _finished(
    answers: Sequence[bool | Started | Exception], finish: Finish
) -> list[bool | Started | Exception]:
    """The answers, in the place of each job that was started whether its message is done with."""
    started = [answer for answer in answers if isinstance(answer, Started)]
    done = iter(finish(started) if started else ())
    return [next(done) if isinstance(answer, Started) else answer for answer in answers]


def _one(record: Record, handle: Handler, lane: str, parts: Parts) -> bool | Started:
    try:
        wakeup = decode(record.body, lane)
    except NewerMessage as error:
        log.warning("message %s: given back: %s", record.message_id, error, extra={"action": "given_back"})
        return False
    except InvalidInput as error:
        return _quarantine(record, lane, str(error), parts.world.now(), parts)
    return handle(wakeup, record)


def _quarantine(record: Record, lane: str, why: str, now: datetime, parts: Parts) -> bool:
    body = record.body.encode("utf-8", "replace").decode()[:ODDITY_CHARS]
    log.error(
        "message %s of lane %s is no wake-up: %s",
        record.message_id,
        lane,
        why,
        extra={"action": "quarantined"},
    )
    parts.metrics.add(Measure.QUARANTINED, lane=lane)
    try:
        parts.quarantine.keep(Oddity(message_id=record.message_id, lane=lane, body=body, why=why, at=now))
    except Unavailable:
        return False
    return True

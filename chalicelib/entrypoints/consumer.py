"""The Lambda consumers: one for each lane, and one for the dead-letter queue.

What they lead to is imported when it is needed (`ahead`), since every function imports this file and most are no consumers.

`Blueprint("app")`: Lambda enters by `app.<function>`, so that app.py and its middleware are always there (aws/chalice#1566).
"""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from importlib import import_module
from typing import TYPE_CHECKING, Any

from chalice import Blueprint

from chalicelib import wiring
from chalicelib.adapters import json_log
from chalicelib.adapters.tracing import Header
from chalicelib.domain.lane import Lane
from chalicelib.entrypoints.invocation import marked, request_id, watched
from chalicelib.lanes import DECLARED
from chalicelib.pipeline.measures import Measure
from chalicelib.settings import DEAD_LETTERS, queue_name

if TYPE_CHECKING:
    from chalicelib.domain.job import Wakeup
    from chalicelib.pipeline.consume import Finish, Handler, Record
    from chalicelib.pipeline.execute import Started
    from chalicelib.pipeline.parts import Parts

consumers = Blueprint("app")

BATCH = 10
"""Dead letters a batch."""

BatchAnswer = dict[str, list[dict[str, str]]]


def ahead(function: str) -> None:
    """Import what this function will need, if it is one of these: its start has more processor than its first event."""
    if function in CONSUMERS:
        import_module("chalicelib.pipeline.together")
        import_module("chalicelib.pipeline.consume")
    elif function == "dead_letters":
        import_module("chalicelib.pipeline.dead_letters")
        import_module("chalicelib.pipeline.consume")


def _consumer(lane: Lane) -> Callable[..., Any]:
    """The function that Lambda calls for a lane, registered under the lane's name with the figures that it declares."""

    def consumer(event: Any) -> BatchAnswer:
        return run_lane(lane.name, event)

    consumer.__name__ = consumer.__qualname__ = lane.consumer
    consumer.__doc__ = lane.meant
    registered: Callable[..., Any] = consumers.on_sqs_message(
        queue=queue_name(lane.name),
        batch_size=lane.batch_size,
        maximum_batching_window_in_seconds=int(lane.window.total_seconds()),
        maximum_concurrency=lane.concurrency,
    )(consumer)
    return registered


CONSUMERS: Mapping[str, Callable[..., Any]] = {lane.consumer: _consumer(lane) for lane in DECLARED}
"""By their names in app.py: consume_high, consume_default, ..."""


@consumers.on_sqs_message(queue=queue_name(DEAD_LETTERS), batch_size=BATCH)
def dead_letters(event: Any) -> BatchAnswer:
    """Messages that came back too often: their jobs go back to the sweep."""
    from chalicelib.pipeline.dead_letters import hand_back

    json_log.configure()
    parts = wiring.parts()  # no task runs here, so nothing is started ahead for one
    return _answer(event, lambda wakeup, _: hand_back(wakeup, parts=parts), DEAD_LETTERS, parts)


def run_lane(lane: str, event: Any) -> BatchAnswer:
    """Run the jobs of one batch; the answer names the messages to deliver again."""
    from chalicelib.pipeline.together import hands

    json_log.configure()
    parts = wiring.consumer_parts()
    ends = parts.world.now() + timedelta(milliseconds=event.context.get_remaining_time_in_millis())

    handle, finish = hands(ends=ends, lane=lane, parts=parts)
    return _answer(event, handle, lane, parts, finish, ends)


def _answer(
    event: Any,
    handle: "Handler",
    lane: str,
    parts: "Parts",
    finish: "Finish | None" = None,
    ends: datetime | None = None,
) -> BatchAnswer:
    """The shape that ReportBatchItemFailures asks for:
    https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-errorhandling.html
    """
    from chalicelib.pipeline.consume import Record, consume

    records = [
        Record(
            message_id=raw["messageId"],
            receipt=raw["receiptHandle"],
            body=raw["body"],
            trace=raw.get("attributes", {}).get("AWSTraceHeader"),
        )
        for raw in event.to_dict()["Records"]
    ]
    with marked(request_id(event)), watched("batch", parts, lane=lane, ends=ends):
        _note_batch(records, lane, parts)
        again = consume(records, _watching(handle, parts), lane=lane, parts=parts, finish=finish)
    return {"batchItemFailures": [{"itemIdentifier": message_id} for message_id in again]}


def _note_batch(records: "Sequence[Record]", lane: str, parts: "Parts") -> None:
    """The batch is a trace of its own; it names the traces of those who sent its messages. (Lambda links them, too.)"""
    if lane == DEAD_LETTERS:
        parts.metrics.add(Measure.DEAD_LETTERS, len(records), lane=lane)
    senders = sorted({sender.trace_id for record in records if (sender := Header.read(record.trace))})
    parts.tracer.note(lane=lane, messages=len(records))
    if senders:
        parts.tracer.note(senders=" ".join(senders))


def _watching(handle: "Handler", parts: "Parts") -> "Handler":
    """The handler, each message of which is a span in its sender's trace, and its log lines name that trace."""

    def watching(wakeup: "Wakeup", record: "Record") -> "bool | Started":
        sender = Header.read(record.trace)
        with (
            parts.tracer.span(f"job-{wakeup.lane}", carried=record.trace),
            json_log.bound(trace_id=None if sender is None else sender.trace_id),
        ):
            parts.tracer.note(job_id=wakeup.job_id, message_id=record.message_id)
            done = handle(wakeup, record)
            if not done:
                parts.tracer.note(fault=True, outcome="given_back")
            return done

    return watching

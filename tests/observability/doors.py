"""A stage behind the doors: events go in by the app's own handlers."""

from dataclasses import replace
from typing import Any

import app
from chalicelib.adapters.memory import MemoryMetrics, MemoryTracer
from chalicelib.adapters.memory.queue import Message
from jobline.local.context import Context
from jobline.local.sqs_event import sqs_event
from tests.support.stage import Stage


class Doors(Stage):
    """A stage that the app's own handlers work on."""

    def __init__(self) -> None:
        super().__init__()
        self.tracer, self.metrics = MemoryTracer(), MemoryMetrics()
        self.parts = replace(self.parts, tracer=self.tracer, metrics=self.metrics)

    def deliver(self, lane: str, handler: str) -> Any:
        """All messages of a lane, to a handler."""
        messages: Any = [_received(message) for message in self.queue.receive(lane)]
        event = sqs_event(messages, queue_arn="arn:aws:sqs:us-east-1:0:q", region="us-east-1")
        return getattr(app, handler)(event, Context(handler, timeout=60))


def _received(message: Message) -> dict[str, Any]:
    attributes = {} if message.trace is None else {"AWSTraceHeader": message.trace}
    return {
        "MessageId": message.id,
        "ReceiptHandle": message.receipt,
        "Body": message.body,
        "Attributes": attributes,
        "MD5OfBody": "",
    }

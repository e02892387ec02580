"""What EventBridge does with a rate: invoke one function again and again, never twice at once."""

import logging
import threading
import time
import uuid
from datetime import UTC, datetime
from typing import Any

from jobline.local.invoke import Failed, Function, Stuck

log = logging.getLogger(__name__)

OVERDUE_AT_MOST = 3  # turns skipped because an earlier invocation still runs


def scheduled_event(rule: str, at: datetime, *, region: str) -> dict[str, Any]:
    """The event of a rule that fires at this time: https://docs.aws.amazon.com/eventbridge/latest/ref/events.html."""
    return {
        "version": "0",
        "id": str(uuid.uuid4()),
        "detail-type": "Scheduled Event",
        "source": "aws.events",
        "account": "000000000000",
        "time": at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
        "region": region,
        "resources": [f"arn:aws:events:{region}:000000000000:rule/{rule}"],
        "detail": {},
    }


def tick_every(seconds: float, function: Function, *, region: str, stop: threading.Event) -> None:
    """Invoke the function every `seconds` until `stop` is set. One that takes longer delays the next. Raises Stuck."""
    skipped = 0
    due = time.monotonic()
    while not stop.wait(max(0.0, due - time.monotonic())):
        due = max(due + seconds, time.monotonic())
        if function.overdue:
            skipped += 1
            if skipped > OVERDUE_AT_MOST:
                raise Stuck(f"{function.name}: an invocation does not end")
            continue
        skipped = 0
        outcome = function.invoke(scheduled_event(function.name, datetime.now(UTC), region=region))
        if isinstance(outcome, Failed):
            log.warning("%s failed, the next one goes on: %s", function.name, outcome.why)

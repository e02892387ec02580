"""What every door does around its work: it is traced, its log lines are marked, its metrics are put out at the end."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import TYPE_CHECKING, Any

from chalicelib.adapters import json_log
from chalicelib.adapters.tracing import invocation_trace

if TYPE_CHECKING:
    from chalicelib.pipeline.parts import Parts


@contextmanager
def marked(request_id: str) -> Iterator[None]:
    """Log lines name the request and its trace."""
    with json_log.bound(request_id=request_id, trace_id=invocation_trace()):
        yield


@contextmanager
def watched(
    name: str, parts: "Parts", *, lane: str | None = None, ends: datetime | None = None
) -> Iterator[None]:
    """The work of one invocation, as one span of that name. `lane`: it is a batch of that lane; `ends`: it is killed then."""
    with parts.metrics.invocation(lane, ends=ends), parts.tracer.invocation(), parts.tracer.span(name):
        yield


def request_id(event: Any) -> str:
    """How Lambda calls the invocation that brought this event."""
    return str(getattr(event.context, "aws_request_id", "-"))

"""X-Ray's SDK as an exporter. It is in maintenance since February 2026, so nothing but this file knows it.

Lambda makes the segment of an invocation by itself, and ours are parts of it. A job whose message came from a sampled trace gets a
segment of its own in *that* trace, below the span that sent it: Lambda cannot do that for a batch, which has many senders.
"""

import re
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from contextvars import ContextVar
from typing import Any

import botocore.client
import wrapt
from aws_xray_sdk.core import xray_recorder
from aws_xray_sdk.core.context import Context
from aws_xray_sdk.core.exceptions.exceptions import AlreadyEndedException
from aws_xray_sdk.core.models.facade_segment import FacadeSegment
from aws_xray_sdk.ext.boto_utils import aws_meta_processor, inject_header
from botocore.client import BaseClient

from chalicelib.adapters.aws.direct import calls
from chalicelib.adapters.tracing.header import Header
from chalicelib.domain.late import regex

_open: ContextVar[tuple[Any, ...]] = ContextVar("jobline_xray", default=())
"""The segment and the subsegments in it that are open here, outermost first. Never changed in place: threads share it."""

_FORBIDDEN = regex(r"[^\w\s.:/%&#=+\\@-]", re.ASCII)
_MOST_NAME = 200
_MOST_TEXT = 1000  # characters of an annotation
_PATCHED = "_jobline_xray"


class Carried(Context):  # type: ignore[misc] # the SDK has no types
    """Where the recorder finds what is open: a context variable, which goes along with threads and coroutines.

    The SDK's own contexts know one thread or one loop; the one that it takes on Lambda refuses segments.
    """

    def put_segment(self, segment: Any) -> None:
        """Begin with this segment."""
        _open.set((segment,))

    def put_subsegment(self, subsegment: Any) -> None:
        """Put it into the innermost. One that has just ended, on another thread, takes no more; nobody fails for that."""
        opened = _open.get()
        if opened:
            with suppress(AlreadyEndedException):
                opened[-1].add_subsegment(subsegment)
            _open.set((*opened, subsegment))

    def end_subsegment(self, end_time: float | None = None) -> bool:
        """Close the innermost, if that is a subsegment."""
        opened = _open.get()
        if len(opened) < 2:
            return False
        opened[-1].close(end_time)
        _open.set(opened[:-1])
        return True

    def get_trace_entity(self) -> Any:
        """The innermost, or None."""
        opened = _open.get()
        return opened[-1] if opened else None

    def set_trace_entity(self, trace_entity: Any) -> None:
        """Begin with this one."""
        _open.set((trace_entity,))

    def clear_trace_entities(self) -> None:
        """Forget all, here."""
        _open.set(())


class XRay:
    """The exporter. `service` names our segments in the service map."""

    def __init__(self, service: str) -> None:
        self._service = service
        # Each span is sent when it ends, not with its segment: a sandbox may be frozen, or killed, before that ends.
        xray_recorder.configure(context=Carried(), service=service, streaming_threshold=0)
        _patch_botocore()

    @contextmanager
    def inside(self, invocation: Header) -> Iterator[Header]:
        """The segment that Lambda makes, as far as it may be touched: subsegments can be put into it."""
        facade = FacadeSegment(
            name="facade", entityid=invocation.parent, traceid=invocation.trace_id, sampled=True
        )
        mark = _open.set((facade,))
        try:
            yield invocation
        finally:
            _open.reset(mark)

    @contextmanager
    def joined(self, name: str, sender: Header) -> Iterator[Header]:
        """A segment of our own in the sender's trace."""
        before = _open.get()
        own = _open.set(())
        try:
            segment = xray_recorder.begin_segment(
                _name(f"{self._service}-{name}"),
                traceid=sender.trace_id,
                parent_id=sender.parent,
                sampling=1,
            )
            if before:
                segment.put_annotation("invocation_trace", before[0].trace_id)
            with _faulty(segment):
                yield Header(trace_id=sender.trace_id, parent=segment.id, sampled=True)
        finally:
            xray_recorder.end_segment()
            _open.reset(own)

    @contextmanager
    def span(self, name: str) -> Iterator[Header]:
        """A subsegment. None on a thread that has outlived the span it was started in."""
        before = _open.get()
        if not _alive():
            yield Header(trace_id=before[0].trace_id, parent=before[-1].id, sampled=True)
            return
        subsegment = xray_recorder.begin_subsegment(_name(name))
        try:
            with _faulty(subsegment):
                yield Header(trace_id=subsegment.trace_id, parent=subsegment.id, sampled=True)
        finally:
            xray_recorder.end_subsegment()
            _open.set(before)

    def note(self, *, fault: bool, **facts: str | float) -> None:
        """Annotations, by which traces can be searched. Lambda's own segment takes none."""
        entity = xray_recorder.get_trace_entity()
        if entity is None or isinstance(entity, FacadeSegment) or not entity.in_progress:
            return
        if fault:
            entity.add_fault_flag()
        for key, value in facts.items():
            entity.put_annotation(key, value[:_MOST_TEXT] if isinstance(value, str) else value)


@contextmanager
def _faulty(entity: Any) -> Iterator[None]:
    """An exception marks the span. Its words are left out: they may quote what the job is about."""
    try:
        yield
    except BaseException as error:
        entity.add_fault_flag()
        entity.put_annotation("error", type(error).__name__)
        raise


def _name(name: str) -> str:
    """A name that X-Ray takes: https://docs.aws.amazon.com/xray/latest/devguide/xray-api-segmentdocuments.html"""
    return _FORBIDDEN.sub("_", name)[:_MOST_NAME]


def _patch_botocore() -> None:
    """Every call of every boto3 client becomes a span, a task's own calls too. The SDK's patch would grumble where nothing is open."""
    if hasattr(botocore.client, _PATCHED):
        return
    setattr(botocore.client, _PATCHED, True)
    calls.traced = _alive  # a call that is to be a span is botocore's
    before = BaseClient.__dict__["_make_api_call"]
    wrapt.wrap_function_wrapper("botocore.client", "BaseClient._make_api_call", _traced)
    calls.let_past(BaseClient.__dict__["_make_api_call"], around=before)
    wrapt.wrap_function_wrapper("botocore.endpoint", "Endpoint.prepare_request", _told)


def _alive() -> bool:
    """Whether something is open here, and has not ended meanwhile."""
    opened = _open.get()
    return bool(opened) and all(entity.in_progress for entity in opened)


def _traced(wrapped: Any, instance: Any, args: Any, kwargs: Any) -> Any:
    if not _alive():
        return wrapped(*args, **kwargs)
    return xray_recorder.record_subsegment(
        wrapped,
        instance,
        args,
        kwargs,
        name=instance.meta.service_model.endpoint_prefix,
        namespace="aws",
        meta_processor=aws_meta_processor,
    )


def _told(wrapped: Any, instance: Any, args: Any, kwargs: Any) -> Any:
    """The service is told of the trace, too."""
    return inject_header(wrapped, instance, args, kwargs) if _alive() else wrapped(*args, **kwargs)

"""The twins of tracer and metrics: they remember what they were told, for tests to look at."""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import field
from datetime import datetime

from chalicelib.domain.lean import dataclass
from chalicelib.pipeline.measures import Measure


@dataclass(kw_only=True)
class Span:
    """A span that was opened. Its header is its number."""

    number: int
    name: str
    parent: int | None
    notes: dict[str, str | float] = field(default_factory=dict)
    fault: bool = False
    ended: bool = False


class MemoryTracer:
    """The twin of `Tracing`: everything is sampled, and all is one trace."""

    def __init__(self) -> None:
        self.spans: list[Span] = []
        self._open: ContextVar[Span | None] = ContextVar("open_span", default=None)

    @contextmanager
    def invocation(self) -> Iterator[None]:
        """The platform's own part, which is not ours to keep."""
        mark = self._open.set(None)
        try:
            yield
        finally:
            self._open.reset(mark)

    @contextmanager
    def span(self, name: str, *, carried: str | None = None) -> Iterator[None]:
        """Open a span, below the one whose number was carried here or the one that is open."""
        above = self._open.get()
        parent = int(carried) if carried else above.number if above else None
        span = Span(number=len(self.spans), name=name, parent=parent)
        self.spans.append(span)
        mark = self._open.set(span)
        try:
            yield
        finally:
            span.ended = True
            self._open.reset(mark)

    def note(self, *, fault: bool = False, **facts: str | float) -> None:
        """Remember it with the open span."""
        span = self._open.get()
        if span is not None:
            span.notes.update(facts)
            span.fault = span.fault or fault

    def header(self) -> str | None:
        """The open span's number."""
        span = self._open.get()
        return None if span is None else str(span.number)

    def trace_id(self) -> str | None:
        """One for all."""
        return "trace"


@dataclass(frozen=True, slots=True)
class Added:
    """One value that was added."""

    measure: Measure
    value: float
    lane: str | None
    task: str | None
    tenant: str | None = None


class MemoryMetrics:
    """The twin of `EmfMetrics`."""

    def __init__(self) -> None:
        self.added: list[Added] = []

    @contextmanager
    def invocation(self, lane: str | None = None, *, ends: datetime | None = None) -> Iterator[None]:  # noqa: ARG002
        """Nothing is to be put out."""
        yield

    def add(
        self,
        measure: Measure,
        value: float = 1,
        *,
        lane: str | None = None,
        task: str | None = None,
        tenant: str | None = None,
    ) -> None:
        """Remember it."""
        self.added.append(Added(measure, value, lane, task, tenant))

    def total(self, measure: Measure) -> float:
        """The sum of all values of a measure."""
        return sum(one.value for one in self.added if one.measure is measure)

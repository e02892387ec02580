"""The tracer: for what is sampled it opens spans; for all the rest it only hands the header on, and loads nothing."""

import logging
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from contextvars import ContextVar

from chalicelib.adapters.tracing.exporter import Exporter
from chalicelib.adapters.tracing.header import Header

log = logging.getLogger(__name__)

INVOCATION = "_X_AMZN_TRACE_ID"
"""Lambda writes each invocation's header there:
https://docs.aws.amazon.com/lambda/latest/dg/configuration-envvars.html#configuration-envvars-runtime"""

_here: ContextVar[Header | None] = ContextVar("jobline_trace", default=None)
"""What is traced here: a copy of it goes with every thread and coroutine that is started."""


class Tracing:
    """`load` makes the exporter, at the first span that is sampled. None: nobody takes spans; headers are handed on all the same."""

    def __init__(self, load: Callable[[], Exporter] | None, environment: Mapping[str, str]) -> None:
        self._load = load
        self._environment = environment
        self._exporter: Exporter | None = None

    @contextmanager
    def invocation(self) -> Iterator[None]:
        """One invocation, part of what Lambda traces of it."""
        header = Header.read(self._environment.get(INVOCATION))
        exporter = self._exporter_for(header)
        if header is not None and exporter is not None:
            with self._at(exporter.inside(header)):
                yield
        else:
            with _known(header):
                yield

    @contextmanager
    def span(self, name: str, *, carried: str | None = None) -> Iterator[None]:
        """A span in the trace that the header names, if that is sampled; else in this one; else none."""
        sender = Header.read(carried)
        exporter = self._exporter_for(sender)
        if sender is not None and exporter is not None:
            with self._at(exporter.joined(name, sender)):
                yield
            return
        here = _here.get()
        exporter = self._exporter_for(here)
        if exporter is not None:
            with self._at(exporter.span(name)):
                yield
        elif sender is not None:
            with _known(sender):
                yield
        else:
            yield

    def note(self, *, fault: bool = False, **facts: str | float) -> None:
        """Annotate the open span, if one is."""
        exporter = self._exporter_for(_here.get())
        if exporter is not None:
            exporter.note(fault=fault, **facts)

    def header(self) -> str | None:
        """The header of what is open here."""
        here = _here.get()
        return None if here is None else here.text()

    def trace_id(self) -> str | None:
        """The trace of what is open here."""
        here = _here.get()
        return None if here is None else here.trace_id

    @staticmethod
    @contextmanager
    def _at(opened: AbstractContextManager[Header]) -> Iterator[None]:
        with opened as header, _known(header):
            yield

    def _exporter_for(self, header: Header | None) -> Exporter | None:
        """The exporter, if that is to be traced. One that cannot be loaded is told of once: no job fails for it."""
        if header is None or not header.sampled or self._load is None:
            return None
        if self._exporter is None:
            try:
                self._exporter = self._load()
            except ImportError as error:
                self._load = None
                log.warning("not traced: %s", error, extra={"action": "not_traced"})
        return self._exporter


@contextmanager
def _known(header: Header | None) -> Iterator[None]:
    mark = _here.set(header)
    try:
        yield
    finally:
        _here.reset(mark)

"""Tracing: which invocations are traced is decided here; how and where to is one exporter's business, one file."""

import os
from collections.abc import Mapping

from chalicelib.adapters.tracing.exporter import Exporter
from chalicelib.adapters.tracing.header import Header
from chalicelib.adapters.tracing.tracing import INVOCATION, Tracing

__all__ = ["Exporter", "Header", "Tracing", "invocation_trace", "tracer"]

DAEMON = "AWS_XRAY_DAEMON_ADDRESS"
"""Lambda says there where spans go. Without it (on a developer's machine, in tests) nobody is there to take them."""


def tracer(service: str, environment: Mapping[str, str] = os.environ) -> Tracing:
    """The tracer of this process. The exporter is imported by the first span that is sampled, since its import is slow."""

    def load() -> Exporter:
        from chalicelib.adapters.tracing.xray import XRay  # another exporter is another line here

        return XRay(service)

    return Tracing(load if environment.get(DAEMON) else None, environment)


def invocation_trace(environment: Mapping[str, str] = os.environ) -> str | None:
    """The trace that the platform has given this invocation, sampled or not."""
    header = Header.read(environment.get(INVOCATION))
    return None if header is None else header.trace_id

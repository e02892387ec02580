"""What a tracing library has to do for us: the whole seam between Jobline and X-Ray's SDK, or OpenTelemetry's, or none."""

from contextlib import AbstractContextManager

from chalicelib.adapters.tracing.header import Header
from chalicelib.domain.late import Protocol


class Exporter(Protocol):
    """Spans of sampled traces. The open one is kept by context variable, so that it is also open on the threads that help.

    Each context manager gives the header by which others can become a part of what it opened.
    """

    def inside(self, invocation: Header) -> AbstractContextManager[Header]:
        """Within what the platform itself traces of this invocation; nothing of our own is opened."""

    def joined(self, name: str, sender: Header) -> AbstractContextManager[Header]:
        """Open a span in the sender's trace, whatever was open here."""

    def span(self, name: str) -> AbstractContextManager[Header]:
        """Open a span in the one that is open."""

    def note(self, *, fault: bool, **facts: str | float) -> None:
        """Annotate the open span."""

"""A tracer, metrics and feeds for a pipeline that nobody watches: tests, the simulation, a script. They do nothing, at no cost."""

from contextlib import AbstractContextManager, nullcontext
from datetime import datetime

from chalicelib.pipeline.measures import Measure
from chalicelib.pipeline.ports import Feed

_NOTHING = nullcontext()


class NobodyTraces:
    """A `Tracer` without traces."""

    def invocation(self) -> AbstractContextManager[None]:
        """Nothing."""
        return _NOTHING

    def span(self, name: str, *, carried: str | None = None) -> AbstractContextManager[None]:  # noqa: ARG002
        """Nothing."""
        return _NOTHING

    def note(self, *, fault: bool = False, **facts: str | float) -> None:
        """Nothing."""

    def header(self) -> str | None:
        """None."""
        return None

    def trace_id(self) -> str | None:
        """None."""
        return None


class NobodyCounts:
    """`Metrics` that go nowhere."""

    def invocation(
        self,
        lane: str | None = None,  # noqa: ARG002
        *,
        ends: datetime | None = None,  # noqa: ARG002
    ) -> AbstractContextManager[None]:
        """Nothing."""
        return _NOTHING

    def add(
        self,
        measure: Measure,
        value: float = 1,
        *,
        lane: str | None = None,
        task: str | None = None,
        tenant: str | None = None,
    ) -> None:
        """Nothing."""


class NobodyFeeds:
    """`Feeds` where nothing can be turned off: whoever delivers there looks at what is recorded."""

    def look(self, lane: str) -> Feed:  # noqa: ARG002
        """Nobody."""
        return Feed.ABSENT

    def turn(self, lane: str, *, on: bool) -> None:
        """Nothing."""


NOBODY_TRACES = NobodyTraces()
NOBODY_COUNTS = NobodyCounts()
NOBODY_FEEDS = NobodyFeeds()

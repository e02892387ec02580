"""What happened in an invocation, printed at its end in CloudWatch's embedded metric format.

https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch_Embedded_Metric_Format_Specification.html
"""

import json
import sys
import threading
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from datetime import datetime

from chalicelib.pipeline.measures import Measure, milliseconds
from chalicelib.pipeline.ports import World

NAMESPACE = "Jobline"
MOST_VALUES = 100
"""Values of one metric in one document. (Metrics a directive are limited to 100 too, dimensions to 30: we have 14 and 3.)"""

Place = tuple[str | None, str | None]
"""Where a value belongs: lane and task, or the lane alone, or neither."""

_TIMES = frozenset({Measure.QUEUE_WAIT, Measure.RUN_TIME, Measure.BILLED_TIME, Measure.SWEEP_LAG})


@dataclass(kw_only=True)
class _Book:
    """What one invocation has added so far, from whatever thread."""

    values: dict[Place, dict[Measure, list[float]]] = field(
        default_factory=lambda: defaultdict(lambda: defaultdict(list))
    )
    lock: threading.Lock = field(default_factory=threading.Lock)

    def add(self, measure: Measure, value: float, place: Place) -> None:
        with self.lock:
            found = self.values[place][measure]
            if measure in _TIMES or not found:
                found.append(value)
            else:
                found[0] += value  # a count needs no more than its sum


_book: ContextVar[_Book | None] = ContextVar("jobline_metrics", default=None)
"""The book of the invocation that is going on here. On one machine several go on side by side in a process."""


def _print(line: str) -> None:
    sys.stdout.write(line + "\n")


class EmfMetrics:
    """Prints a line an invocation, and one more for each further task of its batch: a document has one value for a dimension."""

    def __init__(self, service: str, world: World, out: Callable[[str], None] = _print) -> None:
        self._service = service
        self._world = world
        self._out = out

    @contextmanager
    def invocation(self, lane: str | None = None, *, ends: datetime | None = None) -> Iterator[None]:  # noqa: ARG002
        """One invocation. That of a lane's consumer is billed to the tasks that ran in it."""
        began, book = self._world.now(), _Book()
        mark = _book.set(book)
        try:
            yield
        finally:
            _book.reset(mark)
            ended = self._world.now()
            with book.lock:
                if lane is not None:
                    _bill(book, lane, max(1.0, milliseconds(ended - began)))
                at = round(ended.timestamp() * 1000)
                for line in documents(book.values, service=self._service, at=at):
                    self._out(json.dumps(line, separators=(",", ":")))

    def add(
        self,
        measure: Measure,
        value: float = 1,
        *,
        lane: str | None = None,
        task: str | None = None,
        tenant: str | None = None,  # noqa: ARG002 - each would be a metric that is paid for
    ) -> None:
        """Add one value to the invocation that goes on here; outside one, nobody would print it."""
        book = _book.get()
        if book is not None:
            book.add(measure, value, (lane, task if lane is not None else None))


def _bill(book: _Book, lane: str, billed: float) -> None:
    """Share the invocation's time out by how long each task's attempts took; all of it to the lane if none ran."""
    ran = {
        place: sum(measures[Measure.RUN_TIME])
        for place, measures in book.values.items()
        if Measure.RUN_TIME in measures
    }
    total = sum(ran.values())
    for place, share in ran.items():
        part = billed * share / total if total else billed / len(ran)
        book.values[place][Measure.BILLED_TIME].append(round(part, 3))
    if not ran:
        book.values[lane, None][Measure.BILLED_TIME].append(billed)


Values = Mapping[Measure, Sequence[float]]


def documents(values: Mapping[Place, Values], *, service: str, at: int) -> Iterator[Mapping[str, object]]:
    """The documents that say it all. What a lane's batch has in common rides on the line of its first task."""
    left = {place: measures for place, measures in values.items() if measures}
    for place in sorted(left, key=lambda one: (one[0] or "", one[1] is None, one[1] or "")):
        if place not in left:
            continue
        lane, task = place
        together = {place: left.pop(place)}
        common = left.get((lane, None)) if task is not None else None
        if common is not None and not common.keys() & together[place].keys():
            together[lane, None] = left.pop((lane, None))
        while together:
            yield _document(together, service=service, at=at)
            together = _beyond(together)


def _document(together: Mapping[Place, Values], *, service: str, at: int) -> Mapping[str, object]:
    document: dict[str, object] = {
        "_aws": {
            "Timestamp": at,
            "CloudWatchMetrics": [_directive(place, measures) for place, measures in together.items()],
        },
        "service": service,
    }
    for (lane, task), measures in together.items():
        document |= {name: value for name, value in (("lane", lane), ("task", task)) if value is not None}
        for measure, found in measures.items():
            document[measure] = found[0] if len(found) == 1 else list(found[:MOST_VALUES])
    return document


def _directive(place: Place, measures: Iterable[Measure]) -> Mapping[str, object]:
    dimensions = ["service"]
    sets = [list(dimensions)]
    for name, value in zip(("lane", "task"), place, strict=True):
        if value is not None:
            dimensions.append(name)
            sets.append(list(dimensions))
    metrics = [{"Name": measure, "Unit": measure.unit} for measure in measures]
    return {"Namespace": NAMESPACE, "Dimensions": sets, "Metrics": metrics}


def _beyond(together: Mapping[Place, Values]) -> dict[Place, Values]:
    """What a document could not hold of a metric's values."""
    rest = {
        place: {
            measure: found[MOST_VALUES:] for measure, found in measures.items() if len(found) > MOST_VALUES
        }
        for place, measures in together.items()
    }
    return {place: measures for place, measures in rest.items() if measures}

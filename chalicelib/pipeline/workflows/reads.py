"""So many reads for one look at a workflow, and no more: whoever looks at a large one sees part of it, and is told so."""

from collections.abc import Callable
from dataclasses import replace
from threading import Lock
from typing import Any, cast

from chalicelib.pipeline.parts import Parts

MOST_READS = 250
"""Rows, items and payloads that one request may read. As many consistent reads of up to 4 KB cost as many read units, and at most a second or two."""


class OutOfReads(Exception):
    """Nothing more may be read for this request."""


class Reads:
    """Counts, and remembers what was read: the same is not read twice."""

    def __init__(self, parts: Parts, most: int = MOST_READS) -> None:
        self._most = most
        self._lock = Lock()
        self._known: dict[Any, Any] = {}
        self.used = 0
        #: the same parts, whose reads are counted
        self.parts = replace(
            parts,
            store=cast("Any", _Counted(parts.store, "read", self)),
            items=cast("Any", _Counted(parts.items, "read", self)),
            payloads=cast("Any", _Counted(parts.payloads, "get", self)),
        )

    @property
    def left(self) -> int:
        """How many more there may be."""
        return self._most - self.used

    def take(self, call: Callable[..., Any], args: tuple[Any, ...], port: object) -> Any:
        """What it answers. Raises `OutOfReads`, and what the call raises."""
        key = (id(port), args)
        with self._lock:
            if key in self._known:
                return self._known[key]
            if self.left <= 0:
                raise OutOfReads
            self.used += 1
        found = call(*args)
        self._known[key] = found
        return found


class _Counted:
    """A port, one method of which is counted."""

    def __init__(self, port: object, method: str, reads: Reads) -> None:
        self._port, self._method, self._reads = port, method, reads

    def __getattr__(self, name: str) -> Any:
        found = getattr(self._port, name)
        if name != self._method:
            return found
        return lambda *args: self._reads.take(found, args, self._port)

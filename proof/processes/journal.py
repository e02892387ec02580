"""The log of a run, a JSON line an event, in the order in which the proxy and the monkey saw things happen."""

import json
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any


class Journal:
    """Append-only, for several threads."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._file = path.open("a", encoding="utf-8", buffering=1 << 16)
        self._lock = threading.Lock()

    def note(self, what: str, who: str, **facts: Any) -> None:
        """One event: `what` is "call" or a word of the monkey's, `who` the process that it concerns."""
        with self._lock:
            if not self._file.closed:
                at = round(time.monotonic(), 4)
                self._file.write(json.dumps({"at": at, "what": what, "who": who, **facts}) + "\n")

    def read(self) -> Iterator[dict[str, Any]]:
        """Everything so far."""
        with self._lock:
            if not self._file.closed:
                self._file.flush()
        with self.path.open(encoding="utf-8") as lines:
            for line in lines:
                yield json.loads(line)

    def close(self) -> None:
        with self._lock:
            self._file.close()

"""The world outside, as a list of what it heard."""

import threading

from chalicelib.pipeline.ports import Bulletin


class MemoryOutlet:
    """The twin of `SnsOutlet`."""

    def __init__(self) -> None:
        self.heard: list[Bulletin] = []
        self._lock = threading.Lock()

    def publish(self, bulletin: Bulletin) -> None:
        """Remember it."""
        with self._lock:
            self.heard.append(bulletin)

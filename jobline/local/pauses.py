"""Which lanes are paused, read again every second: on one machine nothing else is told of it."""

import logging
import threading

from chalicelib.adapters.aws.clients import Clients
from chalicelib.adapters.aws.items import DynamoItems
from chalicelib.adapters.crew import ThreadCrew
from chalicelib.domain.errors import MachineryError
from chalicelib.pipeline.items import Items
from chalicelib.pipeline.lane_control import controls
from chalicelib.settings import Settings

log = logging.getLogger(__name__)

EVERY = 1.0  # seconds


class Pauses:
    """The lanes that are paused, as they were read last."""

    def __init__(self, items: Items) -> None:
        self._items = items
        self._paused: frozenset[str] = frozenset()

    @classmethod
    def of(cls, settings: Settings) -> "Pauses":
        """Of a stage, from its table."""
        return cls(DynamoItems(Clients(), settings.table, ThreadCrew()))

    def has(self, lane: str) -> bool:
        """Whether it is paused."""
        return lane in self._paused

    def read(self) -> None:
        """Read once. What cannot be read stays as it was."""
        try:
            found = controls(self._items)
        except MachineryError as error:
            log.warning("which lanes are paused cannot be read: %s", error)
            return
        self._paused = frozenset(lane for lane, control in found.items() if control.paused)

    def watch(self, stop: threading.Event) -> None:
        """Read again and again, until `stop` is set."""
        while not stop.wait(EVERY):
            self.read()

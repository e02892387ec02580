"""The Internet, as a table of who answers what."""

import threading
from collections.abc import Callable
from datetime import timedelta

from chalicelib.domain.errors import DeliveryFailed
from chalicelib.pipeline.ports import Parcel, Receipt
from chalicelib.pipeline.public_address import address_of

Answer = Callable[[Parcel], Receipt]


class MemoryCourier:
    """The twin of `HttpsCourier`. `answers` has a host's way to answer; hosts that are not there cannot be reached."""

    def __init__(self) -> None:
        self.answers: dict[str, Answer] = {}
        self.delivered: list[Parcel] = []
        self._lock = threading.Lock()

    def check(self, url: str) -> None:
        """Look at the URL alone: here every name is public."""
        address_of(url)

    def deliver(self, parcel: Parcel, within: timedelta) -> Receipt:  # noqa: ARG002
        """Ask the host's answer."""
        answer = self.answers.get(address_of(parcel.url).host)
        if answer is None:
            raise DeliveryFailed("names a host that cannot be found")
        with self._lock:
            self.delivered.append(parcel)
        return answer(parcel)

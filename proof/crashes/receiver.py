"""The receiver of a webhook: down, then busy, then too slow, and in the end it has the message. It counts by the message's own id."""

from collections import Counter

from chalicelib.adapters.memory import MemoryCourier
from chalicelib.domain.errors import DeliveryFailed
from chalicelib.pipeline.ports import Parcel, Receipt
from proof.crashes.seam import Hits

HOST = "hooks.example.com"
URL = f"https://{HOST}/jobline"


class Receiver:
    """Answers for a host. A message that it has taken and that comes again is answered well, and is no other message."""

    def __init__(self, hits: Hits) -> None:
        self._hits = hits
        self.asked: Counter[str] = Counter()
        self.taken: Counter[str] = Counter()

    def courier(self) -> MemoryCourier:
        """A courier that finds it."""
        made = MemoryCourier()
        made.answers[HOST] = self._answer
        return made

    def _answer(self, parcel: Parcel) -> Receipt:
        message = parcel.headers["webhook-id"]
        self.asked[message] += 1
        if self.asked[message] <= 3:
            self._hits.hit("F71")
        if self.asked[message] == 1:
            return Receipt(status=503)
        if self.asked[message] == 2:
            return Receipt(status=429, retry_after="7")
        if self.asked[message] == 3:
            raise DeliveryFailed("did not answer in time")
        self.taken[message] += 1
        return Receipt(status=204)

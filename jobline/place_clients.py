"""The pipeline's adapters, pointed at a place that a person chose: their clients are the place's."""

from typing import Any

from chalicelib.adapters.aws.clients import Clients
from infra.place import Place


class PlaceClients(Clients):
    """Clients for one account and region."""

    def __init__(self, place: Place) -> None:
        super().__init__()
        self._place = place

    def _make(self, service: str, read_timeout: int) -> Any:  # noqa: ARG002 - a place has timeouts of its own
        return self._place.client(service)

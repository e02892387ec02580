"""Listens at the clients of each function, and writes down what IAM would be asked: which function, which call, what it needs."""

import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from chalicelib.adapters.aws.clients import Clients
from tests.privilege.calls import Place, needs, needs_told_missing
from tests.privilege.iam import Ask

Credentials = Mapping[str, str]


@dataclass(frozen=True, kw_only=True)
class Call:
    """One call that a function made, and one thing that it needs."""

    function: str
    operation: str
    ask: Ask


class Record:
    """All calls, in their order. Threads may add side by side."""

    def __init__(self, place: Place) -> None:
        self.place = place
        self.calls: list[Call] = []
        self.beaten = threading.Event()
        """Set when a heartbeat has reached a queue."""

    def asks(self, function: str) -> list[Ask]:
        """What this function needed, each need once for each set of keys."""
        found = {
            (call.ask, tuple(call.ask.keys.items())): call.ask
            for call in self.calls
            if call.function == function
        }
        return list(found.values())

    def note(self, function: str, operation: str, asks: Any) -> None:
        """Add one call's needs."""
        self.calls += [Call(function=function, operation=operation, ask=ask) for ask in asks]


def recorded_clients(function: str, record: Record, credentials: Credentials | None) -> Callable[[], Clients]:
    """What takes the place of `Clients` when this function is wired: the same, heard."""

    class Heard(Clients):
        def _make(self, service: str, read_timeout: int) -> Any:
            client = super()._make(service, read_timeout)
            if credentials is not None:
                client._request_signer._credentials = session_of(credentials)
            client.meta.events.register(
                f"provide-client-params.{service}", _before(function, service, record)
            )
            client.meta.events.register(f"after-call.{service}", _after(function, record))
            return client

    return Heard


def session_of(credentials: Credentials) -> Any:
    """Credentials of an assumed role, as botocore keeps them."""
    from botocore.credentials import Credentials as Kept

    return Kept(credentials["AccessKeyId"], credentials["SecretAccessKey"], credentials["SessionToken"])


def _before(function: str, service: str, record: Record) -> Callable[..., None]:
    def before(params: Mapping[str, Any], model: Any, context: dict[str, Any], **_: Any) -> None:
        context["jobline-params"] = params
        record.note(function, model.name, needs(service, model.name, params, record.place))

    return before


def _after(function: str, record: Record) -> Callable[..., None]:
    def after(http_response: Any, model: Any, context: Mapping[str, Any], **_: Any) -> None:
        params, status = context["jobline-params"], http_response.status_code
        record.note(function, model.name, needs_told_missing(model.name, params, status, record.place))
        if model.name == "ChangeMessageVisibility":
            record.beaten.set()

    return after

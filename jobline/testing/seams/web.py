"""Requests of `requests` and `httpx`, seen where they are sent: so those that a stand-in like `responses` answers are seen as well."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from jobline.testing.effects import wrapped
from jobline.testing.happenings import Errors
from jobline.testing.seams.label import label
from jobline.testing.seams.patch import patched

GONE = "the server closed the connection without an answer"


@contextmanager
def requests_calls() -> Iterator[None]:
    """Everything that goes through a `requests.Session`. A redirect is part of its request."""
    import requests

    def errors(*_: Any, **__: Any) -> Errors:
        return Errors(
            refused=lambda: requests.exceptions.ConnectionError("connection refused"),
            lost=lambda: requests.exceptions.ConnectionError(GONE),
        )

    with patched(requests.Session, "send", lambda send: wrapped(send, _name, errors)):
        yield


@contextmanager
def httpx_calls() -> Iterator[None]:
    """Everything that goes through an `httpx.Client` or `httpx.AsyncClient`. A redirect is part of its request."""
    import httpx

    def errors(client: Any, request: Any, **_: Any) -> Errors:  # noqa: ARG001
        return Errors(
            refused=lambda: httpx.ConnectError("connection refused", request=request),
            lost=lambda: httpx.RemoteProtocolError(GONE, request=request),
        )

    with (
        patched(httpx.Client, "send", lambda send: wrapped(send, _name, errors)),
        patched(httpx.AsyncClient, "send", lambda send: wrapped(send, _name, errors)),
    ):
        yield


def _name(client: Any, request: Any, **_: Any) -> str:  # noqa: ARG001
    return label(request.method, str(request.url))

"""Requests of `http.client`, and so of `urllib.request`, `urllib3` and what is built on them."""

import http.client
from collections.abc import Iterator
from contextlib import contextmanager
from functools import wraps
from typing import Any

from jobline.testing.happenings import Errors
from jobline.testing.script import playing
from jobline.testing.seams.label import label
from jobline.testing.seams.patch import patched

REQUEST = "_jobline_request"
BEGUN = "_jobline_begun"

ERRORS = Errors(
    refused=lambda: ConnectionRefusedError("refused by jobline.testing"),
    lost=lambda: http.client.RemoteDisconnected("Remote end closed connection without response"),
)


@contextmanager
def http_client_calls() -> Iterator[None]:
    """Every request of every connection. It begins when its headers are about to be sent, and has happened when the reply's have come."""
    connection = http.client.HTTPConnection
    with (
        patched(connection, "putrequest", _noted),
        patched(connection, "endheaders", _begun),
        patched(connection, "getresponse", _finished),
    ):
        yield


def _noted(putrequest: Any) -> Any:
    @wraps(putrequest)
    def noted(self: Any, method: str, url: str, *args: Any, **kwargs: Any) -> Any:
        setattr(self, REQUEST, (method, url))
        return putrequest(self, method, url, *args, **kwargs)

    return noted


def _begun(endheaders: Any) -> Any:
    @wraps(endheaders)
    def begun(self: Any, *args: Any, **kwargs: Any) -> Any:
        script = playing()
        if script is not None:
            try:
                setattr(self, BEGUN, (script, script.begin(_name(self), ERRORS)))
            except BaseException:
                self.close()
                raise
        try:
            return endheaders(self, *args, **kwargs)
        except BaseException as error:
            _finish(self, error)
            raise

    return begun


def _finished(getresponse: Any) -> Any:
    @wraps(getresponse)
    def finished(self: Any, *args: Any, **kwargs: Any) -> Any:
        try:
            answer = getresponse(self, *args, **kwargs)
        except BaseException as error:
            _finish(self, error)
            raise
        try:
            _finish(self, None)
        except BaseException:
            answer.close()
            self.close()
            raise
        return answer

    return finished


def _finish(connection: Any, error: BaseException | None) -> None:
    script, begun = vars(connection).pop(BEGUN, (None, None))
    if begun is not None:
        script.finish(begun, error)


def _name(connection: Any) -> str:
    method, url = getattr(connection, REQUEST, ("?", "/"))
    if "://" in url:  # by way of a proxy
        return label(method, url)
    secure = isinstance(connection, http.client.HTTPSConnection)
    return label(method, f"{'https' if secure else 'http'}://{connection.host}:{connection.port}{url}")

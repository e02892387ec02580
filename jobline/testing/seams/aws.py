"""Calls of boto3 and botocore clients. Each is one effect, with all the retries that botocore makes inside of it."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from jobline.testing.effects import wrapped
from jobline.testing.happenings import Errors
from jobline.testing.seams.patch import patched


@contextmanager
def aws_calls() -> Iterator[None]:
    """Every call of every client and resource. Raises ImportError where botocore is not installed."""
    from botocore.client import BaseClient

    with patched(BaseClient, "_make_api_call", lambda call: wrapped(call, _name, _errors)):
        yield


def _name(client: Any, operation: str, params: Any) -> str:  # noqa: ARG001
    return f"{client.meta.service_model.service_name} {operation}"


def _errors(client: Any, operation: str, params: Any) -> Errors:  # noqa: ARG001
    from botocore.exceptions import EndpointConnectionError, ReadTimeoutError

    url = client.meta.endpoint_url
    return Errors(
        refused=lambda: EndpointConnectionError(endpoint_url=url),
        lost=lambda: ReadTimeoutError(endpoint_url=url),
    )

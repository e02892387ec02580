"""Requests signed with AWS credentials, for a stage that asks for them: `Client(url, auth=Signed())`. It needs botocore, and a region.

    from jobline.client import Client
    from jobline.client.signed import Signed

    with Client("https://abc123.execute-api.eu-central-1.amazonaws.com/api", auth=Signed()) as jobs:
        jobs.submit("summarise_csv", text="a,b", column="a")

The credentials are those that the aws command would take, and are looked up again when they run out.
"""

import re
from collections.abc import Generator
from typing import Any

import httpx

SERVICE = "execute-api"
_OURS = re.compile(r"[a-z0-9]+\.execute-api\.([a-z0-9-]+)\.amazonaws\.com(?:\.cn)?")
_SIGNED = ("content-type",)
"""Of a request's headers; the host, the time and the body are always."""


class Signed(httpx.Auth):
    """Signs every request by Signature Version 4. `session`: a botocore session; else one of the environment's."""

    requires_request_body = True

    def __init__(self, *, region: str | None = None, session: Any = None) -> None:
        """Raises ImportError without botocore, ValueError without credentials."""
        from botocore.session import get_session

        self._session: Any = session or get_session()
        self._region = region
        if self._session.get_credentials() is None:
            raise ValueError("session: there are no AWS credentials to sign with")

    def auth_flow(self, request: httpx.Request) -> Generator[httpx.Request, httpx.Response, None]:
        """The request with its signature."""
        from botocore.auth import SigV4Auth
        from botocore.awsrequest import AWSRequest

        # A plus is a space to forms, and a plus to whoever checks the signature.
        request.url = request.url.copy_with(query=request.url.query.replace(b"+", b"%20") or None)
        plain = {name: request.headers[name] for name in _SIGNED if name in request.headers}
        plain["Host"] = request.headers["host"]
        asked = AWSRequest(request.method, str(request.url), headers=plain, data=request.content)
        credentials = self._session.get_credentials().get_frozen_credentials()
        SigV4Auth(credentials, SERVICE, self._where(request.url.host)).add_auth(asked)
        for name in ("Authorization", "X-Amz-Date", "X-Amz-Security-Token"):
            if name in asked.headers:
                request.headers[name] = asked.headers[name]
        yield request

    def _where(self, host: str) -> str:
        """The region: as it was given, as API Gateway's own names have it, or the session's. Raises ValueError."""
        found = _OURS.fullmatch(host)
        region = self._region or (found and found[1]) or self._session.get_config_variable("region")
        if not region:
            raise ValueError("region: neither the address nor the environment says it")
        return str(region)

"""Where a stage is: clients for one account and region, taken from the environment as the aws command takes them."""

from functools import cached_property
from typing import Any
from urllib.parse import urlsplit

import boto3
from botocore.exceptions import BotoCoreError, NoCredentialsError, NoRegionError


class Nowhere(Exception):
    """There are no credentials, or no region; says how to give them."""


class Place:
    """One account and region. Clients are made on first use and kept."""

    def __init__(self, session: Any = None, *, endpoint_url: str | None = None) -> None:
        """`session`: a boto3 session, else one from the environment. `endpoint_url`: of an emulator."""
        self._session: Any = session or boto3.session.Session()
        self._endpoint_url = endpoint_url
        self._clients: dict[str, Any] = {}

    def client(self, service: str) -> Any:
        if service not in self._clients:
            try:
                self._clients[service] = self._session.client(service, endpoint_url=self._endpoint_url)
            except NoRegionError as error:
                raise Nowhere("no region; set AWS_DEFAULT_REGION, or a region in your profile") from error
        return self._clients[service]

    @property
    def region(self) -> str:
        name: str = self.client("sts").meta.region_name
        return name

    @cached_property
    def account(self) -> str:
        """The account's number. Raises Nowhere."""
        try:
            number: str = self.client("sts").get_caller_identity()["Account"]
        except NoCredentialsError as error:
            raise Nowhere("no credentials; set AWS_PROFILE, or log in as your organisation does") from error
        except BotoCoreError as error:
            raise Nowhere(f"AWS does not answer: {error}") from error
        return number

    def api_url(self, rest_api: str, api_stage: str) -> str:
        """Where a deployed API answers; an emulator serves it under its own address."""
        endpoint = urlsplit(self.client("apigateway").meta.endpoint_url)
        host = endpoint.hostname or ""
        if host.startswith("apigateway.") and ".amazonaws." in host:
            return f"https://{rest_api}.execute-api.{host.removeprefix('apigateway.')}/{api_stage}"
        return f"{endpoint.scheme}://{endpoint.netloc}/_aws/execute-api/{rest_api}/{api_stage}"

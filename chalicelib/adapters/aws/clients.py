"""boto3 clients: one of each kind a process, made on first use, never at import."""

import threading
from functools import cached_property
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient
    from mypy_boto3_s3 import S3Client
    from mypy_boto3_sqs import SQSClient

POOL = 32
"""Connections a client keeps: as many as a crew and a batch of attempts can use at once."""


class Clients:
    """The clients of one process. boto3 clients may be shared by threads, sessions may not be."""

    def __init__(self) -> None:
        self._lock = threading.RLock()

    @cached_property
    def dynamodb(self) -> "DynamoDBClient":
        """DynamoDB."""
        client: DynamoDBClient = self._make("dynamodb", read_timeout=5)
        return client

    @cached_property
    def sqs(self) -> "SQSClient":
        """SQS."""
        client: SQSClient = self._make("sqs", read_timeout=5)
        return client

    @cached_property
    def s3(self) -> "S3Client":
        """S3."""
        client: S3Client = self._make("s3", read_timeout=20)
        return client

    def _make(self, service: str, *, read_timeout: int) -> Any:
        import boto3
        from botocore.config import Config

        config = Config(
            connect_timeout=2,
            read_timeout=read_timeout,
            retries={"mode": "standard", "total_max_attempts": 3},
            max_pool_connections=POOL,
            tcp_keepalive=True,
        )
        with self._lock:
            return boto3.session.Session().client(service, config=config)  # type: ignore[call-overload] # the name is a value here

"""AWS clients: one of each kind a process, made on first use, never at import.

They are boto3's, made as boto3 makes them: by botocore's session. What boto3 puts on top, resources and managed transfers, is not
used here, and importing it would lengthen every cold start by a sixth.
"""

import gc
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from chalicelib.domain.late import collect_again

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient
    from mypy_boto3_lambda import LambdaClient
    from mypy_boto3_s3 import S3Client
    from mypy_boto3_sns import SNSClient
    from mypy_boto3_sqs import SQSClient

POOL = 64
"""Connections a client keeps: the crew's 32 hands, who called them, and a batch of attempts can all be at it at once.

One more than it keeps is opened and thrown away again, with its TLS handshake.
"""


class Clients:
    """The clients of one process, made of one session. Clients may be shared by threads, sessions may not be."""

    def __init__(self, *, direct: bool = False) -> None:
        """`direct`: plain calls go without botocore's machinery (docs/decisions/0031-direct-calls.md)."""
        self._is_direct = direct
        self._lock = threading.Lock()
        self._session: Any = None
        self._made: dict[str, Any] = {}

    @property
    def dynamodb(self) -> "DynamoDBClient":
        """DynamoDB."""
        client: DynamoDBClient = self._one("dynamodb", read_timeout=5)
        return client

    @property
    def sqs(self) -> "SQSClient":
        """SQS."""
        client: SQSClient = self._one("sqs", read_timeout=5)
        return client

    @property
    def s3(self) -> "S3Client":
        """S3."""
        client: S3Client = self._one("s3", read_timeout=20)
        return client

    @property
    def sns(self) -> "SNSClient":
        """SNS."""
        client: SNSClient = self._one("sns", read_timeout=5)
        return client

    @property
    def kms(self) -> Any:
        """KMS: made by stages that seal what jobs carry, and by no others."""
        return self._one("kms", read_timeout=5)

    @property
    def lambda_(self) -> "LambdaClient":
        """Lambda: made by whoever pauses a lane, and by nobody else."""
        client: LambdaClient = self._one("lambda", read_timeout=5)
        return client

    def _one(self, service: str, *, read_timeout: int) -> Any:
        """The client, made once however many threads of a first batch ask at the same time."""
        found = self._made.get(service)
        if found is None:
            with self._lock:
                found = self._made.get(service) or self._make(service, read_timeout)
                self._made[service] = found
        return found

    def _make(self, service: str, read_timeout: int) -> Any:
        with _uncollected():
            from botocore.config import Config
            from botocore.session import get_session

            config = Config(
                connect_timeout=2,
                read_timeout=read_timeout,
                retries={"mode": "standard", "total_max_attempts": 3},
                max_pool_connections=POOL,
                tcp_keepalive=True,
            )
            if self._session is None:
                self._session = get_session()
                if self._is_direct:
                    from chalicelib.adapters.aws.direct import directly

                    directly(self._session)
            return self._session.create_client(service, config=config)


@contextmanager
def _uncollected() -> Iterator[None]:
    """No garbage collection: a client is a hundred thousand small objects that stay, and looking through them again and again takes a
    tenth of a cold start.
    """
    collecting = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if collecting:
            collect_again()

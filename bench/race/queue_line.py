"""A queue, asked without boto3: who measures and who feeds a function takes the processor from those who are measured."""

import json
from collections.abc import Sequence
from datetime import UTC, datetime
from functools import cached_property
from typing import Any

from bench.race.program import Broken
from chalicelib.adapters.aws.direct.lines import Lines
from chalicelib.adapters.aws.direct.sigv4 import Keys, Signer

MOST = 10
_KEYS = Keys("local", "local", None)
OK = 200


class QueueLine:
    """Receives and deletes in tens, and says how many messages there are."""

    def __init__(self, endpoint: str, queue: str) -> None:
        self._lines = Lines(endpoint, most=4, connect=5, read=60, authorities=None)
        self._signer = Signer(self._lines.host, "us-east-1", "sqs")
        self._queue = queue

    @cached_property
    def _url(self) -> str:
        """Asked for when it is first needed: Celery's worker makes its queue by itself, some time after it was started."""
        return str(self._ask("GetQueueUrl", QueueName=self._queue)["QueueUrl"])

    def receive(self, *, wait: int) -> Sequence[Any]:
        """Up to ten, as soon as there is one; none if there is none within so many seconds."""
        how = {"MaxNumberOfMessages": MOST, "WaitTimeSeconds": wait, "MessageSystemAttributeNames": ["All"]}
        found: Sequence[Any] = self._ask("ReceiveMessage", QueueUrl=self._url, **how).get("Messages", [])
        return found

    def delete(self, receipts: Sequence[str]) -> None:
        """Up to ten."""
        entries = [{"Id": str(number), "ReceiptHandle": one} for number, one in enumerate(receipts)]
        self._ask("DeleteMessageBatch", QueueUrl=self._url, Entries=entries)

    def left(self) -> int:
        """Messages that wait, or are being worked on."""
        names = ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"]
        found = self._ask("GetQueueAttributes", QueueUrl=self._url, AttributeNames=names)["Attributes"]
        return sum(int(found[name]) for name in names)

    def _ask(self, operation: str, **asked: Any) -> Any:
        body = json.dumps(asked).encode()
        headers = self._signer.headers(f"AmazonSQS.{operation}", body, _KEYS, datetime.now(UTC))
        answer = self._lines.post(headers, body)
        if answer.status != OK:
            raise Broken(f"{operation}: {answer.body[:300]!r}")
        return json.loads(answer.body or b"{}")

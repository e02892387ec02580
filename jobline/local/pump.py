"""What Lambda's event source mapping does for one queue and one function: receive, invoke, delete what is done with.

What the function does not finish stays in the queue and is delivered again when its visibility timeout is over. Trouble
with the queue is waited out.
"""

import logging
import threading
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from botocore.exceptions import BotoCoreError, ClientError

from jobline.local.invoke import Failed, Function, Stuck
from jobline.local.partial import Malformed, Reading, done_with
from jobline.local.patience import pause_before
from jobline.local.sqs_event import sqs_event

if TYPE_CHECKING:
    from mypy_boto3_sqs import SQSClient
    from mypy_boto3_sqs.type_defs import DeleteMessageBatchRequestEntryTypeDef, MessageTypeDef

log = logging.getLogger(__name__)

BATCH = 10
WAIT = 1  # seconds of one long poll: a drain waits for it, an idle pump asks this often
DELETE_TRIES = 5  # what is not deleted by then comes again, and the pipeline knows it
BREAKS = 5  # turns in a row that may break on what nobody foresaw, such as no thread to be had

QUEUE_TROUBLE = (BotoCoreError, ClientError, OSError)


class Pump:
    """One queue, one function, one batch at a time."""

    def __init__(
        self,
        sqs: "SQSClient",
        queue: str,
        function: Function,
        *,
        batch_size: int = BATCH,
        wait: int = WAIT,
        reading: Reading = Reading.WHOLE_BATCH_FAILS,
        paused: Callable[[], bool] = lambda: False,
    ) -> None:
        """`queue` is its name, `wait` the seconds of a long poll. While it is `paused`, nothing is received."""
        self._sqs = sqs
        self._queue = queue
        self._function = function
        self._batch_size = batch_size
        self._wait = wait
        self._reading = reading
        self._paused = paused
        self._found: tuple[str, str] | None = None  # the queue's URL and ARN

    def run(self, stop: threading.Event) -> None:
        """Pump until `stop` is set; the batch in hand is finished first. Raises Stuck, and what broke it again and again."""
        failures = breaks = 0
        while not stop.is_set():
            if self._paused():
                stop.wait(self._wait)
                continue
            try:
                failures = 0 if self.turn(stop) else failures + 1
                breaks = 0
            except QUEUE_TROUBLE as error:
                failures += 1
                log.warning("%s: waiting out trouble with the queue: %s", self._queue, error)
            except Stuck:
                raise
            except Exception:
                failures, breaks = failures + 1, breaks + 1
                if breaks > BREAKS:
                    raise
                log.exception("%s: a turn broke; its messages come again", self._queue)
            if failures:
                stop.wait(pause_before(failures))

    def turn(self, stop: threading.Event) -> bool:
        """One batch, or none. False if the function failed the whole of it: then the poller slows down, as Lambda's does."""
        url, arn = self._found or self._find()
        messages = self._sqs.receive_message(
            QueueUrl=url,
            MaxNumberOfMessages=self._batch_size,
            WaitTimeSeconds=self._wait,
            MessageSystemAttributeNames=["All"],
            MessageAttributeNames=["All"],
        ).get("Messages", [])
        if not messages:
            return True
        answer = self._function.invoke(sqs_event(messages, queue_arn=arn, region=self._sqs.meta.region_name))
        if isinstance(answer, Failed):
            log.warning("%s: %s messages come again: %s", self._queue, len(messages), answer.why)
            return False
        try:
            done = done_with(
                [message["MessageId"] for message in messages], answer.value, reading=self._reading
            )
        except Malformed as error:
            log.error("%s: %s messages come again: %s", self._queue, len(messages), error)
            return False
        self._delete(url, [message for message in messages if message["MessageId"] in done], stop)
        return bool(done)

    def _find(self) -> tuple[str, str]:
        url = self._sqs.get_queue_url(QueueName=self._queue)["QueueUrl"]
        arn = self._sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"][
            "QueueArn"
        ]
        self._found = url, arn
        return self._found

    def _delete(self, url: str, messages: Sequence["MessageTypeDef"], stop: threading.Event) -> None:
        """Delete them, trying again what the queue did not manage. Entries that are our own mistake are left alone."""
        left: list[DeleteMessageBatchRequestEntryTypeDef] = [
            {"Id": str(number), "ReceiptHandle": message["ReceiptHandle"]}
            for number, message in enumerate(messages)
        ]
        for attempt in range(1, DELETE_TRIES + 1):
            if not left:
                return
            if attempt > 1:
                stop.wait(pause_before(attempt - 1))
            try:
                failed = self._sqs.delete_message_batch(QueueUrl=url, Entries=left).get("Failed", [])
            except QUEUE_TROUBLE as error:
                log.warning("%s: %s messages not deleted yet: %s", self._queue, len(left), error)
                continue
            for entry in failed:
                log.warning("%s: a message was not deleted: %s", self._queue, entry["Code"])
            again = {entry["Id"] for entry in failed if not entry["SenderFault"]}
            left = [entry for entry in left if entry["Id"] in again]
        if left:
            log.error("%s: %s messages could not be deleted and come again", self._queue, len(left))

"""The lanes in SQS: sends in tens, each entry answered for itself.

Each message names its tenant, which makes the lanes fair queues: while one tenant floods a lane, the others' messages come first.
https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-fair-queues.html
"""

import logging
import math
import threading
from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any

from botocore.exceptions import ClientError

from chalicelib.adapters.aws.clients import Clients
from chalicelib.adapters.aws.errors import calling, code_of
from chalicelib.domain.errors import MachineryError, ServiceRefused
from chalicelib.domain.job import Wakeup
from chalicelib.pipeline.messages import check_delay, encode
from chalicelib.pipeline.ports import Crew, LaneDepth

log = logging.getLogger(__name__)

ENTRIES = 10
"""The most entries of a batch: https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/quotas-messages.html"""

TRIES = 3
"""How often an entry that failed for no fault of ours is sent again at once; after that the sweep wakes its job."""


class SqsQueue:
    """The lanes of one stage. `names` is lane -> queue name, the dead-letter queue last."""

    def __init__(self, clients: Clients, names: Mapping[str, str], crew: Crew) -> None:
        self._clients = clients
        self._names = names
        self._crew = crew
        self._urls: dict[str, str] = {}
        self._lock = threading.Lock()

    def url(self, lane: str) -> str:
        """The lane's queue URL, asked for once. Raises `Unavailable`, `ServiceRefused`."""
        if lane not in self._names:
            raise ServiceRefused(f"this stage has no lane {lane!r}")
        with self._lock:
            if lane not in self._urls:
                with calling("GetQueueUrl"):
                    self._urls[lane] = self._clients.sqs.get_queue_url(QueueName=self._names[lane])[
                        "QueueUrl"
                    ]
            return self._urls[lane]

    def send(self, wakeups: Sequence[Wakeup]) -> Sequence[Wakeup]:
        """SendMessageBatch in tens, side by side. Those that could not be sent are returned, never raised for."""
        lanes: dict[str, list[Wakeup]] = defaultdict(list)
        for wakeup in wakeups:
            check_delay(wakeup)
            lanes[wakeup.lane].append(wakeup)
        batches = [
            (lane, of_lane[start : start + ENTRIES])
            for lane, of_lane in lanes.items()
            for start in range(0, len(of_lane), ENTRIES)
        ]
        unsent: list[Wakeup] = []
        for answer in self._crew.each(lambda batch: self._send(*batch), batches):
            if isinstance(answer, Exception):
                raise answer
            unsent += answer
        return unsent

    def _send(self, lane: str, batch: Sequence[Wakeup]) -> list[Wakeup]:
        """Send one batch, entries that failed for a passing reason again. Returns what was not sent."""
        left = dict(enumerate(batch))
        refused: list[Wakeup] = []
        try:
            for _ in range(TRIES):
                failed = self._send_once(lane, left)
                refused += [left[int(entry["Id"])] for entry in failed if entry["SenderFault"]]
                left = {
                    int(entry["Id"]): left[int(entry["Id"])] for entry in failed if not entry["SenderFault"]
                }
                if not left:
                    break
        except MachineryError as error:
            log.warning("%s messages were not sent: %s", len(left), error, extra={"action": "send_failed"})
        for wakeup in refused:
            log.error("job %s: SQS refuses its message", wakeup.job_id, extra={"action": "send_refused"})
        return [*refused, *left.values()]

    def _send_once(self, lane: str, left: Mapping[int, Wakeup]) -> Sequence[Any]:
        """One call. Returns the entries that failed."""
        entries = [_entry(number, wakeup) for number, wakeup in left.items()]
        with calling("SendMessageBatch"):
            answer = self._clients.sqs.send_message_batch(QueueUrl=self.url(lane), Entries=entries)
        return answer.get("Failed", [])

    def extend(self, lane: str, receipt: str, visibility: timedelta) -> None:
        """ChangeMessageVisibility; a message that is visible again or gone is left alone: the lease decides, not this."""
        seconds = max(0, min(43_200, math.ceil(visibility.total_seconds())))
        with calling("ChangeMessageVisibility"):
            try:
                self._clients.sqs.change_message_visibility(
                    QueueUrl=self.url(lane), ReceiptHandle=receipt, VisibilityTimeout=seconds
                )
            except ClientError as error:
                stale = {
                    "InvalidParameterValue",
                    "MessageNotInflight",
                    "AWS.SimpleQueueService.MessageNotInflight",
                }
                if code_of(error) not in {*stale, "ReceiptHandleIsInvalid"}:
                    raise

    def depths(self) -> Sequence[LaneDepth]:
        """GetQueueAttributes of each lane, side by side."""
        found = self._crew.each(self._depth, list(self._names))
        depths = []
        for depth in found:
            if isinstance(depth, Exception):
                raise depth
            depths.append(depth)
        return depths

    def _depth(self, lane: str) -> LaneDepth:
        with calling("GetQueueAttributes"):
            answer = self._clients.sqs.get_queue_attributes(
                QueueUrl=self.url(lane),
                AttributeNames=[
                    "ApproximateNumberOfMessages",
                    "ApproximateNumberOfMessagesDelayed",
                    "ApproximateNumberOfMessagesNotVisible",
                ],
            )
        found = answer["Attributes"]
        return LaneDepth(
            lane=lane,
            waiting=int(found["ApproximateNumberOfMessages"]),
            delayed=int(found["ApproximateNumberOfMessagesDelayed"]),
            in_flight=int(found["ApproximateNumberOfMessagesNotVisible"]),
        )


def _entry(number: int, wakeup: Wakeup) -> Any:
    """One entry of a batch. The delay is rounded up to SQS's whole seconds: never early, which would waste the message."""
    entry: dict[str, Any] = {
        "Id": str(number),
        "MessageBody": encode(wakeup),
        "MessageGroupId": wakeup.tenant,  # on a standard queue it orders nothing: it says whom a flood comes from
    }
    if wakeup.delay > timedelta(0):
        entry["DelaySeconds"] = math.ceil(wakeup.delay.total_seconds())
    if wakeup.trace is not None:
        entry["MessageSystemAttributes"] = {
            "AWSTraceHeader": {"DataType": "String", "StringValue": wakeup.trace}
        }
    return entry

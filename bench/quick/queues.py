"""SQS's standard queues: a message is received once until its visibility is over, a receive waits for as long as it says."""

import base64
import hashlib
import heapq
import time
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import count
from typing import Any, Protocol

ACCOUNT = "000000000000"
VISIBILITY = 30
"""Seconds, where a queue does not say."""


class Asker(Protocol):
    """Whoever waits for an answer. `over`: he is gone."""

    over: bool

    def say(self, answer: Any) -> None:
        """Give it to him."""


@dataclass(eq=False, slots=True)
class Message:
    """One, and how often it was received. `receipt`: what the last to receive it was given."""

    id: str
    body: str
    sums: dict[str, Any]
    sent: str
    received: int = 0
    first: str = ""
    receipt: str = ""
    hidden: int = 0  #: how often it was said for how long nobody sees it


@dataclass(eq=False, slots=True)
class Waiting:
    """A receive that has found nothing yet."""

    asked: Any
    who: Asker
    over: bool = False


@dataclass(eq=False, slots=True)
class Queue:
    """One queue."""

    name: str
    attributes: dict[str, str]
    ready: deque[Message] = field(default_factory=deque)
    flying: dict[str, Message] = field(default_factory=dict)
    later: int = 0
    waiting: deque[Waiting] = field(default_factory=deque)


class Queues:
    """All queues. Without `remembers` nothing that is sent comes to anybody."""

    def __init__(self, *, remembers: bool = True, clock: Callable[[], float] = time.monotonic) -> None:
        self.url = ""  #: of the endpoint; whoever listens says it
        self._remembers = remembers
        self._clock = clock
        self._queues: dict[str, Queue] = {}
        self._numbers = count(1)
        self._due: list[tuple[float, int, Callable[[], None]]] = []
        self.verbs: Mapping[str, Callable[[Any], Any]] = {
            "CreateQueue": self._create,
            "GetQueueUrl": lambda asked: {"QueueUrl": self._url(self._named(asked["QueueName"]))},
            "GetQueueAttributes": self._attributes,
            "ListQueues": self._list,
            "SendMessage": self._send,
            "SendMessageBatch": self._send_many,
            "DeleteMessage": self._delete,
            "DeleteMessageBatch": lambda asked: self._each(asked, self._delete),
            "ChangeMessageVisibility": self._change,
            "ChangeMessageVisibilityBatch": lambda asked: self._each(asked, self._change),
        }

    # -- time

    def wait(self) -> float | None:
        """Seconds until something is due; None: nothing is."""
        return max(0.0, self._due[0][0] - self._clock()) if self._due else None

    def tick(self) -> None:
        """Do what is due."""
        now = self._clock()
        while self._due and self._due[0][0] <= now:
            heapq.heappop(self._due)[2]()

    def _after(self, seconds: float, act: Callable[[], None]) -> None:
        heapq.heappush(self._due, (self._clock() + seconds, next(self._numbers), act))

    # -- queues

    def _named(self, name: str) -> Queue:
        found = self._queues.get(name)
        if found is None:
            found = self._queues[name] = Queue(name, {"VisibilityTimeout": str(VISIBILITY)})
        return found

    def _of(self, asked: Any) -> Queue:
        return self._named(asked["QueueUrl"].rpartition("/")[2])

    def _url(self, queue: Queue) -> str:
        return f"{self.url}/{ACCOUNT}/{queue.name}"

    def _create(self, asked: Any) -> Any:
        queue = self._named(asked["QueueName"])
        queue.attributes |= asked.get("Attributes", {})
        return {"QueueUrl": self._url(queue)}

    def _list(self, asked: Any) -> Any:
        prefix = asked.get("QueueNamePrefix", "")
        return {
            "QueueUrls": [self._url(one) for name, one in self._queues.items() if name.startswith(prefix)]
        }

    def _attributes(self, asked: Any) -> Any:
        queue = self._of(asked)
        found = {
            **queue.attributes,
            "QueueArn": f"arn:aws:sqs:us-east-1:{ACCOUNT}:{queue.name}",
            "ApproximateNumberOfMessages": str(len(queue.ready)),
            "ApproximateNumberOfMessagesNotVisible": str(len(queue.flying)),
            "ApproximateNumberOfMessagesDelayed": str(queue.later),
        }
        wanted = asked.get("AttributeNames", [])
        return {
            "Attributes": {name: value for name, value in found.items() if name in wanted or "All" in wanted}
        }

    # -- messages

    def _send(self, asked: Any) -> Any:
        queue = self._of(asked)
        sent = self._sent(queue, asked)
        self._serve(queue)
        return sent

    def _send_many(self, asked: Any) -> Any:
        queue = self._of(asked)
        sent = [{"Id": one["Id"], **self._sent(queue, one)} for one in asked["Entries"]]
        self._serve(queue)
        return {"Successful": sent, "Failed": []}

    def _sent(self, queue: Queue, asked: Any) -> Any:
        body, attributes = asked["MessageBody"], asked.get("MessageAttributes")
        sums: dict[str, Any] = {"MD5OfBody": _md5(body.encode())}
        answer = {"MessageId": f"m-{next(self._numbers)}", "MD5OfMessageBody": sums["MD5OfBody"]}
        if attributes:
            sums["MessageAttributes"] = attributes
            answer["MD5OfMessageAttributes"] = sums["MD5OfMessageAttributes"] = _sum(attributes)
        if self._remembers:
            message = Message(answer["MessageId"], body, sums, _now())
            delay = int(asked.get("DelaySeconds") or queue.attributes.get("DelaySeconds", 0))
            if delay:
                queue.later += 1
                self._after(delay, lambda: self._arrive(queue, message))
            else:
                queue.ready.append(message)
        return answer

    def _arrive(self, queue: Queue, message: Message) -> None:
        queue.later -= 1
        queue.ready.append(message)
        self._serve(queue)

    def receive(self, asked: Any, who: Asker) -> None:
        """Answers, now or later."""
        queue = self._of(asked)
        seconds = asked.get("WaitTimeSeconds")
        if seconds is None:
            seconds = int(queue.attributes.get("ReceiveMessageWaitTimeSeconds", 0))
        if queue.ready or not seconds:
            who.say(self._received(queue, asked))
            return
        one = Waiting(asked, who)
        queue.waiting.append(one)
        self._after(seconds, lambda: self._give_up(queue, one))

    def _serve(self, queue: Queue) -> None:
        """Whoever still waits gets what there is."""
        while queue.ready and queue.waiting:
            one = queue.waiting.popleft()
            one.over = True
            if not one.who.over:
                one.who.say(self._received(queue, one.asked))

    @staticmethod
    def _give_up(queue: Queue, one: Waiting) -> None:
        if not one.over:
            queue.waiting.remove(one)
            one.who.say({})

    def _received(self, queue: Queue, asked: Any) -> Any:
        found = []
        visibility = asked.get("VisibilityTimeout")
        seconds = int(queue.attributes["VisibilityTimeout"]) if visibility is None else visibility
        wanted = asked.get("MessageSystemAttributeNames") or asked.get("AttributeNames")
        for _ in range(min(asked.get("MaxNumberOfMessages", 1), len(queue.ready))):
            message = queue.ready.popleft()
            message.received += 1
            message.first = message.first or _now()
            message.receipt = f"r-{next(self._numbers)}"
            queue.flying[message.receipt] = message
            self._hide(queue, message, seconds)
            told = {
                "MessageId": message.id,
                "ReceiptHandle": message.receipt,
                "Body": message.body,
                **message.sums,
            }
            if wanted:
                told["Attributes"] = _told(message, wanted)
            found.append(told)
        return {"Messages": found} if found else {}

    def _hide(self, queue: Queue, message: Message, seconds: float) -> None:
        """From now on for so long; what was said before is over."""
        message.hidden += 1
        receipt, hidden = message.receipt, message.hidden
        if seconds:
            self._after(seconds, lambda: self._show(queue, receipt, hidden))
        else:
            self._show(queue, receipt, hidden)

    def _show(self, queue: Queue, receipt: str, hidden: int) -> None:
        message = queue.flying.get(receipt)
        if message is not None and message.hidden == hidden:
            del queue.flying[receipt]
            queue.ready.append(message)
            self._serve(queue)

    def _delete(self, asked: Any) -> Any:
        self._of(asked).flying.pop(asked["ReceiptHandle"], None)
        return {}

    def _change(self, asked: Any) -> Any:
        queue = self._of(asked)
        message = queue.flying.get(asked["ReceiptHandle"])
        if message is not None:
            self._hide(queue, message, asked["VisibilityTimeout"])
        return {}

    @staticmethod
    def _each(asked: Any, act: Callable[[Any], Any]) -> Any:
        for one in asked["Entries"]:
            act({"QueueUrl": asked["QueueUrl"], **one})
        return {"Successful": [{"Id": one["Id"]} for one in asked["Entries"]], "Failed": []}


def _now() -> str:
    return str(time.time_ns() // 1_000_000)


def _md5(data: bytes) -> str:
    return hashlib.md5(data, usedforsecurity=False).hexdigest()


def _sum(attributes: Mapping[str, Any]) -> str:
    """https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-message-metadata.html"""
    data = b""
    for name, value in sorted(attributes.items()):
        binary = "BinaryValue" in value
        held = base64.b64decode(value["BinaryValue"]) if binary else value["StringValue"].encode()
        data += (
            _long(name.encode())
            + _long(value["DataType"].encode())
            + (b"\2" if binary else b"\1")
            + _long(held)
        )
    return _md5(data)


def _long(data: bytes) -> bytes:
    return len(data).to_bytes(4, "big") + data


def _told(message: Message, wanted: Sequence[str]) -> dict[str, str]:
    found = {
        "ApproximateReceiveCount": str(message.received),
        "SentTimestamp": message.sent,
        "ApproximateFirstReceiveTimestamp": message.first,
        "SenderId": "local",
    }
    return found if "All" in wanted else {name: found[name] for name in wanted if name in found}

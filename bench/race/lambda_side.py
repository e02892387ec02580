"""What Lambda does for a function on a queue: receives in tens, invokes, deletes. Its own CPU is Lambda's, not the function's."""

import threading
from typing import Any, Self

from bench.race.program import Program
from jobline.local.sqs_event import sqs_event

BATCH = 10


class LambdaSide:
    """One poller and the one function that it feeds. `wait`: the seconds of a long poll."""

    def __init__(self, sqs: Any, queue: str, function: Program, *, wait: int = 1) -> None:
        self._sqs = sqs
        self._function = function
        self._wait = wait
        self._url = sqs.get_queue_url(QueueName=queue)["QueueUrl"]
        self._go, self._stop = threading.Event(), threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self.failure: Exception | None = None

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._go.set()
        self._thread.join()

    def go(self) -> None:
        """Poll."""
        self._go.set()

    def hold(self) -> None:
        """Poll no more, once the batch in hand is done."""
        self._go.clear()

    def _run(self) -> None:
        try:
            while not self._stop.is_set():
                self._go.wait()
                self._turn()
        except Exception as error:  # noqa: BLE001 - told by whoever waits for the jobs
            self.failure = error

    def _turn(self) -> None:
        messages = self._sqs.receive_message(
            QueueUrl=self._url,
            MaxNumberOfMessages=BATCH,
            WaitTimeSeconds=self._wait,
            MessageSystemAttributeNames=["All"],
        ).get("Messages", [])
        if not messages:
            return
        event = sqs_event(messages, queue_arn="arn:aws:sqs:us-east-1:000000000000:race", region="us-east-1")
        answer = self._function.ask("invoke", event=event)["value"]
        again = {one["itemIdentifier"] for one in answer["batchItemFailures"]}
        done = [message for message in messages if message["MessageId"] not in again]
        entries = [
            {"Id": str(n), "ReceiptHandle": message["ReceiptHandle"]} for n, message in enumerate(done)
        ]
        if entries:
            self._sqs.delete_message_batch(QueueUrl=self._url, Entries=entries)

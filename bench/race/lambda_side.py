"""What Lambda does for a function on a queue: receives in tens, invokes, deletes. Its own CPU is Lambda's, not the function's.

As there, the next batch is received while the function works, and what is done is deleted beside it; one function handles one batch at a time.
https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-scaling.html
"""

import threading
from collections.abc import Callable
from queue import Empty, Full, Queue
from typing import Any, Self

from bench.race.program import Program
from bench.race.queue_line import QueueLine
from jobline.local.sqs_event import sqs_event

ARN = "arn:aws:sqs:us-east-1:000000000000:race"
LOOK = 0.1
"""Seconds after which somebody who waits looks whether it is all over."""


class LambdaSide:
    """One poller and the one function that it feeds. `wait`: the seconds of a long poll."""

    def __init__(self, line: QueueLine, function: Program, *, wait: int = 1) -> None:
        self._line = line
        self._function = function
        self._wait = wait
        self._go, self._stop = threading.Event(), threading.Event()
        self._received: Queue[Any] = Queue(1)
        self._done: Queue[Any] = Queue()
        acts = (self._receive, self._invoke, self._delete)
        self._threads = [threading.Thread(target=self._run, args=(act,), daemon=True) for act in acts]
        self.failure: Exception | None = None

    def __enter__(self) -> Self:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._go.set()
        for thread in self._threads:
            thread.join()

    def go(self) -> None:
        """Poll."""
        self._go.set()

    def hold(self) -> None:
        """Give the function nothing more, and poll no more once what is asked for has come."""
        self._go.clear()

    def _run(self, act: Callable[[], None]) -> None:
        try:
            while not self._stop.is_set():
                act()
        except Exception as error:  # noqa: BLE001 - told by whoever waits for the jobs
            self.failure = error

    def _receive(self) -> None:
        self._go.wait()
        messages = self._line.receive(wait=self._wait)
        while messages and not self._stop.is_set():
            try:
                self._received.put(messages, timeout=LOOK)
            except Full:
                continue
            return

    def _invoke(self) -> None:
        messages = _taken(self._received)
        self._go.wait()
        if messages is None or self._stop.is_set():
            return
        event = sqs_event(messages, queue_arn=ARN, region="us-east-1")
        answer = self._function.ask("invoke", event=event)["value"]
        again = {one["itemIdentifier"] for one in answer["batchItemFailures"]}
        self._done.put(
            [message["ReceiptHandle"] for message in messages if message["MessageId"] not in again]
        )

    def _delete(self) -> None:
        if receipts := _taken(self._done):
            self._line.delete(receipts)


def _taken(queue: "Queue[Any]") -> Any:
    try:
        return queue.get(timeout=LOOK)
    except Empty:
        return None

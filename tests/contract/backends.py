"""The three worlds that every contract runs in: the in-memory twins, moto in this process, an emulator behind HTTP.

A backend has the ports, and the few hands that a test needs beside them: to look into the index, to receive as Lambda's poller
does, to make pages small.
"""

import json
import math
import os
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from itertools import count
from typing import Any, Protocol

import boto3
import pytest
from botocore.client import BaseClient
from moto import mock_aws

from chalicelib.adapters.aws.clients import Clients
from chalicelib.adapters.aws.direct.calls import DirectCalls, let_past
from chalicelib.adapters.aws.feeds import LambdaFeeds
from chalicelib.adapters.aws.inputs import S3Inputs
from chalicelib.adapters.aws.items import DynamoItems
from chalicelib.adapters.aws.keys import INDEX
from chalicelib.adapters.aws.outlet import SnsOutlet
from chalicelib.adapters.aws.payloads import AwsPayloads
from chalicelib.adapters.aws.queue import SqsQueue
from chalicelib.adapters.aws.side_tables import DynamoApiKeys, DynamoKeys, DynamoQuarantine
from chalicelib.adapters.aws.store import DynamoStore
from chalicelib.adapters.crew import ThreadCrew
from chalicelib.adapters.memory import (
    HeldWorld,
    Inline,
    MemoryApiKeys,
    MemoryFeeds,
    MemoryInputs,
    MemoryItems,
    MemoryKeys,
    MemoryOutlet,
    MemoryPayloads,
    MemoryQuarantine,
    MemoryQueue,
    MemoryStore,
)
from chalicelib.adapters.memory.world import START
from chalicelib.pipeline.items import Items
from chalicelib.pipeline.ports import (
    ApiKeyStore,
    Crew,
    Feeds,
    Inputs,
    JobQueue,
    JobStore,
    KeyStore,
    Outlet,
    PayloadStore,
    Quarantine,
)
from chalicelib.settings import Settings
from infra.stack import provision
from jobline.local.emulator import Emulator
from tests.support.zipped import TINY

VISIBILITY = timedelta(seconds=30)
"""How long a received message is hidden: longer than any test takes."""

ONE_AFTER_THE_OTHER = Inline()
SIDE_BY_SIDE = ThreadCrew(8)

_stages = count(1)


@dataclass(frozen=True, kw_only=True)
class Delivery:
    """A message as a poller got it."""

    id: str
    receipt: str
    body: str
    trace: str | None


class Backend(Protocol):
    """One world."""

    name: str

    @property
    def store(self) -> JobStore: ...

    @property
    def keys(self) -> KeyStore: ...

    @property
    def items(self) -> Items: ...

    @property
    def payloads(self) -> PayloadStore: ...

    @property
    def inputs(self) -> Inputs: ...

    @property
    def queue(self) -> JobQueue: ...

    @property
    def api_keys(self) -> ApiKeyStore: ...

    @property
    def quarantine(self) -> Quarantine: ...

    @property
    def outlet(self) -> Outlet: ...

    def listen(self, **wanted: str) -> Callable[[], list[tuple[str, Mapping[str, str]]]]:
        """Listen outside, to what has these attributes; what was heard since: text and attributes."""

    @property
    def feeds(self) -> Feeds: ...

    def feed_lanes(self) -> None:
        """Make what feeds each lane's consumer."""

    def elapsed(self) -> timedelta:
        """Time since some moment, by this world's clock."""

    def empty(self) -> None:
        """Forget all rows."""

    def drain(self) -> None:
        """Forget all messages."""

    def indexed(self) -> set[tuple[str, str]]:
        """What the attention index holds: kind and job id."""

    def small_pages(self, rows: int) -> None:
        """Let a listing return at most this many rows a page, until `empty`."""

    def receive(self, lane: str, *, within: float = 0) -> list[Delivery]:
        """Up to ten messages, waiting up to so many seconds for the first."""

    def delete(self, lane: str, receipt: str) -> None:
        """Delete a received message."""


class Memory:
    """The twins, in virtual time."""

    name = "memory"

    def __init__(self) -> None:
        self.empty()

    def empty(self) -> None:
        self.world = HeldWorld()
        self.store = MemoryStore()
        self.keys = MemoryKeys()
        self.items = MemoryItems()
        self.payloads = MemoryPayloads()
        self.inputs = MemoryInputs()
        self.queue = MemoryQueue(self.world, visibility=VISIBILITY)
        self.api_keys = MemoryApiKeys()
        self.quarantine = MemoryQuarantine()
        self.feeds = MemoryFeeds()
        self.outlet = MemoryOutlet()

    def listen(self, **wanted: str) -> Callable[[], list[tuple[str, Mapping[str, str]]]]:
        start = len(self.outlet.heard)

        def heard() -> list[tuple[str, Mapping[str, str]]]:
            told = [
                (one.body, {"topic": one.topic, "tenant": one.tenant, "event_id": one.event_id})
                for one in self.outlet.heard[start:]
            ]
            return [one for one in told if wanted.items() <= one[1].items()]

        return heard

    def feed_lanes(self) -> None:
        """They are."""

    def drain(self) -> None:
        self.queue.messages.clear()

    def elapsed(self) -> timedelta:
        return self.world.now() - START

    def indexed(self) -> set[tuple[str, str]]:
        return {(row.attention, row.id) for row in self.store.rows.values() if row.attention is not None}

    def small_pages(self, rows: int) -> None:
        self.store.page = rows

    def receive(self, lane: str, *, within: float = 0) -> list[Delivery]:
        until = self.world.now() + timedelta(seconds=within)
        while not (found := self.queue.receive(lane)) and self.world.now() < until:
            self.world.advance(timedelta(milliseconds=100))
        return [
            Delivery(id=message.id, receipt=message.receipt, body=message.body, trace=message.trace)
            for message in found
        ]

    def delete(self, lane: str, receipt: str) -> None:
        self.queue.delete(receipt)


class Aws:
    """The real adapters, against whatever boto3 finds by the environment."""

    def __init__(self, name: str, crew: Crew, *, direct: bool = False) -> None:
        self.name = name
        self.settings = self._stand_up()
        self.clients = clients = Clients(direct=direct)
        self.table, self.bucket = self.settings.table, self.settings.bucket
        self.store = DynamoStore(clients, self.table, crew)
        self.keys = DynamoKeys(clients, self.table)
        self.items = DynamoItems(clients, self.table, crew)
        self.payloads = AwsPayloads(clients, self.table, self.bucket)
        self.inputs = S3Inputs(clients, self.bucket)
        self._crew = crew
        self.queue = SqsQueue(clients, self.settings.queues, crew)
        self.api_keys = DynamoApiKeys(clients, self.table)
        self.feeds = LambdaFeeds(clients, self.settings.consumers)
        self.quarantine = DynamoQuarantine(clients, self.table)
        self.outlet = SnsOutlet(clients, self.settings.events, self.queue)
        self._page: Callable[..., None] | None = None

    def listen(self, **wanted: str) -> Callable[[], list[tuple[str, Mapping[str, str]]]]:
        sns, sqs = boto3.session.Session().client("sns"), self.clients.sqs
        url = sqs.create_queue(QueueName=f"listener-{next(_stages)}")["QueueUrl"]
        queue = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
        (topic,) = [
            one["TopicArn"]
            for one in sns.list_topics()["Topics"]
            if one["TopicArn"].endswith(f":{self.settings.events}")
        ]
        policy = (
            {"FilterPolicy": json.dumps({name: [value] for name, value in wanted.items()})} if wanted else {}
        )
        sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=queue, Attributes=policy)

        def heard() -> list[tuple[str, Mapping[str, str]]]:
            found = sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10, WaitTimeSeconds=1)
            told = [json.loads(message["Body"]) for message in found.get("Messages", [])]
            return [
                (one["Message"], {name: said["Value"] for name, said in one["MessageAttributes"].items()})
                for one in told
            ]

        return heard

    def empty(self) -> None:
        if self._page is not None:
            self.clients.dynamodb.meta.events.unregister("provide-client-params.dynamodb.Query", self._page)
            self._page = None
        keys = [{"pk": item["pk"], "sk": item["sk"]} for item in self.all_items()]
        for start in range(0, len(keys), 25):
            wanted: Any = [{"DeleteRequest": {"Key": key}} for key in keys[start : start + 25]]
            self.clients.dynamodb.batch_write_item(RequestItems={self.table: wanted})

    def feed_lanes(self) -> None:
        session = boto3.session.Session()
        lambda_, role = session.client("lambda"), "arn:aws:iam::000000000000:role/fed"
        if self.name == "moto":  # which wants to know whom it runs for
            trust = {"Version": "2012-10-17", "Statement": []}
            made = session.client("iam").create_role(
                RoleName="fed", AssumeRolePolicyDocument=json.dumps(trust)
            )
            role = made["Role"]["Arn"]
        for lane, function in self.settings.consumers.items():
            lambda_.create_function(
                FunctionName=function,
                Runtime="python3.11",
                Role=role,
                Handler="app.app",
                Code={"ZipFile": TINY},
            )
            queue = self.clients.sqs.get_queue_attributes(
                QueueUrl=self.queue.url(lane), AttributeNames=["QueueArn"]
            )
            lambda_.create_event_source_mapping(
                EventSourceArn=queue["Attributes"]["QueueArn"], FunctionName=function
            )

    def elapsed(self) -> timedelta:
        return timedelta(seconds=time.monotonic())

    def drain(self) -> None:
        if any(depth.waiting + depth.delayed + depth.in_flight for depth in self.queue.depths()):
            for lane in self.settings.queues:  # SQS itself would do so once a minute at most
                self.clients.sqs.purge_queue(QueueUrl=self.queue.url(lane))

    def _stand_up(self) -> Settings:
        """A stage of its own, from the one template."""
        settings = Settings.from_env({"JOBLINE_APP": "contract", "JOBLINE_STAGE": f"s{next(_stages)}"})
        parameters = {
            "DeletionProtection": "false",
            "VisibilityTimeout": str(int(VISIBILITY.total_seconds())),
        }
        provision(
            boto3.session.Session().client("cloudformation"),
            app=settings.app,
            stage=settings.stage,
            parameters=parameters,
            # A stack of moto's is there at once; the emulator is another process, which needs a moment.
            pause=lambda _: None if self.name == "moto" else time.sleep(0.02),
        )
        return settings

    def all_items(self, **options: Any) -> list[Any]:
        """All items, or all entries of an index, as they are."""
        pages = self.clients.dynamodb.get_paginator("scan").paginate(TableName=self.table, **options)
        return [item for page in pages for item in page["Items"]]

    def item(self, pk: str, sk: str) -> Any:
        """One item as it is."""
        found = self.clients.dynamodb.get_item(TableName=self.table, Key={"pk": {"S": pk}, "sk": {"S": sk}})
        return found.get("Item")

    def put_item(self, item: Any) -> None:
        """Put any item, as other code would."""
        self.clients.dynamodb.put_item(TableName=self.table, Item=item)

    def indexed(self) -> set[tuple[str, str]]:
        found = self.all_items(IndexName=INDEX)
        return {(entry["attention"]["S"].partition("#")[0], entry["sk"]["S"]) for entry in found}

    def small_pages(self, rows: int) -> None:
        def page(params: dict[str, Any], **_: Any) -> None:
            params["Limit"] = min(rows, params.get("Limit", rows))

        self._page = page
        self.clients.dynamodb.meta.events.register("provide-client-params.dynamodb.Query", page)

    def receive(self, lane: str, *, within: float = 0) -> list[Delivery]:
        found = self.clients.sqs.receive_message(
            QueueUrl=self.queue.url(lane),
            MaxNumberOfMessages=10,
            WaitTimeSeconds=min(20, math.ceil(within)),
            MessageSystemAttributeNames=["All"],
        )
        return [
            Delivery(
                id=message["MessageId"],
                receipt=message["ReceiptHandle"],
                body=message["Body"],
                trace=message.get("Attributes", {}).get("AWSTraceHeader"),
            )
            for message in found.get("Messages", [])
        ]

    def delete(self, lane: str, receipt: str) -> None:
        self.clients.sqs.delete_message(QueueUrl=self.queue.url(lane), ReceiptHandle=receipt)


@contextmanager
def one_at_a_time() -> Iterator[None]:
    """A lock round every AWS call: moto is not atomic.

    Eight threads that put an item if there is none have more than one winner in about one of twenty rounds, where DynamoDB always has
    one. Without this lock a test of threads on moto says nothing.
    """
    lock = threading.RLock()
    theirs: Any = BaseClient._make_api_call  # type: ignore[attr-defined]

    def locked(call: Any) -> Any:
        def alone(self: Any, operation_name: str, api_params: Any) -> Any:
            with lock:
                return call(self, operation_name, api_params)

        return alone

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(BaseClient, "_make_api_call", locked(theirs))
        let_past(BaseClient._make_api_call, around=theirs)  # type: ignore[attr-defined]
        patch.setattr(DirectCalls, "_make_api_call", locked(DirectCalls._make_api_call))
        yield


@contextmanager
def in_process(*, direct: bool = False) -> Iterator[Aws]:
    """moto, which takes the place of botocore's HTTP, and of that of direct calls."""
    with pytest.MonkeyPatch.context() as patch:
        for variable in [name for name in os.environ if name.startswith("AWS_")]:
            patch.delenv(variable)
        patch.setenv("AWS_DEFAULT_REGION", "us-east-1")
        patch.setenv("MOTO_SQS_ENFORCE_STRICT_QUEUE_PURGE_BEHAVIOUR", "false")
        with mock_aws(), one_at_a_time():
            yield Aws("moto", ONE_AFTER_THE_OTHER, direct=direct)


@contextmanager
def behind_http(emulator: Emulator, *, direct: bool = False) -> Iterator[Aws]:
    """The emulator, by the environment that `jobline up` gives the functions too, asked by many threads at once."""
    with pytest.MonkeyPatch.context() as patch:
        for variable, value in emulator.environment.items():
            patch.setenv(variable, value)
        yield Aws("emulator", SIDE_BY_SIDE, direct=direct)

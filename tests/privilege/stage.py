"""A stage whose six functions are apart from each other, as on Lambda: each with clients, caches and rights of its own.

What is real: the handlers of app.py, the wiring, the adapters, the events. What is played: AWS, and the clock.
"""

import json
from collections import defaultdict
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from typing import Any

import boto3
import pytest
from chalice.test import Client, HTTPResponse

import app
from chalicelib import wiring
from chalicelib.adapters import world as real_world
from chalicelib.adapters.aws import clients as real_clients
from chalicelib.adapters.memory import HeldWorld, MemoryCourier
from chalicelib.adapters.runners import runners
from chalicelib.entrypoints.api.routes import ROUTES
from chalicelib.lanes import DECLARED
from chalicelib.pipeline.parts import Parts
from chalicelib.settings import Settings
from infra import chalice_local
from infra.names import API, FED_BY, FUNCTIONS, Names
from infra.stack import provision
from jobline.local.context import Context
from jobline.local.sqs_event import sqs_event
from jobline.local.tick import scheduled_event
from tests.privilege.calls import FEEDING, Place
from tests.privilege.reach import PORTS
from tests.privilege.recorder import Credentials, Record, recorded_clients
from tests.privilege.tasks import registry
from tests.support.zipped import TINY

TIMEOUT = 60.0
"""Seconds, as config.json gives the consumers."""

NOBODY = {"Version": "2012-10-17", "Statement": []}

LISTEN = timedelta(milliseconds=50)
"""How often an attempt looks at its task and at its row: tests are in a hurry."""


class _Heard:
    """A port that remembers which of its methods were called."""

    def __init__(self, name: str, port: Any, called: set[str]) -> None:
        self._name = name
        self._port = port
        self._called = called

    def __getattr__(self, method: str) -> Any:
        self._called.add(f"{self._name}.{method}")
        return getattr(self._port, method)


class Deployed:
    """One stage, invoked as AWS does."""

    def __init__(
        self,
        environment: Mapping[str, str],
        place: Place,
        rights: Mapping[str, Credentials] | None = None,
    ) -> None:
        """`environment`: the stage's variables in config.json. `rights`: function to what it signs with; None: whatever the test has."""
        self.names = Names(app=environment["JOBLINE_APP"], stage=environment["JOBLINE_STAGE"])
        self.environment = environment
        bucket = environment.get("JOBLINE_BUCKET") or self.names.bucket(
            account=place.account, region=place.region
        )
        self.settings = Settings.from_env({**environment, "JOBLINE_BUCKET": bucket})
        self.place = place
        self.record = Record(place)
        self.world = HeldWorld()
        self.courier = MemoryCourier()
        self.registry = registry(self.record.beaten)
        session = boto3.session.Session()
        self.sqs, self.s3 = session.client("sqs"), session.client("s3")
        parameters = {"DeletionProtection": "false", "VisibilityTimeout": "30", "BucketName": bucket}
        provision(
            session.client("cloudformation"),
            app=self.names.app,
            stage=self.names.stage,
            parameters=parameters,
            pause=lambda _: None,
        )
        self._feed(session)
        self.methods: dict[str, set[str]] = defaultdict(set)
        """Function to the ports' methods that it called: `store.read`."""
        self.routes: set[tuple[str, str]] = set()
        """Method and path of each route that answered."""
        self.parts = {name: self._wired(name, (rights or {}).get(name)) for name in FUNCTIONS}
        self.people = self._wired("people", None)
        chalice_local.install()
        self._http = Client(app.app).http

    def _feed(self, session: Any) -> None:
        """A function and a mapping for each lane, as Chalice makes them, but from a queue of their own: here the tests deliver."""
        lambda_, iam = session.client("lambda"), session.client("iam")
        role = iam.create_role(RoleName="fed", AssumeRolePolicyDocument=json.dumps(NOBODY))["Role"]["Arn"]
        self.sqs.create_queue(QueueName="elsewhere")
        for lane in DECLARED:
            function = lambda_.create_function(
                FunctionName=self.names.functions[lane.consumer],
                Runtime="python3.11",
                Role=role,
                Handler="app.app",
                Code={"ZipFile": TINY},
            )["FunctionArn"]
            mapping = lambda_.create_event_source_mapping(
                EventSourceArn=self.place.arn("sqs", "elsewhere"),
                FunctionName=self.names.functions[lane.consumer],  # moto finds it again by this word alone
            )
            FEEDING[mapping["UUID"]] = function

    def turn(self, lane: str, *, on: bool) -> None:
        """Somebody turns a lane's mapping by hand."""
        self.people.feeds.turn(lane, on=on)

    def _wired(self, function: str, rights: Credentials | None) -> Parts:
        """What `wiring.build` makes, but for the tests' tasks and clock, and clients that are heard."""
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(real_clients, "Clients", recorded_clients(function, self.record, rights))
            patch.setattr(real_world, "RealWorld", lambda: self.world)  # the hours of keys are the day's, too
            built = replace(wiring.build(self.settings), courier=self.courier)
        ports = {port: _Heard(port, getattr(built, port), self.methods[function]) for port in PORTS}
        return replace(
            built,
            **ports,
            world=self.world,
            registry=self.registry,
            limits=replace(built.limits, listen_every=LISTEN, look_every=timedelta(0)),
            runners=runners(self.registry, self.settings.task_modules),
        )

    @contextmanager
    def inside(self, function: str) -> Iterator[Parts]:
        """This process is that function's for a while."""
        before = wiring.use(self.parts[function])
        try:
            yield self.parts[function]
        finally:
            wiring.use(before)

    def ask(self, method: str, path: str, body: Any = None, **headers: str) -> HTTPResponse:
        """One request to the API's function."""
        sent = {"Content-Type": "application/json", **headers}
        data = b"" if body is None else json.dumps(body).encode()
        with self.inside(API):
            answer = self._http.request(method, path, headers=sent, body=data)
        self.routes |= {
            (route.method, route.path)
            for route in ROUTES
            if route.method == method and _fits(path.partition("?")[0], route.path)
        }
        return answer

    def deliver(self, function: str) -> Any:
        """One batch of the function's queue, if there is one; what it is done with is deleted. The function's answer."""
        url = self.sqs.get_queue_url(QueueName=self.names.queues[FED_BY[function]])["QueueUrl"]
        messages = self.sqs.receive_message(
            QueueUrl=url, MaxNumberOfMessages=10, WaitTimeSeconds=0, MessageSystemAttributeNames=["All"]
        ).get("Messages", [])
        if not messages:
            return None
        arn = self.place.arn("sqs", self.names.queues[FED_BY[function]])
        answer = self._invoke(function, sqs_event(messages, queue_arn=arn, region=self.place.region))
        again = {failure["itemIdentifier"] for failure in answer["batchItemFailures"]}
        for message in messages:
            if message["MessageId"] not in again:
                self.sqs.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])
        return answer

    def tick(self) -> Any:
        """One turn of EventBridge's rule."""
        return self._invoke("tick", scheduled_event("tick", self.world.now(), region=self.place.region))

    def _invoke(self, function: str, event: Mapping[str, Any]) -> Any:
        context = Context(self.names.functions[function], timeout=TIMEOUT)
        with self.inside(function):
            return getattr(app, function)(dict(event), context)


def _fits(path: str, pattern: str) -> bool:
    """Whether a path is of that route. `/jobs/batch` is of its own, not of `/jobs/{id}`: that has no POST."""
    given, wanted = path.split("/"), pattern.split("/")
    return len(given) == len(wanted) and all(
        want.startswith("{") or one == want for one, want in zip(given, wanted, strict=True)
    )

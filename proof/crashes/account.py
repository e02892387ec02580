"""The AWS account: moto in this process, set up once from the stage's own template, wiped between two plans, its clock ours.

botocore's wire (serialising, signing, HTTP, parsing) costs four times what moto's own work does, so calls to DynamoDB and SQS are handed to
moto's handlers as they are; a test holds the short way and the long way against each other. S3 goes the long way.
"""

import logging
import os
import pickle
import threading
import warnings
from base64 import b64decode
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from typing import Any

from botocore.client import BaseClient
from botocore.exceptions import ClientError

from chalicelib.adapters.aws.clients import Clients
from chalicelib.adapters.aws.direct.calls import DirectCalls
from chalicelib.adapters.aws.keys import INDEX
from chalicelib.settings import Settings
from infra.stack import provision
from proof.crashes.clock import SECOND, START_MS, HeldClock
from proof.crashes.memory import Memory, Place

REGION = "us-east-1"
OWNER = "123456789012"
VISIBILITY = 360  # seconds, the template's own

Call = Callable[[Any, str, Mapping[str, Any]], Any]


class Account:
    """One table, its queues and its bucket."""

    def __init__(self) -> None:
        self.settings = Settings.from_env({"JOBLINE_APP": "crashes", "JOBLINE_STAGE": "proof"})
        self.clock = HeldClock()
        self.clients = Clients()
        self.short = True  #: go past botocore's wire
        self._stand_up()
        from moto.dynamodb.models import dynamodb_backends
        from moto.dynamodb.responses import DynamoHandler
        from moto.s3.models import s3_backends
        from moto.sqs.models import sqs_backends
        from moto.sqs.responses import SQSResponse

        self._handlers: Mapping[str, Callable[[], Any]] = {"dynamodb": DynamoHandler, "sqs": SQSResponse}
        self.table: Any = dynamodb_backends[OWNER][REGION].get_table(self.settings.table)
        self.memory = Memory(self.table)
        self.masters = tuple(self.clients.kms.create_key()["KeyMetadata"]["Arn"] for _ in range(2))
        self.off: set[str] = set()  #: those of them that are switched off
        self._sqs: Any = sqs_backends[OWNER][REGION]
        self._bucket: Any = s3_backends[OWNER]["aws"].buckets[self.settings.bucket]
        _ = self.clients.dynamodb, self.clients.sqs, self.clients.s3
        self._wires: Mapping[bool, Call] = {
            False: BaseClient._make_api_call,  # type: ignore[attr-defined]  # noqa: SLF001
            True: DirectCalls._make_api_call,  # noqa: SLF001
        }

    def _stand_up(self) -> None:
        import boto3

        with warnings.catch_warnings():  # moto says which resources it cannot make
            warnings.simplefilter("ignore")
            client = boto3.session.Session().client("cloudformation")
            parameters = {"DeletionProtection": "false"}
            provision(
                client,
                app=self.settings.app,
                stage=self.settings.stage,
                parameters=parameters,
                pause=lambda _: None,
            )

    def wipe(self) -> HeldClock:
        """Forget all rows, messages and objects; a new clock begins."""
        from moto.moto_api._internal import mock_random

        self.table.items.clear()
        self.memory.forget_states()
        self._bucket.keys.clear()
        self.off.clear()
        for queue in self.queues():
            queue._messages = []  # noqa: SLF001
            queue._pending_messages = set()  # noqa: SLF001
            queue.deleted_messages = set()
        mock_random.seed(0)
        self.clock = HeldClock()
        return self.clock

    # -------------------------------------------------------------------------------------------------------- calling

    def call(self, client: Any, operation: str, params: Mapping[str, Any]) -> Any:
        """What AWS does, and answers. Raises ClientError as botocore would."""
        service = client.meta.service_model.service_name
        if service == "kms" and params["KeyId"] in self.off:
            raise ClientError({"Error": {"Code": "DisabledException", "Message": "switched off"}}, operation)
        handler = self._handlers.get(service) if self.short else None
        if handler is None:
            wire = self._wires[isinstance(client, DirectCalls)]
            return wire(client, operation, dict(params))  # botocore replaces a body by a stream
        if operation == "Query" and self.asks_nothing(params):
            return {"Items": [], "Count": 0, "ScannedCount": 0}
        place = _place(params) if operation in ONE_ITEM else None
        if place is None:
            return self._short(handler(), operation, params)
        return _plain(
            self.memory.ask(operation, params, place, lambda: self._short(handler(), operation, params))
        )

    def asks_nothing(self, params: Mapping[str, Any]) -> bool:
        """Whether a query asks a partition that holds nothing: most of a sweep's do, and moto takes its time to say so."""
        pk = params["ExpressionAttributeValues"][":pk"]["S"]
        return not (self.indexed(pk) if "IndexName" in params else self.holds(pk))

    def _short(self, handler: Any, operation: str, params: Mapping[str, Any]) -> Any:
        from moto.core.exceptions import JsonRESTError, ServiceException

        handler.params = handler.body = _plain(params)
        handler.region, handler.current_account, handler.headers = REGION, OWNER, {}
        handler.uri, handler.path = f"https://queue.{REGION}.amazonaws.com/", "/"
        handler.querystring, handler.uri_match = {}, {}
        try:
            answer = getattr(handler, _underscored(operation))()
        except JsonRESTError as error:
            raise _refusal(operation, error) from error
        except ServiceException as error:
            raise ClientError({"Error": {"Code": error.code, "Message": error.message}}, operation) from error
        return _plain(answer.result or {})

    # ---------------------------------------------------------------------------------------------------- looking inside

    def items(self) -> dict[tuple[str, str], Any]:
        """All items as they are, for comparing."""
        return {
            (pk.value, sk.value): item.to_json()["Attributes"]
            for pk, found in self.table.items.items()
            for sk, item in found.items()
        }

    def holds(self, pk: str) -> bool:
        """Whether there is anything under this partition key."""
        from moto.dynamodb.models.dynamo_type import DynamoType

        return bool(self.table.items.get(DynamoType({"S": pk})))

    def indexed(self, shard: str) -> bool:
        """Whether there is anything in this partition of the attention index."""
        for found in self.table.items.values():
            for item in found.values():
                attention = item.attrs.get(INDEX)
                if attention is not None and attention.value == shard:
                    return True
        return False

    def data_key(self, name: str, stage: str) -> bytes:
        """A data key of the stage's, unwrapped whatever is switched off. Raises KeyError: there is none of this name."""
        from moto.kms.models import kms_backends

        item = self.items()["item#sealing", name]
        wrapped = b64decode(item["f_wrapped"]["S"])
        context = {"stage": stage, "key": name}
        found: bytes = kms_backends[OWNER][REGION].decrypt(wrapped, context)[0]
        return found

    def as_it_was(self, operation: str, params: Mapping[str, Any]) -> AbstractContextManager[None]:
        """The table as an eventually consistent read may still see it: an item before its last write, a query before the last of all."""
        return self.memory.as_it_was(_place(params) if operation == "GetItem" else None)

    # ------------------------------------------------------------------------------------------------------- the queues

    def queues(self) -> list[Any]:
        """Moto's queues, the dead letters' last."""
        return [self._sqs.queues[name] for name in self.settings.queues.values()]

    def messages(self, lane: str) -> list[Any]:
        """Moto's messages of a lane that are there still."""
        queue = self._sqs.queues[self.settings.queues[lane]]
        return [message for message in queue._messages if message.id not in queue.deleted_messages]  # noqa: SLF001

    def receive(self, lane: str) -> list[Any]:
        """A batch, as Lambda's poller receives it."""
        name = self.settings.queues[lane]
        found: list[Any] = self._sqs.receive_message(name, 10, 0, VISIBILITY, [])
        return found

    def delete(self, lane: str, receipt: str) -> None:
        """Delete a received message, as Lambda's poller does."""
        self._sqs.delete_message(self.settings.queues[lane], receipt)

    def put(self, lane: str, body: str) -> None:
        """Anybody with the right to may send anything."""
        self._sqs.send_message(self.settings.queues[lane], body, message_attributes={})


ONE_ITEM = frozenset({"GetItem", "PutItem", "UpdateItem", "DeleteItem"})


def _place(params: Mapping[str, Any]) -> Place:
    """Where the item is that a call is about."""
    key = params["Key"] if "Key" in params else params["Item"]
    return key["pk"]["S"], key["sk"]["S"]


def _plain(value: Any) -> Any:
    """A copy: moto keeps what it is given and gives what it keeps."""
    if isinstance(value, dict):
        return {name: _plain(each) for name, each in value.items()}
    if isinstance(value, list):
        return [_plain(each) for each in value]
    return value


_WORDS: dict[str, str] = {}


def _underscored(operation: str) -> str:
    found = _WORDS.get(operation)
    if found is None:
        words = "".join(f"_{letter.lower()}" if letter.isupper() else letter for letter in operation)
        found = _WORDS[operation] = words.lstrip("_")
    return found


def _refusal(operation: str, error: Any) -> ClientError:
    """Moto's error as botocore's, the row that refused with it."""
    import json

    said = json.loads(error.description)
    response: Any = {
        "Error": {
            "Code": said["__type"].rpartition("#")[2],
            "Message": said.get("message", said.get("Message", "")),
        },
        "ResponseMetadata": {"HTTPStatusCode": 400},
    }
    if "Item" in said:
        response["Item"] = {name: _decoded(value) for name, value in said["Item"].items()}
    return ClientError(response, operation)


def _decoded(value: Any) -> Any:
    """An attribute of an error's JSON as botocore reads it."""
    if isinstance(value, dict):
        return {
            kind: b64decode(each) if kind == "B" and isinstance(each, str) else _decoded(each)
            for kind, each in value.items()
        }
    return [_decoded(each) for each in value] if isinstance(value, list) else value


def _remembering(parse: Callable[[str], Any]) -> Callable[[str], Any]:
    """Parse an expression once; who asks again gets a copy, since moto changes the tree."""
    parsed: dict[str, bytes] = {}

    def remembered(expression: str) -> Any:
        if expression not in parsed:
            parsed[expression] = pickle.dumps(parse(expression))
        return pickle.loads(parsed[expression])  # noqa: S301 - our own, a moment ago

    return remembered


_lock = threading.Lock()


@contextmanager
def _released(lock: threading.Lock) -> Iterator[None]:
    try:
        yield
    finally:
        lock.release()


@contextmanager
def _no_credentials() -> Iterator[None]:
    """An environment that names no account, so that nothing can reach a real one."""
    environment = {name: os.environ.pop(name) for name in list(os.environ) if name.startswith("AWS_")}
    os.environ["AWS_DEFAULT_REGION"] = REGION
    try:
        yield
    finally:
        del os.environ["AWS_DEFAULT_REGION"]
        os.environ.update(environment)


@contextmanager
def account() -> Iterator[Account]:
    """Moto in place of AWS, until the end of the block; its time is the account's clock, its logs are off."""
    from moto import mock_aws
    from moto.dynamodb import responses
    from moto.sqs import models as sqs_models

    models: Any = sqs_models
    UpdateExpressionParser: Any = responses.UpdateExpressionParser  # type: ignore[attr-defined]  # noqa: N806
    if not _lock.acquire(blocking=False):
        raise RuntimeError("there is an account in this process already, and moto has one table of each name")
    off = logging.root.manager.disable
    times = models.unix_time, models.unix_time_millis
    make = UpdateExpressionParser.__dict__["make"]
    root = logging.getLogger()
    handlers, level = list(root.handlers), root.level
    with _released(_lock), _no_credentials(), mock_aws():
        logging.disable(logging.CRITICAL)
        made = Account()
        models.unix_time_millis = lambda *_: float(START_MS + made.clock.ms)
        models.unix_time = lambda *_: (START_MS + made.clock.ms) / SECOND
        UpdateExpressionParser.make = staticmethod(_remembering(UpdateExpressionParser.make))
        try:
            yield made
        finally:
            UpdateExpressionParser.make = make
            root.handlers[:] = handlers  # the doors have set up Lambda's
            root.setLevel(level)
            models.unix_time, models.unix_time_millis = times
            logging.disable(off)

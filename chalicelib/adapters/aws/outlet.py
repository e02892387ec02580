"""The world outside by SNS: one topic a stage, with what subscribers may filter by as message attributes."""

from typing import Any

from chalicelib.adapters.aws.clients import Clients
from chalicelib.adapters.aws.errors import calling
from chalicelib.adapters.aws.queue import SqsQueue
from chalicelib.pipeline.ports import Bulletin

LANE = "default"
"""Any lane's queue tells our account."""


class SnsOutlet:
    """The stage's SNS topic. Its address is that of our own account and region, which a queue's URL tells: no right to ask is needed."""

    def __init__(self, clients: Clients, name: str, queue: SqsQueue) -> None:
        self._clients = clients
        self._name = name
        self._queue = queue

    def publish(self, bulletin: Bulletin) -> None:
        """Publish. Filter policies go by `topic`, `tenant` and `event_id`."""
        given = {"topic": bulletin.topic, "tenant": bulletin.tenant, "event_id": bulletin.event_id}
        attributes: Any = {
            name: {"DataType": "String", "StringValue": value} for name, value in given.items()
        }
        arn = self._arn()
        with calling("Publish"):
            self._clients.sns.publish(TopicArn=arn, Message=bulletin.body, MessageAttributes=attributes)

    def _arn(self) -> str:
        account = self._queue.url(LANE).split("/")[-2]
        meta = self._clients.sns.meta
        return f"arn:{meta.partition}:sns:{meta.region_name}:{account}:{self._name}"

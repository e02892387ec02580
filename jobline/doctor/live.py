"""A stage as the checks read it: each thing is asked for once in an examination, by the names that follow from app and stage."""

import json
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from functools import cache, cached_property
from types import SimpleNamespace
from typing import Any

import httpx

from chalicelib.adapters.aws.items import DynamoItems
from chalicelib.adapters.memory import Inline
from chalicelib.pipeline.lane_control import Control, controls
from chalicelib.pipeline.limits import Limits
from chalicelib.settings import Settings
from infra import live
from infra.config import Stage
from infra.names import FED_BY, Names
from infra.place import Place

DOWNLOAD_WITHIN = 60.0  # seconds, for a package of a few megabytes


def download(url: str) -> bytes:
    """Raises httpx.HTTPError."""
    return httpx.get(url, timeout=DOWNLOAD_WITHIN).raise_for_status().content


class Live:
    """One look at a stage. What AWS raises comes through."""

    def __init__(
        self,
        place: Place,
        stage: Stage,
        config: Mapping[str, Any],
        *,
        now: datetime | None = None,
        fetch: Callable[[str], bytes] = download,
    ) -> None:
        """`config`: all of .chalice/config.json. `fetch` downloads what Lambda gives an address for."""
        self.place, self.stage, self.config, self.fetch = place, stage, config, fetch
        self.now = now or datetime.now(UTC)
        self.queue = cache(self._queue)
        self.mappings = cache(self._mappings)

    @property
    def names(self) -> Names:
        return self.stage.names

    @property
    def configured(self) -> Mapping[str, Any]:
        """The stage's part of config.json."""
        found: Mapping[str, Any] = self.config["stages"][self.names.stage]
        return found

    @property
    def limits(self) -> Limits:
        """The pipeline's numbers, as this stage sets them."""
        return Settings.from_env(self.stage.environment).limits

    def client(self, service: str) -> Any:
        return self.place.client(service)

    @cached_property
    def bucket(self) -> str:
        return self.stage.bucket(account=self.place.account, region=self.place.region)

    @cached_property
    def functions(self) -> Mapping[str, dict[str, Any]]:
        """Each function that is there, by its name in app.py."""
        return live.functions(self.place, self.names)

    @cached_property
    def fed(self) -> Mapping[str, str]:
        """Each function there that a queue feeds, to that queue's short name."""
        return {function: lane for function, lane in FED_BY.items() if function in self.functions}

    @cached_property
    def table(self) -> Mapping[str, Any]:
        found: Mapping[str, Any] = self.client("dynamodb").describe_table(TableName=self.names.table)["Table"]
        return found

    @cached_property
    def pauses(self) -> Mapping[str, Control]:
        """What is wished of each lane of which anything ever was."""
        clients: Any = SimpleNamespace(dynamodb=self.client("dynamodb"))
        return controls(DynamoItems(clients, self.names.table, Inline()))

    def queue_url(self, name: str) -> str:
        """Of a lane, by its short name."""
        url: str = self.client("sqs").get_queue_url(QueueName=self.names.queues[name])["QueueUrl"]
        return url

    def _queue(self, name: str) -> Mapping[str, str]:
        """All attributes of a lane's queue."""
        found: Mapping[str, str] = self.client("sqs").get_queue_attributes(
            QueueUrl=self.queue_url(name), AttributeNames=["All"]
        )["Attributes"]
        return found

    def redrive(self, name: str) -> Mapping[str, Any]:
        """A lane's redrive policy; empty: none."""
        found: Mapping[str, Any] = json.loads(self.queue(name).get("RedrivePolicy", "{}"))
        return found

    def _mappings(self, function: str) -> list[dict[str, Any]]:
        """What queues feed a function (its name in app.py), as Lambda tells it."""
        pages = (
            self.client("lambda")
            .get_paginator("list_event_source_mappings")
            .paginate(FunctionName=self.names.functions[function])
        )
        return [
            mapping
            for page in pages
            for mapping in page["EventSourceMappings"]
            if ":sqs:" in mapping.get("EventSourceArn", "")
        ]

"""The event source mappings: what hands a lane's messages to its consumer, and can be turned off and on."""

from collections.abc import Mapping
from typing import Any

from botocore.exceptions import ClientError

from chalicelib.adapters.aws.clients import Clients
from chalicelib.adapters.aws.errors import calling, code_of
from chalicelib.pipeline.ports import Feed

FEEDS = {
    "Creating": Feed.ON,
    "Enabling": Feed.ON,
    "Enabled": Feed.ON,
    "Disabling": Feed.OFF,
    "Disabled": Feed.OFF,
}
"""What a mapping's state says of where it goes; any other is a change whose end is unknown:
https://docs.aws.amazon.com/lambda/latest/api/API_EventSourceMappingConfiguration.html"""


class LambdaFeeds:
    """The mappings of one stage. `functions` is lane -> the name of its consumer on Lambda."""

    def __init__(self, clients: Clients, functions: Mapping[str, str]) -> None:
        self._clients = clients
        self._functions = functions

    def look(self, lane: str) -> Feed:
        """ListEventSourceMappings. Several that disagree are a change that somebody has not finished."""
        found = {FEEDS.get(mapping["State"], Feed.CHANGING) for mapping in self._mappings(lane)}
        if not found:
            return Feed.ABSENT
        return found.pop() if len(found) == 1 else Feed.CHANGING

    def turn(self, lane: str, *, on: bool) -> None:
        """UpdateEventSourceMapping. It is under way when this returns; one that changes already refuses: `Unavailable`."""
        for mapping in self._mappings(lane):
            with calling("UpdateEventSourceMapping"):
                self._clients.lambda_.update_event_source_mapping(UUID=mapping["UUID"], Enabled=on)

    def _mappings(self, lane: str) -> list[Any]:
        found: list[Any] = []
        pages: dict[str, Any] = {}
        while True:
            with calling("ListEventSourceMappings"):
                try:
                    answer = self._clients.lambda_.list_event_source_mappings(
                        FunctionName=self._functions[lane], **pages
                    )
                except ClientError as error:
                    if code_of(error) == "ResourceNotFoundException":  # no such function: on one machine
                        return []
                    raise
            found += [
                one for one in answer["EventSourceMappings"] if ":sqs:" in one.get("EventSourceArn", "")
            ]
            if not answer.get("NextMarker"):
                return found
            pages = {"Marker": answer["NextMarker"]}

"""The routes of pub/sub."""

from chalicelib.entrypoints.api.route import Reply, Route
from chalicelib.entrypoints.api.topics import (
    EventDocument,
    NewEvent,
    TopicList,
    list_topics,
    publish_event,
)

TOPIC_ROUTES: tuple[Route, ...] = (
    Route(
        method="GET",
        path="/topics",
        scope="read",
        handler=list_topics,
        summary="See which tasks hear which topics",
        replies={200: Reply(meaning="The topics and patterns by name.", shape=TopicList)},
    ),
    Route(
        method="POST",
        path="/topics/{name}/events",
        scope="submit",
        handler=publish_event,
        summary="Publish an event",
        body=NewEvent,
        example={"payload": {"order": 17, "total": "42.00"}, "id": "order-17-paid"},
        replies={202: Reply(meaning="Every subscriber's job is accepted.", shape=EventDocument)},
        problems=(409,),
    ),
)

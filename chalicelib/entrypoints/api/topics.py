"""Topics: publish an event, and see who hears it."""

from typing import Annotated, Any, TypedDict

import msgspec
from msgspec import Meta

from chalicelib.entrypoints.api.answer import Answer
from chalicelib.entrypoints.api.document import rfc3339
from chalicelib.entrypoints.api.job_shape import Time
from chalicelib.entrypoints.api.request import Request
from chalicelib.pipeline.publish import MAX_ID_CHARS, publish

EventId = Annotated[str, Meta(min_length=1, max_length=MAX_ID_CHARS)]


class NewEvent(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """Something that happened."""

    payload: Annotated[Any, Meta(description="what happened: any JSON value that all subscribers take")] = (
        None
    )
    id: Annotated[
        EventId | None,
        Meta(description="makes repeating safe: the same id within 24 hours is the same event"),
    ] = None


class EventJob(TypedDict):
    """A job that the event led to."""

    id: str
    task: str


class EventDocument(TypedDict):
    """An event that was accepted: every subscriber's job is there."""

    id: str
    topic: str
    at: Annotated[Time, Meta(description="when it was first published")]
    jobs: Annotated[list[EventJob], Meta(description="one for each task that subscribes; none: nobody does")]


class TopicDocument(TypedDict):
    """A topic, or a pattern that takes in all topics with this beginning."""

    topic: str
    tasks: Annotated[list[str], Meta(description="those that run once for each event")]
    external: Annotated[bool, Meta(description="events go out by SNS as well")]


class TopicList(TypedDict):
    """What tasks subscribe to and what goes outside, by name. Any other topic may be published to; nobody hears it."""

    topics: list[TopicDocument]


def publish_event(request: Request) -> Answer:
    """Publish an event of the caller's tenant."""
    new: NewEvent = request.body
    published = publish(
        request.name("name"), new.payload, id=new.id, tenant=request.tenant, parts=request.parts
    )
    body: EventDocument = {
        "id": published.id,
        "topic": published.topic,
        "at": rfc3339(published.at),
        "jobs": [{"id": job.id, "task": job.task} for job in published.jobs],
    }
    return Answer(status=202, body=body)


def list_topics(request: Request) -> Answer:
    """All that is subscribed to, or goes outside."""
    registry = request.parts.registry
    hears: dict[str, list[str]] = {pattern: [] for pattern in registry.external}
    for task in registry:
        for pattern in task.options.topics:
            hears.setdefault(pattern, []).append(task.name)
    body: TopicList = {
        "topics": [
            {"topic": pattern, "tasks": tasks, "external": pattern in registry.external}
            for pattern, tasks in sorted(hears.items())
        ]
    }
    return Answer(status=200, body=body)

"""The lanes: how much waits in each."""

from typing import Annotated, TypedDict

from msgspec import Meta

from chalicelib.entrypoints.api.answer import Answer
from chalicelib.entrypoints.api.request import Request
from chalicelib.pipeline.patience import patience


class LaneDocument(TypedDict):
    """One queue's depth, about: SQS counts approximately."""

    lane: Annotated[
        str,
        Meta(description="high, default, low; dead-letters is where messages go that came back too often"),
    ]
    waiting: int
    delayed: Annotated[int, Meta(description="not due yet")]
    in_flight: Annotated[int, Meta(description="with a consumer now")]


class LaneList(TypedDict):
    """All lanes, and the dead-letter queue last."""

    lanes: list[LaneDocument]


def list_lanes(request: Request) -> Answer:
    """Each lane's depth."""
    depths = patience(request.parts)(request.parts.queue.depths)
    body: LaneList = {
        "lanes": [
            {"lane": one.lane, "waiting": one.waiting, "delayed": one.delayed, "in_flight": one.in_flight}
            for one in depths
        ]
    }
    return Answer(status=200, body=body)

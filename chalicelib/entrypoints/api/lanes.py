"""The lanes: how much waits in each, which are paused, and pausing them."""

from typing import Annotated, TypedDict

from msgspec import Meta

from chalicelib.entrypoints.api.answer import Answer
from chalicelib.entrypoints.api.document import rfc3339
from chalicelib.entrypoints.api.job_shape import Time
from chalicelib.entrypoints.api.request import Request
from chalicelib.pipeline import lane_control
from chalicelib.pipeline.lane_control import Control
from chalicelib.pipeline.patience import patience


class Pause(TypedDict):
    """That a lane is paused."""

    since: Time
    by: Annotated[str, Meta(description="the name and the id of the API key")]


class LaneDocument(TypedDict):
    """One queue's depth, about: SQS counts approximately."""

    lane: Annotated[
        str,
        Meta(description="high, default, low; dead-letters is where messages go that came back too often"),
    ]
    waiting: int
    delayed: Annotated[int, Meta(description="not due yet")]
    in_flight: Annotated[int, Meta(description="with a consumer now")]
    paused: Annotated[Pause | None, Meta(description="null: its jobs run")]


class LaneControl(TypedDict):
    """A lane that was paused, or not."""

    lane: str
    paused: Pause | None


class LaneList(TypedDict):
    """All lanes, and the dead-letter queue last."""

    lanes: list[LaneDocument]


def list_lanes(request: Request) -> Answer:
    """Each lane's depth."""
    parts = request.parts
    depths = patience(parts)(parts.queue.depths)
    wished = patience(parts)(lane_control.controls, parts.items)
    lanes: list[LaneDocument] = [
        {
            "lane": one.lane,
            "waiting": one.waiting,
            "delayed": one.delayed,
            "in_flight": one.in_flight,
            "paused": _pause(wished.get(one.lane)),
        }
        for one in depths
    ]
    body: LaneList = {"lanes": lanes}
    return Answer(status=200, body=body)


def pause_lane(request: Request) -> Answer:
    """Let a lane's jobs wait."""
    return _told(lane_control.pause(request.name("name"), by=request.who, parts=request.parts))


def resume_lane(request: Request) -> Answer:
    """Let them run."""
    return _told(lane_control.resume(request.name("name"), by=request.who, parts=request.parts))


def _told(control: Control) -> Answer:
    body: LaneControl = {"lane": control.lane, "paused": _pause(control)}
    return Answer(status=200, body=body)


def _pause(control: Control | None) -> Pause | None:
    if control is None or not control.paused or control.since is None:
        return None
    return {"since": rfc3339(control.since), "by": control.by}

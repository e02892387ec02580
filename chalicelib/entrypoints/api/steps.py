"""The steps of a job that are recorded: which, when, by which attempt. What they came to is not told: it is the job's own."""

from typing import Annotated, TypedDict

from msgspec import Meta

from chalicelib.entrypoints.api.answer import Answer
from chalicelib.entrypoints.api.document import rfc3339
from chalicelib.entrypoints.api.job_shape import Time
from chalicelib.entrypoints.api.request import Request
from chalicelib.entrypoints.api.whose import whose
from chalicelib.pipeline.items import from_ms
from chalicelib.pipeline.query import get
from chalicelib.pipeline.steps import steps_of


class StepDocument(TypedDict):
    """A step that no later attempt does again."""

    name: str
    at: Annotated[Time | None, Meta(description="null: it was recorded before times were")]
    epoch: Annotated[int | None, Meta(description="the epoch of the attempt that recorded it; see history")]
    bytes: Annotated[int, Meta(description="of its result, as JSON")]


class StepList(TypedDict):
    """All of them, the first first."""

    steps: list[StepDocument]


def list_steps(request: Request) -> Answer:
    """Those of the job as it is now: with other arguments it has none of the old ones."""
    job = get(request.name("id"), tenant=whose(request.query.tenant, request), parts=request.parts)
    found = sorted(steps_of(job, request.parts), key=lambda one: (one.at or from_ms(0), one.name))
    steps: list[StepDocument] = [
        {
            "name": one.name,
            "at": None if one.at is None else rfc3339(one.at),
            "epoch": one.epoch,
            "bytes": one.size,
        }
        for one in found
    ]
    return Answer(status=200, body=StepList(steps=steps))

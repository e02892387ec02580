"""A job as callers ask for it: the body of POST /jobs, and each entry of a batch."""

from datetime import timedelta
from typing import Annotated, Any

import msgspec
from msgspec import Meta

from chalicelib.domain.errors import MAX_DELAY, InvalidInput
from chalicelib.entrypoints.api.reading import Moment, moment
from chalicelib.lanes import LANES
from chalicelib.pipeline.built_in import WORKFLOW
from chalicelib.pipeline.check_how import MAX_KEY_CHARS, MAX_TAG_CHARS, MAX_TAGS
from chalicelib.pipeline.enqueue import JobRequest
from chalicelib.pipeline.task import MAX_ATTEMPTS, Submission
from chalicelib.pipeline.topics import MOMENTS

Tag = Annotated[str, Meta(min_length=1, max_length=MAX_TAG_CHARS)]
Lane = Annotated[str, Meta(extra_json_schema={"enum": [*LANES]})]
Delay = Annotated[float, Meta(ge=0, le=MAX_DELAY.total_seconds())]
Told = Annotated[str, Meta(extra_json_schema={"enum": [*MOMENTS]})]
Life = Annotated[float, Meta(gt=0, le=(MAX_DELAY + timedelta(days=1)).total_seconds())]


class NewJob(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """A job to be run: which task, with which arguments, when and how."""

    task: Annotated[str, Meta(description="the task's name; GET /tasks lists them")]
    args: Annotated[dict[str, Any], Meta(description="the task's arguments by name")] = {}
    delay: Annotated[Delay | None, Meta(description="seconds from now; give delay or at, not both")] = None
    at: Annotated[Moment | None, Meta(description="when to run it; give delay or at, not both")] = None
    expires: Annotated[
        Life | None, Meta(description="seconds from now after which it is not started any more")
    ] = None
    lane: Annotated[Lane | None, Meta(description="the task's own by default")] = None
    max_attempts: Annotated[
        Annotated[int, Meta(ge=1, le=MAX_ATTEMPTS)] | None, Meta(description="the task's own by default")
    ] = None
    tags: Annotated[
        list[Tag], Meta(max_length=MAX_TAGS, description="words to find it by: GET /jobs?tag=")
    ] = []
    group: Annotated[
        Annotated[str, Meta(min_length=1, max_length=MAX_KEY_CHARS)] | None,
        Meta(description="of a task with ordered groups: which one, in the stead of its key's arguments"),
    ] = None
    events: Annotated[
        list[Told] | None,
        Meta(
            description="which of its moments are published, as events of the topics `job.<moment>`; the task's own by default"
        ),
    ] = None
    webhook: Annotated[
        str | None,
        Meta(description="the id of the endpoint that is told how it ends; the task's own by default"),
    ] = None


class NewBatchJob(NewJob, kw_only=True, forbid_unknown_fields=True):
    """A job to be run, in a batch."""

    idempotency_key: Annotated[
        str | None, Meta(description="what the Idempotency-Key header is to POST /jobs")
    ] = None


def job_request(new: NewJob, *, tenant: str, key: str | None) -> JobRequest:
    """The verb's request. The tenant is the caller's, whatever the body says. Raises `InvalidInput`."""
    if new.task == WORKFLOW.name:
        raise InvalidInput("task", "workflows are submitted to /workflows")
    how = Submission(
        delay=None if new.delay is None else timedelta(seconds=new.delay),
        at=moment(new.at, "at"),
        expires=None if new.expires is None else timedelta(seconds=new.expires),
        lane=new.lane,
        max_attempts=new.max_attempts,
        tags=tuple(new.tags),
        tenant=tenant,
        key=key,
        webhook=new.webhook,
        group=new.group,
        events=None if new.events is None else tuple(new.events),
    )
    return JobRequest(task=new.task, args=new.args, how=how)

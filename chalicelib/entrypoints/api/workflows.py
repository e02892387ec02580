"""Workflows: submit, cancel, retry, submit again from a step. What they look like is in `workflow_views`."""

from datetime import timedelta
from typing import Annotated, Any

import msgspec
from msgspec import Meta

from chalicelib.domain.job import State
from chalicelib.entrypoints.api.answer import Answer
from chalicelib.entrypoints.api.document import brief
from chalicelib.entrypoints.api.headers import idempotency_key
from chalicelib.entrypoints.api.jobs import accepted
from chalicelib.entrypoints.api.reading import Moment, moment
from chalicelib.entrypoints.api.receipts import CancelledJob, receipt_document
from chalicelib.entrypoints.api.request import Request
from chalicelib.entrypoints.api.submission import Delay, Lane, Life, Tag, Told
from chalicelib.entrypoints.api.workflow_schema import NODE
from chalicelib.pipeline.built_in import WORKFLOW
from chalicelib.pipeline.cancel import cancel_seen
from chalicelib.pipeline.check_how import MAX_TAGS
from chalicelib.pipeline.enqueue import JobRequest
from chalicelib.pipeline.receipt import receipt
from chalicelib.pipeline.redrive import redrive
from chalicelib.pipeline.task import Submission
from chalicelib.pipeline.workflows.found import find_workflow
from chalicelib.pipeline.workflows.reading import MAX_NODES
from chalicelib.pipeline.workflows.resubmit import from_step


class NewWorkflow(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """A workflow to be run: its tree, and when and how, as for a job. What its steps say is theirs alone."""

    workflow: Annotated[dict[str, Any], Meta(extra_json_schema={"allOf": [NODE]})]
    delay: Annotated[Delay | None, Meta(description="seconds from now; give delay or at, not both")] = None
    at: Annotated[Moment | None, Meta(description="when to run it; give delay or at, not both")] = None
    expires: Annotated[
        Life | None, Meta(description="seconds from now after which it is not started any more")
    ] = None
    lane: Annotated[
        Lane | None, Meta(description="of the workflow's own work; its steps have their tasks'")
    ] = None
    tags: Annotated[
        list[Tag], Meta(max_length=MAX_TAGS, description="words to find it by: GET /jobs?tag=")
    ] = []
    on_success: Annotated[str | None, Meta(description="the task that follows its success")] = None
    on_failure: Annotated[str | None, Meta(description="the task that follows its death")] = None
    events: Annotated[
        list[Told] | None,
        Meta(description="which of its moments are published, as events of the topics `job.<moment>`"),
    ] = None
    webhook: Annotated[str | None, Meta(description="the id of the endpoint that is told how it ends")] = None


class Resubmission(msgspec.Struct, kw_only=True, forbid_unknown_fields=True, rename={"step": "from"}):
    """From which step of the chain on."""

    step: Annotated[
        int,
        Meta(
            ge=0,
            lt=MAX_NODES,
            description="the first step that is run anew, counted from 0; it gets what the one before it came to",
        ),
    ]


def submit_workflow(request: Request) -> Answer:
    """Accept a workflow: 202 with its job document, or 200 if it has ended by the time of the answer."""
    new: NewWorkflow = request.body
    how = Submission(
        delay=None if new.delay is None else timedelta(seconds=new.delay),
        at=moment(new.at, "at"),
        expires=None if new.expires is None else timedelta(seconds=new.expires),
        lane=new.lane,
        tags=tuple(new.tags),
        tenant=request.tenant,
        key=idempotency_key(request.header("Idempotency-Key")),
        on_success=new.on_success,
        on_failure=new.on_failure,
        webhook=new.webhook,
        events=None if new.events is None else tuple(new.events),
    )
    wanted = JobRequest(task=WORKFLOW.name, args={"workflow": new.workflow}, how=how)
    return accepted(wanted, request, shelf="workflows")


def cancel_workflow(request: Request) -> Answer:
    """Cancel it: children that run go on to their end, those that have not started do not start."""
    found = find_workflow(request.name("id"), tenant=request.tenant, parts=request.parts)
    before, job = cancel_seen(found.id, tenant=request.tenant, parts=request.parts, who=request.who)
    shown = receipt_document(receipt(before, job, parts=request.parts))
    body: CancelledJob = {**brief(job, request.parts), "receipt": shown}
    return Answer(status=202 if job.state is State.RUNNING else 200, body=body)


def retry_workflow(request: Request) -> Answer:
    """Give a dead one another life, in which only that is done which has not succeeded."""
    found = find_workflow(request.name("id"), tenant=request.tenant, parts=request.parts)
    job = redrive(found.id, tenant=request.tenant, parts=request.parts, who=request.who)
    where = {"Location": f"{request.raw.prefix}/workflows/{job.id}"}
    return Answer(status=202, body=brief(job, request.parts), headers=where)


def resubmit_workflow(request: Request) -> Answer:
    """A new workflow: the chain from a step on, which gets what the step before it came to in the old one."""
    wish: Resubmission = request.body
    found = find_workflow(request.name("id"), tenant=request.tenant, parts=request.parts)
    key = idempotency_key(request.header("Idempotency-Key"))
    return accepted(from_step(found, wish.step, key=key, parts=request.parts), request, shelf="workflows")

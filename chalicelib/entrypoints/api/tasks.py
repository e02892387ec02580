"""The tasks that jobs can ask for, with their schemas."""

import inspect
from typing import Annotated, Any, Literal, TypedDict

from msgspec import Meta

from chalicelib.domain.errors import NotFound
from chalicelib.entrypoints.api.answer import Answer
from chalicelib.entrypoints.api.request import Request
from chalicelib.entrypoints.api.task_flow import FlowDocument, flow_document
from chalicelib.pipeline.task import Task

Seconds = Annotated[float, Meta(description="seconds")]


class BackoffDocument(TypedDict):
    """After attempt n the wait is a random share of the smaller of `base` × 2^(n-1) and `cap`."""

    base: Seconds
    cap: Seconds


class TaskDocument(TypedDict):
    """A task: how its jobs are run unless they say otherwise, and what they take and give."""

    name: str
    description: Annotated[str, Meta(description="the function's docstring")]
    runs_on: Annotated[Literal["thread", "loop", "process"], Meta(description="def, async def, or cpu=True")]
    lane: str
    max_attempts: int
    backoff: BackoffDocument
    time_limit: Annotated[Seconds | None, Meta(description="null: what is left of the invocation")]
    soft_time_limit: Seconds | None
    keep: Annotated[Seconds, Meta(description="how long a finished job can be asked for")]
    expires: Annotated[
        Seconds | None, Meta(description="how long after acceptance a job may still be started")
    ]
    on_success: Annotated[str | None, Meta(description="the task that follows a success")]
    on_failure: Annotated[str | None, Meta(description="the task that follows a death")]
    flow: FlowDocument
    batch: Annotated[bool, Meta(description="many jobs run in one call")]
    topics: Annotated[list[str], Meta(description="it runs once for each event of these")]
    events: Annotated[list[str], Meta(description="moments of its jobs that are published")]
    webhook: Annotated[str | None, Meta(description="the endpoint that is told how its jobs end")]
    args: Annotated[dict[str, Any], Meta(description="JSON schema of the arguments")]
    result: Annotated[dict[str, Any], Meta(description="JSON schema of the result")]


class TaskList(TypedDict):
    """All tasks, by name."""

    tasks: list[TaskDocument]


def list_tasks(request: Request) -> Answer:
    """All tasks."""
    body: TaskList = {"tasks": [_document(task) for task in request.parts.registry]}
    return Answer(status=200, body=body)


def show_task(request: Request) -> Answer:
    """One task."""
    name = request.name("name")
    if name not in request.parts.registry:
        raise NotFound(f"there is no task {name[:100]!r}")
    return Answer(status=200, body=_document(request.parts.registry[name]))


def _document(task: Task[Any, Any]) -> TaskDocument:
    options = task.options
    return {
        "name": task.name,
        "description": inspect.getdoc(task.function) or "",
        "runs_on": task.kind.value,
        "lane": options.lane,
        "max_attempts": options.max_attempts,
        "backoff": {"base": options.backoff.base.total_seconds(), "cap": options.backoff.cap.total_seconds()},
        "time_limit": None if options.time_limit is None else options.time_limit.total_seconds(),
        "soft_time_limit": None
        if options.soft_time_limit is None
        else options.soft_time_limit.total_seconds(),
        "keep": options.keep.total_seconds(),
        "expires": None if options.expires is None else options.expires.total_seconds(),
        "on_success": options.on_success,
        "on_failure": options.on_failure,
        "flow": flow_document(options),
        "batch": options.batch,
        "topics": list(options.topics),
        "events": list(options.events or ()),
        "webhook": options.webhook,
        "args": dict(task.signature.schema),
        "result": dict(task.signature.result_schema),
    }

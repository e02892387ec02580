"""The routes. This table is the API: what is not in it does not exist."""

from collections import defaultdict
from collections.abc import Mapping
from typing import Any

from chalicelib.entrypoints.api.batch import Batch, BatchAnswer, submit_batch
from chalicelib.entrypoints.api.dead import (
    DeadGroups,
    DeadPageDocument,
    DeadQuery,
    Redrive,
    RedriveAnswer,
    list_dead,
    list_groups,
    redrive_by_filter,
)
from chalicelib.entrypoints.api.health import Health, health
from chalicelib.entrypoints.api.job_shape import JobDocument
from chalicelib.entrypoints.api.jobs import (
    JobPage,
    JobsQuery,
    Retry,
    cancel_job,
    list_jobs,
    retry_job,
    show_job,
    submit_job,
)
from chalicelib.entrypoints.api.receipts import Cancel, CancelAnswer, CancelledJob, cancel_by_filter
from chalicelib.entrypoints.api.reference import show_docs, show_openapi
from chalicelib.entrypoints.api.refusals import MethodNotAllowed, NoSuchRoute
from chalicelib.entrypoints.api.route import Reply, Route
from chalicelib.entrypoints.api.routes_lanes import LANE_ROUTES
from chalicelib.entrypoints.api.routes_releases import RELEASE_ROUTES
from chalicelib.entrypoints.api.routes_schedules import SCHEDULE_ROUTES
from chalicelib.entrypoints.api.routes_tenants import TENANT_ROUTES
from chalicelib.entrypoints.api.routes_topics import TOPIC_ROUTES
from chalicelib.entrypoints.api.routes_webhooks import WEBHOOK_ROUTES
from chalicelib.entrypoints.api.submission import NewJob
from chalicelib.entrypoints.api.tasks import TaskDocument, TaskList, list_tasks, show_task

_LOCATION = {"Location": "where the job can be asked for"}
_MADE = {
    "Jobline-Job": "`existing`: a job that was there answers, the task is unique; `replaced`: the arguments took the place of an "
    "earlier request's, the task is debounced; not there: the job is new"
}
_EXAMPLE = {"task": "count_down", "args": {"steps": 3, "seconds": 0.5}, "tags": ["hello"]}

ROUTES: tuple[Route, ...] = (
    Route(
        method="POST",
        path="/jobs",
        scope="submit",
        handler=submit_job,
        summary="Submit a job",
        body=NewJob,
        example=_EXAMPLE,
        headers={
            "Idempotency-Key": "makes repeating safe: the same key with the same request means the same job, for 24 hours",
            "Prefer": "`wait=N`: wait up to N seconds, at most 25, for the job to end",
        },
        replies={
            202: Reply(
                meaning="It is accepted and will not be lost.",
                shape=JobDocument,
                headers={**_LOCATION, **_MADE},
            ),
            200: Reply(
                meaning="It has ended already: in the time that Prefer gave, or long ago under the same key.",
                shape=JobDocument,
                headers={**_LOCATION, **_MADE, "Preference-Applied": "the wait that was honoured"},
            ),
        },
        problems=(409, 429),
    ),
    Route(
        method="POST",
        path="/jobs/batch",
        scope="submit",
        handler=submit_batch,
        summary="Submit up to 1,000 jobs, each answered for itself",
        body=Batch,
        example={"jobs": [_EXAMPLE, {**_EXAMPLE, "delay": 60, "idempotency_key": "order-17"}]},
        replies={200: Reply(meaning="What became of each, in order.", shape=BatchAnswer)},
    ),
    Route(
        method="GET",
        path="/jobs",
        scope="read",
        handler=list_jobs,
        summary="List jobs, newest first",
        query=JobsQuery,
        replies={200: Reply(meaning="A page of jobs.", shape=JobPage)},
    ),
    Route(
        method="GET",
        path="/jobs/{id}",
        scope="read",
        handler=show_job,
        summary="Ask what became of a job",
        replies={200: Reply(meaning="The job.", shape=JobDocument)},
    ),
    Route(
        method="POST",
        path="/jobs/{id}/cancel",
        scope="operate",
        handler=cancel_job,
        summary="Cancel a job",
        replies={
            200: Reply(
                meaning="It does not run: this is what it is now, cancelled or ended before.",
                shape=CancelledJob,
            ),
            202: Reply(meaning="It runs and has been asked to stop.", shape=CancelledJob),
        },
    ),
    Route(
        method="POST",
        path="/jobs/cancel",
        scope="operate",
        handler=cancel_by_filter,
        summary="Cancel the unfinished jobs that a filter takes",
        body=Cancel,
        example={"task": "count_down", "state": "QUEUED", "limit": 100, "dry_run": True},
        replies={
            200: Reply(
                meaning="What became of each, or with a dry run which it would be.", shape=CancelAnswer
            )
        },
    ),
    Route(
        method="POST",
        path="/jobs/{id}/retry",
        scope="operate",
        handler=retry_job,
        summary="Give a dead job another life, with other arguments if need be",
        body=Retry,
        example={"patch": [{"op": "replace", "path": "/steps", "value": 1}]},
        replies={202: Reply(meaning="It is queued again.", shape=JobDocument, headers=_LOCATION)},
        problems=(409,),
    ),
    Route(
        method="GET",
        path="/dead",
        scope="read",
        handler=list_dead,
        summary="List dead jobs",
        query=DeadQuery,
        replies={200: Reply(meaning="A page of dead jobs.", shape=DeadPageDocument)},
    ),
    Route(
        method="GET",
        path="/dead/groups",
        scope="read",
        handler=list_groups,
        summary="See what the dead jobs have in common",
        replies={200: Reply(meaning="The groups, the largest first.", shape=DeadGroups)},
    ),
    Route(
        method="POST",
        path="/dead/redrive",
        scope="operate",
        handler=redrive_by_filter,
        summary="Give the dead jobs that a filter takes another life",
        body=Redrive,
        example={"task": "count_down", "limit": 100, "dry_run": True},
        replies={200: Reply(meaning="What became of each, or with a dry run would.", shape=RedriveAnswer)},
    ),
    *RELEASE_ROUTES,
    Route(
        method="GET",
        path="/tasks",
        scope="read",
        handler=list_tasks,
        summary="List the tasks with their schemas",
        replies={200: Reply(meaning="The tasks by name.", shape=TaskList)},
    ),
    Route(
        method="GET",
        path="/tasks/{name}",
        scope="read",
        handler=show_task,
        summary="Show a task with its schemas",
        replies={200: Reply(meaning="The task.", shape=TaskDocument)},
    ),
    *LANE_ROUTES,
    *TENANT_ROUTES,
    *TOPIC_ROUTES,
    *SCHEDULE_ROUTES,
    *WEBHOOK_ROUTES,
    Route(
        method="GET",
        path="/health",
        scope=None,
        handler=health,
        summary="Is this stage well?",
        replies={200: Reply(meaning="The table and the queues answer.", shape=Health)},
    ),
    Route(
        method="GET",
        path="/openapi.json",
        scope=None,
        handler=show_openapi,
        summary="This API in OpenAPI 3.1; with a key, the tasks' schemas too",
        replies={200: Reply(meaning="The document.", shape=dict[str, Any])},
    ),
    Route(
        method="GET",
        path="/docs",
        scope=None,
        handler=show_docs,
        summary="This API for people",
        replies={200: Reply(meaning="The page.", content_type="text/html")},
    ),
)

METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")
"""All methods are registered for every path, so that the ones a path does not take get our 405 on API Gateway as well."""


def _by_path() -> Mapping[str, Mapping[str, Route]]:
    found: dict[str, dict[str, Route]] = defaultdict(dict)
    for route in ROUTES:
        assert route.method not in found[route.path], f"{route.method} {route.path} is declared twice"
        found[route.path][route.method] = route
    return dict(found)


PATHS: Mapping[str, Mapping[str, Route]] = _by_path()


def allowed(path: str) -> tuple[str, ...]:
    """The methods that a path takes. Raises `NoSuchRoute`."""
    if path not in PATHS:
        raise NoSuchRoute("no route has this path")
    methods = {*PATHS[path], "OPTIONS"} | ({"HEAD"} if "GET" in PATHS[path] else set())
    return tuple(method for method in METHODS if method in methods)


def find(method: str, path: str) -> Route:
    """The route; HEAD is answered as GET is. Raises `NoSuchRoute`, `MethodNotAllowed`."""
    allow = allowed(path)
    wanted = "GET" if method == "HEAD" else method
    if method not in allow or wanted not in PATHS[path]:
        raise MethodNotAllowed(method, path, allow)
    return PATHS[path][wanted]

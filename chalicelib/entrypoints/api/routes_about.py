"""The routes that tell what there is: tasks, the stage's health, the API itself."""

from typing import Any

from chalicelib.entrypoints.api.health import Health, health
from chalicelib.entrypoints.api.me import KeyDocument, show_me
from chalicelib.entrypoints.api.reference import show_docs, show_openapi
from chalicelib.entrypoints.api.route import Reply, Route
from chalicelib.entrypoints.api.tasks import TaskDocument, TaskList, list_tasks, show_task

ABOUT_ROUTES: tuple[Route, ...] = (
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
    Route(
        method="GET",
        path="/me",
        scope="read",
        handler=show_me,
        summary="See what your API key may do",
        replies={200: Reply(meaning="The key, without its secret.", shape=KeyDocument)},
    ),
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

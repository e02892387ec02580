"""The routes of dead jobs."""

from chalicelib.entrypoints.api.dead import (
    DeadGroups,
    DeadPageDocument,
    DeadQuery,
    GroupsQuery,
    Redrive,
    RedriveAnswer,
    list_dead,
    list_groups,
    redrive_by_filter,
)
from chalicelib.entrypoints.api.route import Reply, Route

DEAD_ROUTES: tuple[Route, ...] = (
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
        query=GroupsQuery,
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
)

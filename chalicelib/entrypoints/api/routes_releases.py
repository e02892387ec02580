"""The routes of releases."""

from chalicelib.entrypoints.api.releases import (
    NewRelease,
    ReleaseDocument,
    ReleaseList,
    ReleasePreview,
    Turn,
    create_release,
    list_releases,
    pause_release,
    resume_release,
    show_release,
    stop_release,
)
from chalicelib.entrypoints.api.route import Reply, Route

_AS_IT_IS = {200: Reply(meaning="The release as it is now.", shape=ReleaseDocument)}

RELEASE_ROUTES: tuple[Route, ...] = (
    Route(
        method="POST",
        path="/dead/releases",
        scope="operate",
        handler=create_release,
        summary="Give dead jobs another life step by step: one, ten, then all at a rate",
        body=NewRelease,
        example={
            "task": "count_down",
            "rate": 60,
            "stop_at": 20,
            "patch": [{"op": "replace", "path": "/seconds", "value": 0.1}],
            "dry_run": True,
        },
        replies={
            200: Reply(meaning="What it would do: this was a dry run.", shape=ReleasePreview),
            201: Reply(
                meaning="It has begun; the first job is redriven within a minute.",
                shape=ReleaseDocument,
                headers={"Location": "where it can be asked for"},
            ),
        },
        problems=(404,),
    ),
    Route(
        method="GET",
        path="/dead/releases",
        scope="read",
        handler=list_releases,
        summary="List releases, newest first",
        replies={200: Reply(meaning="The last fifty.", shape=ReleaseList)},
    ),
    Route(
        method="GET",
        path="/dead/releases/{id}",
        scope="read",
        handler=show_release,
        summary="See how far a release is",
        replies=_AS_IT_IS,
    ),
    Route(
        method="POST",
        path="/dead/releases/{id}/pause",
        scope="operate",
        handler=pause_release,
        summary="Pause a release",
        body=Turn,
        example={"why": "looking at the first ones"},
        replies=_AS_IT_IS,
        problems=(409,),
    ),
    Route(
        method="POST",
        path="/dead/releases/{id}/resume",
        scope="operate",
        handler=resume_release,
        summary="Go on with a paused release",
        body=Turn,
        example={},
        replies=_AS_IT_IS,
        problems=(409,),
    ),
    Route(
        method="POST",
        path="/dead/releases/{id}/stop",
        scope="operate",
        handler=stop_release,
        summary="Stop a release for good",
        body=Turn,
        example={"why": "it is not mended yet"},
        replies=_AS_IT_IS,
        problems=(409,),
    ),
)

"""The routes of the dashboard."""

from chalicelib.entrypoints.api.dashboard import show_dashboard, show_dashboard_file
from chalicelib.entrypoints.api.route import Reply, Route

_TAG = {"ETag": "of what is in it"}
_KNOWN = {"If-None-Match": "the ETag that you have"}
_SAME = Reply(meaning="It is what you have.", headers=_TAG)

DASHBOARD_ROUTES: tuple[Route, ...] = (
    Route(
        method="GET",
        path="/dashboard",
        scope=None,
        handler=show_dashboard,
        summary="The dashboard, for people",
        headers=_KNOWN,
        replies={200: Reply(meaning="The page.", content_type="text/html", headers=_TAG), 304: _SAME},
    ),
    Route(
        method="GET",
        path="/dashboard/{file}",
        scope=None,
        handler=show_dashboard_file,
        summary="A script or the style sheet of the dashboard",
        headers=_KNOWN,
        replies={
            200: Reply(meaning="The file.", content_type="text/javascript", headers=_TAG),
            304: _SAME,
        },
    ),
)

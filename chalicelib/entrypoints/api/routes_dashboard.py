"""The routes of the dashboard."""

from chalicelib.entrypoints.api.dashboard import show_dashboard, show_dashboard_file
from chalicelib.entrypoints.api.route import Reply, Route

DASHBOARD_ROUTES: tuple[Route, ...] = (
    Route(
        method="GET",
        path="/dashboard",
        scope=None,
        handler=show_dashboard,
        summary="The dashboard, for people",
        replies={200: Reply(meaning="The page.", content_type="text/html")},
    ),
    Route(
        method="GET",
        path="/dashboard/{file}",
        scope=None,
        handler=show_dashboard_file,
        summary="A script or the style sheet of the dashboard",
        replies={200: Reply(meaning="The file.", content_type="text/javascript")},
    ),
)

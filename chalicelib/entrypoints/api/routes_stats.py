"""The route of statistics."""

from chalicelib.entrypoints.api.route import Reply, Route
from chalicelib.entrypoints.api.stats import StatsQuery, show_stats
from chalicelib.entrypoints.api.stats_shape import StatsDocument

STATS_ROUTES: tuple[Route, ...] = (
    Route(
        method="GET",
        path="/stats",
        scope="read",
        handler=show_stats,
        summary="See what jobs came to: outcomes, wait and run times, cost, in steps of time",
        query=StatsQuery,
        replies={200: Reply(meaning="The figures, approximate.", shape=StatsDocument)},
    ),
)

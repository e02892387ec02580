"""The route of costs."""

from chalicelib.entrypoints.api.costs import CostsDocument, CostsQuery, show_costs
from chalicelib.entrypoints.api.route import Reply, Route

COST_ROUTES: tuple[Route, ...] = (
    Route(
        method="GET",
        path="/costs",
        scope="read",
        handler=show_costs,
        summary="See what jobs cost, and what the consumers were billed for them: by day, task and tenant",
        query=CostsQuery,
        replies={200: Reply(meaning="Dollars by list prices, approximate.", shape=CostsDocument)},
    ),
)

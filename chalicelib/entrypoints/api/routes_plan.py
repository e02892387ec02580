"""The route of plans."""

from chalicelib.entrypoints.api.plan import PlanDocument, PlanQuery, show_plan
from chalicelib.entrypoints.api.route import Reply, Route

PLAN_ROUTES: tuple[Route, ...] = (
    Route(
        method="GET",
        path="/tasks/{name}/plan",
        scope="read",
        handler=show_plan,
        summary="See what so many jobs of a task would cost and when they would be done, by its history",
        query=PlanQuery,
        replies={200: Reply(meaning="A model, with what it takes for granted.", shape=PlanDocument)},
    ),
)

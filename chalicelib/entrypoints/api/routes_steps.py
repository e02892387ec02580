"""The route of jobs' steps."""

from chalicelib.entrypoints.api.jobs import JobQuery
from chalicelib.entrypoints.api.route import Reply, Route
from chalicelib.entrypoints.api.steps import StepList, list_steps

STEP_ROUTES: tuple[Route, ...] = (
    Route(
        method="GET",
        path="/jobs/{id}/steps",
        scope="read",
        handler=list_steps,
        summary="See which steps of a job are done, when, and by which attempt",
        query=JobQuery,
        replies={200: Reply(meaning="The steps; none for a job that uses none.", shape=StepList)},
    ),
)

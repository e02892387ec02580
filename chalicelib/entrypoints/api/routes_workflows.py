"""The routes of workflows."""

from chalicelib.entrypoints.api.job_shape import JobDocument
from chalicelib.entrypoints.api.receipts import CancelledJob
from chalicelib.entrypoints.api.route import Reply, Route
from chalicelib.entrypoints.api.workflow_schema import EXAMPLES
from chalicelib.entrypoints.api.workflow_shape import ChildPage, GraphDocument, ResultPage, WorkflowDocument
from chalicelib.entrypoints.api.workflow_views import (
    MERMAID,
    ChildrenQuery,
    GraphQuery,
    ResultsQuery,
    list_children,
    list_results,
    show_graph,
    show_workflow,
)
from chalicelib.entrypoints.api.workflows import (
    NewWorkflow,
    Resubmission,
    cancel_workflow,
    resubmit_workflow,
    retry_workflow,
    submit_workflow,
)

_LOCATION = {"Location": "where the workflow can be asked for"}
_KEY = {
    "Idempotency-Key": "makes repeating safe: the same key with the same request means the same workflow, for 24 hours",
    "Prefer": "`wait=N`: wait up to N seconds, at most 25, for it to end",
}
_MADE = {"Jobline-Job": "`existing`: the key's workflow was there already; not there: it is new"}
_ACCEPTED = {
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
}

WORKFLOW_ROUTES: tuple[Route, ...] = (
    Route(
        method="POST",
        path="/workflows",
        scope="submit",
        handler=submit_workflow,
        summary="Submit a workflow: jobs one after the other, side by side, or one for each item",
        body=NewWorkflow,
        example={"workflow": EXAMPLES["WorkflowChain"], "tags": ["hello"]},
        headers=_KEY,
        replies=_ACCEPTED,
        problems=(409, 429),
    ),
    Route(
        method="GET",
        path="/workflows/{id}",
        scope="read",
        handler=show_workflow,
        summary="Show a workflow: its tree, and how far each part of it is",
        replies={200: Reply(meaning="The workflow as it is.", shape=WorkflowDocument)},
        problems=(409,),
    ),
    Route(
        method="GET",
        path="/workflows/{id}/children",
        scope="read",
        handler=list_children,
        summary="List a workflow's children, all or those in one state",
        query=ChildrenQuery,
        replies={200: Reply(meaning="A page of them.", shape=ChildPage)},
        problems=(409,),
    ),
    Route(
        method="GET",
        path="/workflows/{id}/results",
        scope="read",
        handler=list_results,
        summary="List the results of a group or a map, however many they are",
        query=ResultsQuery,
        replies={200: Reply(meaning="A page of them.", shape=ResultPage)},
        problems=(409,),
    ),
    Route(
        method="GET",
        path="/workflows/{id}/graph",
        scope="read",
        handler=show_graph,
        summary="Draw a workflow: boxes and arrows, or the text of a Mermaid flowchart",
        query=GraphQuery,
        headers={"Accept": "`text/vnd.mermaid` or `text/plain`: as `format=mermaid`"},
        replies={200: Reply(meaning="The picture.", shape=GraphDocument, texts=(MERMAID,))},
        problems=(409,),
    ),
    Route(
        method="POST",
        path="/workflows/{id}/cancel",
        scope="operate",
        handler=cancel_workflow,
        summary="Cancel a workflow: what runs goes on to its end, what has not started does not start",
        replies={
            200: Reply(meaning="It is cancelled, or had ended.", shape=CancelledJob),
            202: Reply(meaning="It is at work itself at this moment, and stops.", shape=CancelledJob),
        },
    ),
    Route(
        method="POST",
        path="/workflows/{id}/retry",
        scope="operate",
        handler=retry_workflow,
        summary="Give a dead workflow another life, in which only that is done which has not succeeded",
        replies={202: Reply(meaning="It goes on.", shape=JobDocument, headers=_LOCATION)},
        problems=(409,),
    ),
    Route(
        method="POST",
        path="/workflows/{id}/resubmit",
        scope="operate",
        handler=resubmit_workflow,
        summary="Submit a chain that has ended again, from one of its steps on",
        body=Resubmission,
        example={"from": 1},
        headers=_KEY,
        replies=_ACCEPTED,
        problems=(409, 429),
    ),
)

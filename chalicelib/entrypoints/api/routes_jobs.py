"""The routes of jobs: what most requests ask for."""

from chalicelib.entrypoints.api.batch import Batch, BatchAnswer, submit_batch
from chalicelib.entrypoints.api.job_shape import JobDocument
from chalicelib.entrypoints.api.jobs import (
    JobPage,
    JobQuery,
    JobsQuery,
    Retry,
    cancel_job,
    list_jobs,
    retry_job,
    show_job,
    submit_job,
)
from chalicelib.entrypoints.api.receipts import Cancel, CancelAnswer, CancelledJob, cancel_by_filter
from chalicelib.entrypoints.api.route import Reply, Route
from chalicelib.entrypoints.api.submission import NewJob

_LOCATION = {"Location": "where the job can be asked for"}
_MADE = {
    "Jobline-Job": "`existing`: a job that was there answers, the task is unique; `replaced`: the arguments took the place of an "
    "earlier request's, the task is debounced; not there: the job is new"
}
_EXAMPLE = {"task": "count_down", "args": {"steps": 3, "seconds": 0.5}, "tags": ["hello"]}

JOB_ROUTES: tuple[Route, ...] = (
    Route(
        method="POST",
        path="/jobs",
        scope="submit",
        handler=submit_job,
        summary="Submit a job",
        body=NewJob,
        example=_EXAMPLE,
        headers={
            "Idempotency-Key": "makes repeating safe: the same key with the same request means the same job, for 24 hours",
            "Prefer": "`wait=N`: wait up to N seconds, at most 25, for the job to end",
        },
        replies={
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
        },
        problems=(409, 429),
    ),
    Route(
        method="POST",
        path="/jobs/batch",
        scope="submit",
        handler=submit_batch,
        summary="Submit up to 1,000 jobs, each answered for itself",
        body=Batch,
        example={"jobs": [_EXAMPLE, {**_EXAMPLE, "delay": 60, "idempotency_key": "order-17"}]},
        replies={200: Reply(meaning="What became of each, in order.", shape=BatchAnswer)},
    ),
    Route(
        method="GET",
        path="/jobs",
        scope="read",
        handler=list_jobs,
        summary="List jobs, newest first",
        query=JobsQuery,
        replies={200: Reply(meaning="A page of jobs.", shape=JobPage)},
    ),
    Route(
        method="GET",
        path="/jobs/{id}",
        scope="read",
        handler=show_job,
        summary="Ask what became of a job",
        query=JobQuery,
        replies={200: Reply(meaning="The job.", shape=JobDocument)},
    ),
    Route(
        method="POST",
        path="/jobs/{id}/cancel",
        scope="operate",
        handler=cancel_job,
        summary="Cancel a job",
        replies={
            200: Reply(
                meaning="It does not run: this is what it is now, cancelled or ended before.",
                shape=CancelledJob,
            ),
            202: Reply(meaning="It runs and has been asked to stop.", shape=CancelledJob),
        },
    ),
    Route(
        method="POST",
        path="/jobs/cancel",
        scope="operate",
        handler=cancel_by_filter,
        summary="Cancel the unfinished jobs that a filter takes",
        body=Cancel,
        example={"task": "count_down", "state": "QUEUED", "limit": 100, "dry_run": True},
        replies={
            200: Reply(
                meaning="What became of each, or with a dry run which it would be.", shape=CancelAnswer
            )
        },
    ),
    Route(
        method="POST",
        path="/jobs/{id}/retry",
        scope="operate",
        handler=retry_job,
        summary="Give a dead job another life, with other arguments if need be",
        body=Retry,
        example={"patch": [{"op": "replace", "path": "/steps", "value": 1}]},
        replies={202: Reply(meaning="It is queued again.", shape=JobDocument, headers=_LOCATION)},
        problems=(409,),
    ),
)

"""Receipts of cancels, and cancelling by filter."""

from typing import Annotated, Literal, TypedDict

import msgspec
from msgspec import Meta

from chalicelib.domain.job import Job, State
from chalicelib.entrypoints.api.answer import Answer
from chalicelib.entrypoints.api.cursor import unwrap, wrap
from chalicelib.entrypoints.api.document import rfc3339
from chalicelib.entrypoints.api.job_shape import JobDocument, StateName, Time
from chalicelib.entrypoints.api.problem import Problem, problem
from chalicelib.entrypoints.api.reading import Moment, moment
from chalicelib.entrypoints.api.request import Request
from chalicelib.pipeline.cancel_many import MOST, cancel_many
from chalicelib.pipeline.query import Search
from chalicelib.pipeline.receipt import Receipt

DEFAULT_LIMIT = 100


class LastProgress(TypedDict):
    """What the task had said of itself."""

    fraction: float | None
    message: str
    at: Time


class ReceiptDocument(TypedDict):
    """What had already happened when the job was cancelled."""

    outcome: Annotated[
        Literal["cancelled", "asked", "too_late"],
        Meta(description="asked: it runs, and has been asked to stop; too_late: it had ended in another way"),
    ]
    state_before: StateName
    attempts: Annotated[int, Meta(description="started by then, since acceptance or the last retry by hand")]
    running_since: Time | None
    progress: Annotated[LastProgress | None, Meta(description="the last that it said of itself")]
    checkpoint: Annotated[bool, Meta(description="whether it had recorded from where to go on")]
    steps: Annotated[list[str], Meta(description="the steps that it had recorded")]
    may_still_succeed: Annotated[
        bool, Meta(description="the attempt may return before it sees the wish: then that wins")
    ]


class CancelledJob(JobDocument):
    """A job that somebody wants cancelled, as it is now, and what had happened by then."""

    receipt: ReceiptDocument


class Cancel(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """Which unfinished jobs are to be cancelled: at least one of task, tag and state. Without `since`, those of the last seven days."""

    task: str | None = None
    tag: str | None = None
    state: State | None = None
    since: Moment | None = None
    until: Moment | None = None
    limit: Annotated[int, Meta(ge=1, le=MOST)] = DEFAULT_LIMIT
    cursor: Annotated[str | None, Meta(description="of the answer before, with the same filters")] = None
    dry_run: Annotated[bool, Meta(description="only say which would be")] = False


class CancelledBrief(TypedDict):
    """A job that was cancelled, or asked to stop."""

    id: str
    task: str
    state: StateName
    receipt: ReceiptDocument


class FoundJob(TypedDict):
    """A job that would be."""

    id: str
    task: str
    state: StateName


class UncancelledJob(TypedDict):
    """A job that could not be cancelled, and why."""

    id: str
    problem: Problem


class CancelAnswer(TypedDict):
    """What became of the jobs that the filter took, the newest first."""

    dry_run: bool
    found: Annotated[list[FoundJob], Meta(description="with a dry run: those that would be cancelled")]
    cancelled: list[CancelledBrief]
    refused: list[UncancelledJob]
    cursor: Annotated[
        str | None,
        Meta(description="ask again with it: there are more to look through; null: these were all"),
    ]


def cancel_by_filter(request: Request) -> Answer:
    """Cancel the unfinished jobs that a filter takes, or say which it would be."""
    wish: Cancel = request.body
    wanted = Search(
        tenant=request.tenant,
        task=wish.task,
        tag=wish.tag,
        state=wish.state,
        since=moment(wish.since, "since"),
        until=moment(wish.until, "until"),
        cursor=unwrap(wish.cursor),
    )
    did = cancel_many(wanted, limit=wish.limit, dry_run=wish.dry_run, parts=request.parts, who=request.who)
    body: CancelAnswer = {
        "dry_run": wish.dry_run,
        "found": [_found(job) for job in did.found],
        "cancelled": [{**_found(job), "receipt": receipt_document(given)} for job, given in did.done],
        "refused": [{"id": job.id, "problem": problem(why, request.id).body} for job, why in did.refused],
        "cursor": wrap(did.cursor),
    }
    return Answer(status=200, body=body)


def receipt_document(given: Receipt) -> ReceiptDocument:
    """The receipt as the API shows it."""
    told = given.progress
    return {
        "outcome": given.outcome.value,
        "state_before": given.before.value,
        "attempts": given.attempts,
        "running_since": None if given.running_since is None else rfc3339(given.running_since),
        "progress": None
        if told is None
        else {"fraction": told.fraction, "message": told.message, "at": rfc3339(told.at)},
        "checkpoint": given.checkpoint,
        "steps": list(given.steps),
        "may_still_succeed": given.may_still_succeed,
    }


def _found(job: Job) -> FoundJob:
    return {"id": job.id, "task": job.task, "state": job.state.value}

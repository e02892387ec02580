"""Jobs: submit, show, list, cancel, retry."""

import logging
from datetime import timedelta
from typing import Annotated, Literal, TypedDict

import msgspec
from msgspec import Meta

from chalicelib.domain.errors import JoblineError
from chalicelib.domain.job import TERMINAL, Job, State
from chalicelib.entrypoints.api.answer import Answer
from chalicelib.entrypoints.api.body import NoBody
from chalicelib.entrypoints.api.cursor import unwrap, wrap
from chalicelib.entrypoints.api.document import brief, whole
from chalicelib.entrypoints.api.headers import idempotency_key, wish_to_wait
from chalicelib.entrypoints.api.job_shape import JobDocument
from chalicelib.entrypoints.api.new_args import Args, Operations, other_args
from chalicelib.entrypoints.api.reading import Moment, moment
from chalicelib.entrypoints.api.receipts import CancelledJob, receipt_document
from chalicelib.entrypoints.api.request import Request
from chalicelib.entrypoints.api.submission import NewJob, job_request
from chalicelib.entrypoints.api.whose import Another, AnotherOrAll, whose, whose_or_all
from chalicelib.pipeline.asked import Made
from chalicelib.pipeline.cancel import cancel_seen
from chalicelib.pipeline.enqueue import JobRequest, submit
from chalicelib.pipeline.query import PAGE, Search, get, search
from chalicelib.pipeline.receipt import receipt
from chalicelib.pipeline.redrive import redrive
from chalicelib.pipeline.wait import wait

log = logging.getLogger(__name__)

DEFAULT_PAGE = 50


class JobsQuery(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """Which jobs. Without `since`, those of the last seven days."""

    state: State | None = None
    task: str | None = None
    tag: str | None = None
    children: Annotated[
        Literal["true", "false"], Meta(description="false: without the jobs that are parts of workflows")
    ] = "true"
    since: Moment | None = None
    until: Moment | None = None
    tenant: AnotherOrAll = None
    limit: Annotated[int, Meta(ge=1, le=PAGE)] = DEFAULT_PAGE
    cursor: Annotated[
        str | None, Meta(description="the cursor of the page before, with the same filters")
    ] = None


class JobQuery(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """Whose job."""

    tenant: Another = None


class JobPage(TypedDict):
    """Jobs, newest first. A page may be short, even empty, and yet carry a cursor: there is more to look through."""

    jobs: list[JobDocument]
    cursor: Annotated[str | None, Meta(description="for the next page; null: this was the last")]


class Retry(NoBody, kw_only=True, forbid_unknown_fields=True):
    """With which arguments; without a body, with those that it has."""

    patch: Operations | None = None
    args: Args | None = None


def submit_job(request: Request) -> Answer:
    """Accept a job: 202 with its document, or 200 if it has ended by the time of the answer."""
    new: NewJob = request.body
    key = idempotency_key(request.header("Idempotency-Key"))
    return accepted(job_request(new, tenant=request.tenant, key=key), request, shelf="jobs")


def accepted(wanted: JobRequest, request: Request, *, shelf: str) -> Answer:
    """Accept what is wanted. `shelf`: where it can be asked for."""
    limit = wish_to_wait(request.header("Prefer"))
    submitted = submit([wanted], parts=request.parts)[0]
    if isinstance(submitted, Exception):
        raise submitted
    answer = submitted.job
    headers = {"Location": f"{request.raw.prefix}/{shelf}/{answer.id}"}
    if submitted.made is not Made.NEW:
        headers["Jobline-Job"] = submitted.made.value
    if limit is None:
        return Answer(status=_status(answer), body=brief(answer, request.parts), headers=headers)
    job = _ended_in_time(answer, limit, request)
    if job.state in TERMINAL:
        headers["Preference-Applied"] = f"wait={limit.total_seconds():.0f}"
        return Answer(status=200, body=whole(job, request.parts), headers=headers)
    return Answer(status=202, body=brief(job, request.parts), headers=headers)


def _status(job: Job) -> int:
    """An old key may bring a job that ended long ago."""
    return 200 if job.state in TERMINAL else 202


def _ended_in_time(job: Job, limit: timedelta, request: Request) -> Job:
    """The job as it is when it has ended or the time is over. It is accepted: nothing that fails here may hide that."""
    left = request.arrived + limit - request.parts.world.now()
    if job.state in TERMINAL or left <= timedelta(0):
        return job
    try:
        return wait(job.id, tenant=job.tenant, limit=left, parts=request.parts)
    except JoblineError as error:
        log.warning("%s: waiting for it ended early: %s", job.label(), error, extra=job.log_fields())
        return job


def show_job(request: Request) -> Answer:
    """One job, whole."""
    parts, query = request.parts, request.query
    job = get(request.name("id"), tenant=whose(query.tenant, request), parts=parts)
    body = whole(job, parts)
    if parts.console is not None:
        from chalicelib.entrypoints.api.links import links  # not for those who submit

        body["links"] = links(job, parts.console, parts.world.now())
    return Answer(status=200, body=body)


def list_jobs(request: Request) -> Answer:
    """A page of jobs."""
    query: JobsQuery = request.query
    wanted = Search(
        tenant=whose_or_all(query.tenant, request),
        state=query.state,
        task=query.task,
        tag=query.tag,
        parts=query.children == "true",
        since=moment(query.since, "since"),
        until=moment(query.until, "until"),
        cursor=unwrap(query.cursor),
        limit=query.limit,
    )
    page = search(wanted, parts=request.parts)
    body: JobPage = {"jobs": [brief(job, request.parts) for job in page.jobs], "cursor": wrap(page.cursor)}
    return Answer(status=200, body=body)


def cancel_job(request: Request) -> Answer:
    """Cancel a job: 200 with what it is now, or 202 when it runs and has been asked to stop."""
    before, job = cancel_seen(request.name("id"), tenant=request.tenant, parts=request.parts, who=request.who)
    shown = receipt_document(receipt(before, job, parts=request.parts))
    body: CancelledJob = {**brief(job, request.parts), "receipt": shown}
    return Answer(status=202 if job.state is State.RUNNING else 200, body=body)


def retry_job(request: Request) -> Answer:
    """Give a dead job another life."""
    wish: Retry = request.body
    other = other_args(wish.args, wish.patch)
    job = redrive(
        request.name("id"), tenant=request.tenant, parts=request.parts, other=other, who=request.who
    )
    return Answer(
        status=202,
        body=brief(job, request.parts),
        headers={"Location": f"{request.raw.prefix}/jobs/{job.id}"},
    )

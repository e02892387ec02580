"""Dead jobs: list them, see what they have in common, give many another life."""

from typing import Annotated, Any, TypedDict

import msgspec
from msgspec import Meta

from chalicelib.domain.job import Reason
from chalicelib.entrypoints.api.answer import Answer
from chalicelib.entrypoints.api.cursor import unwrap, wrap
from chalicelib.entrypoints.api.dead_page import dead_page
from chalicelib.entrypoints.api.document import brief, rfc3339
from chalicelib.entrypoints.api.job_shape import JobDocument, ReasonName, Time
from chalicelib.entrypoints.api.problem import Problem, problem
from chalicelib.entrypoints.api.redrive_many import SCAN, redrive_many
from chalicelib.entrypoints.api.request import Request
from chalicelib.pipeline.dead_list import dead_groups
from chalicelib.pipeline.query import PAGE
from chalicelib.pipeline.redrive import DeadFilter

DEFAULT_PAGE = 50
DEFAULT_REDRIVE = 100
MOST_REDRIVE = 1000


class DeadQuery(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """Which dead jobs."""

    task: str | None = None
    fingerprint: Annotated[str | None, Meta(description="of the error; GET /dead/groups shows them")] = None
    reason: Reason | None = None
    limit: Annotated[int, Meta(ge=1, le=PAGE)] = DEFAULT_PAGE
    cursor: Annotated[
        str | None, Meta(description="the cursor of the page before, with the same filters")
    ] = None


class DeadPageDocument(TypedDict):
    """Dead jobs, in no particular order. A page may be short, even empty, and yet carry a cursor."""

    jobs: list[JobDocument]
    cursor: str | None


class DeadGroupDocument(TypedDict):
    """Dead jobs of one task that died of one cause."""

    fingerprint: str
    task: str
    reason: ReasonName
    error: Annotated[str, Meta(description="the newest one's exception")]
    count: int
    first: Time
    last: Time
    example: Annotated[str, Meta(description="the newest one's id")]


class GroupsQuery(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """Where to go on."""

    cursor: Annotated[str | None, Meta(description="the cursor of the answer before")] = None


class DeadGroups(TypedDict):
    """The groups, the largest first."""

    groups: list[DeadGroupDocument]
    scanned: Annotated[
        int, Meta(description="the groups are those of at most this many dead jobs of all tenants")
    ]
    cursor: Annotated[
        str | None, Meta(description="there are more dead jobs to look at; the same cause may come again")
    ]


class Redrive(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """Which dead jobs shall have another life; a filter that is left out takes any."""

    task: str | None = None
    fingerprint: str | None = None
    reason: Reason | None = None
    limit: Annotated[int, Meta(ge=1, le=MOST_REDRIVE)] = DEFAULT_REDRIVE
    cursor: Annotated[
        str | None, Meta(description="the cursor of the answer before, with the same filters")
    ] = None
    dry_run: Annotated[bool, Meta(description="only say which would be")] = False


class RedrivenJob(TypedDict):
    """A job that was, or with a dry run would be, redriven."""

    id: str
    task: str
    error: str | None


class RefusedJob(TypedDict):
    """A job that was not redriven, and why."""

    id: str
    problem: Problem


class RedriveAnswer(TypedDict):
    """What became of the jobs that the filter took."""

    dry_run: bool
    redriven: list[RedrivenJob]
    refused: list[RefusedJob]
    more: Annotated[
        bool, Meta(description="there may be further jobs that the filter takes: ask again, with the cursor")
    ]
    cursor: Annotated[str | None, Meta(description="where to go on; null: where this request began")]


def list_dead(request: Request) -> Answer:
    """A page of dead jobs."""
    query: DeadQuery = request.query
    page = dead_page(
        _filter(query, request), limit=query.limit, after=unwrap(query.cursor), parts=request.parts
    )
    body: DeadPageDocument = {
        "jobs": [brief(job, request.parts) for job in page.jobs],
        "cursor": wrap(page.place),
    }
    return Answer(status=200, body=body)


def list_groups(request: Request) -> Answer:
    """What the dead jobs have in common."""
    query: GroupsQuery = request.query
    found = dead_groups(tenant=request.tenant, scan=SCAN, parts=request.parts, after=unwrap(query.cursor))
    shown: list[Any] = [
        {
            "fingerprint": group.fingerprint,
            "task": group.task,
            "reason": group.reason,
            "error": group.error,
            "count": group.count,
            "first": rfc3339(group.first),
            "last": rfc3339(group.last),
            "example": group.example,
        }
        for group in found.groups
    ]
    body: DeadGroups = {"groups": shown, "scanned": SCAN, "cursor": wrap(found.place)}
    return Answer(status=200, body=body)


def redrive_by_filter(request: Request) -> Answer:
    """Give the dead jobs that a filter takes another life, or say which it would be."""
    wish: Redrive = request.body
    done = redrive_many(
        _filter(wish, request),
        limit=wish.limit,
        dry_run=wish.dry_run,
        parts=request.parts,
        after=unwrap(wish.cursor),
        who=request.who,
    )
    body: RedriveAnswer = {
        "dry_run": wish.dry_run,
        "redriven": [
            {"id": job.id, "task": job.task, "error": None if job.error is None else job.error.type}
            for job in done.redriven
        ],
        "refused": [{"id": job.id, "problem": problem(why, request.id).body} for job, why in done.refused],
        "more": done.more,
        "cursor": wrap(done.place),
    }
    return Answer(status=200, body=body)


def _filter(wish: DeadQuery | Redrive, request: Request) -> DeadFilter:
    return DeadFilter(tenant=request.tenant, task=wish.task, fingerprint=wish.fingerprint, reason=wish.reason)

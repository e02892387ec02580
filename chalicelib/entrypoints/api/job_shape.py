"""The job document's shape: what the API shows of a job, and the schema of that. What is not named here is not shown."""

from typing import Annotated, Any, Literal, NotRequired, TypedDict

from msgspec import Meta

Time = Annotated[
    str, Meta(description="RFC 3339, UTC, milliseconds", extra_json_schema={"format": "date-time"})
]

StateName = Literal[
    "QUEUED",
    "SCHEDULED",
    "RUNNING",
    "RETRYING",
    "WAITING",
    "SUCCEEDED",
    "DEAD",
    "CANCELLED",
    "EXPIRED",
]
ReasonName = Literal["failed", "timed_out", "worker_lost", "undecodable", "payload_missing", "rejected"]


class Elsewhere(TypedDict):
    """A value that lies outside the job's row and is left out of this document: null stands in its place."""

    bytes: int
    sha256: str
    why: Annotated[
        Literal["not_loaded", "too_large", "missing", "sealed"],
        Meta(
            description="not_loaded: GET /jobs/{id} has it; too_large: the answer would not fit; missing: it is gone or damaged; "
            "sealed: GET /jobs/{id} opens it, if the stage's key can be used"
        ),
    ]


class ProgressDocument(TypedDict):
    """What the running task last said of itself."""

    fraction: Annotated[float | None, Meta(description="0 to 1")]
    message: str
    at: Time
    eta: Annotated[
        Time | None,
        Meta(description="when it will be done if it goes on like this; null when that is unknown or over"),
    ]


class ErrorDocument(TypedDict):
    """The last failed attempt's exception. Failures of one cause share a fingerprint."""

    type: str
    message: str
    traceback: str
    fingerprint: str


class EntryDocument(TypedDict):
    """One transition. `by` marks the attempt or the person's request that wrote it."""

    at: Time
    event: str
    epoch: int
    by: str
    note: str


class LinksDocument(TypedDict):
    """Pages of AWS, for people who may sign in there."""

    logs: Annotated[str, Meta(description="CloudWatch Logs Insights with the query of this job's lines")]
    traces: Annotated[str, Meta(description="X-Ray's traces in which this job was run")]


class WorkflowPlace(TypedDict):
    """What a job has to do with workflows. Steps and children are counted from 0, as in `workflow.chain[1]`."""

    of: Annotated[str | None, Meta(description="the workflow that it is part of")]
    place: Annotated[str | None, Meta(description="where in that: `step 1`, `child 17`")]
    children: Annotated[
        int | None,
        Meta(description="how many it has itself, once it has waited for them; null: it is no workflow"),
    ]
    waits_for: Annotated[
        str | None,
        Meta(description="while it is WAITING: `step 1`, or `its children`; GET /workflows/{id} has more"),
    ]


class JobDocument(TypedDict):
    """A job: what was asked for, where it is in its life, and all that became of it."""

    id: str
    task: str
    state: StateName
    lane: str
    tenant: str
    tags: list[str]
    args: Annotated[dict[str, Any] | None, Meta(description="by name; null when args_stored is there")]
    args_stored: NotRequired[Elsewhere]
    attempts: Annotated[int, Meta(description="started since acceptance or the last retry by hand")]
    max_attempts: int
    epoch: Annotated[int, Meta(description="grows with every attempt, never resets")]
    created_at: Time
    due_at: Annotated[
        Time | None,
        Meta(description="not to be started before; null once it was, or if it never had to wait"),
    ]
    started_at: Annotated[
        Time | None, Meta(description="when its first attempt began, since the last retry by hand")
    ]
    finished_at: Time | None
    expires_at: Annotated[Time | None, Meta(description="not to be started for the first time after")]
    progress: ProgressDocument | None
    result: Annotated[Any, Meta(description="null as well when result_stored is there")]
    result_stored: NotRequired[Elsewhere]
    error: ErrorDocument | None
    reason: Annotated[ReasonName | None, Meta(description="why it is DEAD")]
    cause: Annotated[
        str | None,
        Meta(
            description="what made it: the id of the job that it follows, `schedule:<id>`, `event:<id>`, `workflow:<id>/<place>`"
        ),
    ]
    workflow: Annotated[WorkflowPlace | None, Meta(description="null: it is no workflow, and no part of one")]
    limits: Annotated[
        list[str], Meta(description='what each attempt has to pass before it starts: `slots export:"acme"`')
    ]
    events: Annotated[list[str], Meta(description="moments of it that are published")]
    webhook: Annotated[str | None, Meta(description="the endpoint that is told how it ends")]
    cancel_requested: bool
    history: list[EntryDocument]
    links: NotRequired[Annotated[LinksDocument, Meta(description="GET /jobs/{id} of a stage on AWS")]]

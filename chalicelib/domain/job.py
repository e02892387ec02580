"""A job as its row says it is: one frozen value, and the small values that it is made of."""

from dataclasses import field
from datetime import datetime, timedelta
from enum import StrEnum

from chalicelib.domain.flow import Gate
from chalicelib.domain.lean import dataclass

INLINE_BYTES = 320
"""Arguments and results up to this many bytes of JSON ride in the row, which so stays within 1 KiB, the size that DynamoDB
writes for one unit. See docs/decisions/0003-payloads.md for the arithmetic of larger ones."""

KEEP = timedelta(days=7)
"""How long a finished job can be asked about unless its task says otherwise."""

KEEP_DEAD = timedelta(days=30)
"""How long a dead job can be redriven. A dead job waits for a person, so it is kept longer than a success."""

KEY_LIFE = timedelta(hours=24)
"""How long an idempotency key answers for its job. A keyed job's row is never deleted earlier (see `forget_at`)."""


PART_OF = "workflow:"
"""What `cause` of a workflow's children begins with."""


class State(StrEnum):
    """Where a job is in its life. The arrows between them are `lifecycle.TRANSITIONS`."""

    QUEUED = "QUEUED"
    SCHEDULED = "SCHEDULED"
    RUNNING = "RUNNING"
    RETRYING = "RETRYING"
    WAITING = "WAITING"
    SUCCEEDED = "SUCCEEDED"
    DEAD = "DEAD"
    CANCELLED = "CANCELLED"
    EXPIRED = "EXPIRED"


TERMINAL = frozenset({State.SUCCEEDED, State.DEAD, State.CANCELLED, State.EXPIRED})
CLAIMABLE = frozenset({State.QUEUED, State.RETRYING})


class Reason(StrEnum):
    """Why a job is dead."""

    FAILED = "failed"
    TIMED_OUT = "timed_out"
    WORKER_LOST = "worker_lost"
    UNDECODABLE = "undecodable"
    PAYLOAD_MISSING = "payload_missing"
    REJECTED = "rejected"


class Place(StrEnum):
    """Where a payload that is too large for the row lies."""

    ITEM = "item"
    OBJECT = "object"


@dataclass(frozen=True, kw_only=True, slots=True)
class Inline:
    """A payload inside the row."""

    json: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Stored:
    """A payload outside the row: an item of its own or an S3 object, addressed by the job and its SHA-256."""

    place: Place
    sha256: str
    size: int  #: bytes of JSON


@dataclass(frozen=True, kw_only=True, slots=True)
class Sealed:
    """A payload inside the row that only those can read who may use the stage's key: see docs/sealing.md."""

    body: bytes


Payload = Inline | Stored | Sealed


@dataclass(frozen=True, kw_only=True, slots=True)
class Failure:
    """What went wrong in the last attempt that failed, in the words of the exception."""

    type: str
    message: str
    traceback: str = ""
    fingerprint: str = (
        ""  #: the same for failures of one cause: the exception's type and the places it passed
    )


@dataclass(frozen=True, kw_only=True, slots=True)
class Progress:
    """What a running task last said of itself."""

    fraction: float | None  #: 0.0 to 1.0
    message: str
    at: datetime


@dataclass(frozen=True, kw_only=True, slots=True)
class Entry:
    """One transition in a job's history. `by` is the token of whoever wrote it: how an own write whose reply was lost is recognised."""

    at: datetime
    event: str
    epoch: int
    by: str = ""
    note: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class Effect:
    """Something that a transition still owes the world. `id` is made from (job, epoch, slot), so doing it twice is doing it once."""

    slot: str  #: what kind of thing it is: "on_success", "on_failure", "event", "webhook"
    id: str  #: the id of the job that it submits, or that the ids of its jobs are made from
    task: str  #: what it goes to: the task that follows, the topic, the endpoint


@dataclass(frozen=True, kw_only=True, slots=True)
class Job:
    """One request to run a task, and all that became of it.

    `ready` is there exactly while the job may be claimed and equals `epoch`; `owner` is there exactly while it runs and is unique
    per claim. One equality on either is all that a claim or a settlement has to test.
    """

    id: str  #: ULID: its first ten characters are the time of acceptance
    tenant: str
    task: str
    lane: str
    args: Payload  #: a JSON object of named arguments
    state: State
    max_attempts: int
    epoch: int = 0  #: the fencing token: grows with every claim and redrive, never resets
    attempts: int = 0  #: claims since acceptance or the last redrive
    ready: int | None = None
    owner: str | None = None  #: "<epoch>.<token>"
    lease: datetime | None = None  #: until when the owner's right holds
    due: datetime | None = None  #: not to be started before
    expires: datetime | None = None  #: not to be started for the first time after
    cancel_requested: datetime | None = None
    progress: Progress | None = None
    result: Payload | None = None
    error: Failure | None = None
    reason: Reason | None = None
    outbox: tuple[Effect, ...] = ()
    attention: str | None = None  #: "due" or "dead": which part of the attention index holds the row
    attention_at: datetime | None = None
    history: tuple[Entry, ...] = ()
    forget: datetime | None = None  #: when the row may be deleted; only a terminal row has it
    keep: timedelta = KEEP
    tags: tuple[str, ...] = ()
    key: str | None = None  #: the idempotency key it was submitted with
    on_success: str | None = None
    on_failure: str | None = None
    #: what submitted this one: the id of the job whose effect it is, `schedule:<id>`, `event:<id>`, `workflow:<id>/<place>`
    cause: str | None = None
    gates: tuple[Gate, ...] = ()  #: what each attempt has to pass before it starts
    ticket: int | None = None  #: its place in the line of its ordered group
    place: int | None = None  #: in the line of its rate limit
    checkpoint: Payload | None = None  #: where a long job goes on
    webhook: str | None = None  #: the endpoint that is told when it ends
    events: tuple[
        str, ...
    ] = ()  #: which of its own moments are published, as events of the topics `job.<moment>`
    awaits: str | None = None  #: of a workflow: the children that it waits for, or came back from
    children: int | None = None  #: of a workflow: how many those are

    @property
    def finished(self) -> bool:
        """True when nobody owes this job anything any more."""
        return self.state in TERMINAL and not self.outbox

    @property
    def workflow(self) -> str | None:
        """The id of the workflow that it is part of."""
        if self.cause is None or not self.cause.startswith(PART_OF):
            return None
        return self.cause.removeprefix(PART_OF).partition("/")[0]

    @property
    def next_check(self) -> datetime | None:
        """When the tick is to look at this job, if it has an appointment."""
        return self.attention_at if self.attention == "due" else None

    @property
    def first_claimed(self) -> datetime | None:
        """When the first attempt got the job."""
        return next((entry.at for entry in self.history if entry.event == "claimed"), None)

    @property
    def expired_unstarted(self) -> bool:
        """True when the first attempt came too late for the job's deadline."""
        return (
            self.expires is not None and self.first_claimed is not None and self.first_claimed > self.expires
        )

    def label(self) -> str:
        """The one readable form for logs: `send_mail[01J...]`."""
        return f"{self.task}[{self.id}]"

    def log_fields(self) -> dict[str, object]:
        """The fields that ride along on every log line about this job."""
        return {
            "job_id": self.id,
            "task": self.task,
            "attempt": self.attempts,
            "epoch": self.epoch,
            "tenant": self.tenant,
            **({} if self.workflow is None else {"workflow": self.workflow}),
        }


@dataclass(frozen=True, kw_only=True, slots=True)
class Wakeup:
    """What a message carries: the wish that somebody look at a job. It may be lost, doubled, late or invented."""

    tenant: str
    job_id: str
    epoch: int
    lane: str = field(default="default", compare=False)
    delay: timedelta = field(default=timedelta(0), compare=False)
    trace: str | None = field(default=None, compare=False)

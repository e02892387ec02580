"""What can happen to a job: one frozen type each, named in the past tense, carrying its facts.

Every event but the two of acceptance names the guard by which it is written. `at` is when the writer decided, by its own clock.
"""

from datetime import datetime
from typing import ClassVar

from chalicelib.domain.flow import Gate
from chalicelib.domain.guards import Absent, Guard, Lapsed, Mine, Ready, Seen, Unwished
from chalicelib.domain.job import Effect, Entry, Failure, Payload, Progress, Reason
from chalicelib.domain.lean import dataclass


@dataclass(frozen=True, kw_only=True, slots=True)
class Event:
    """Something that happened to a job."""

    name: ClassVar[str]
    at: datetime
    guard: Guard


@dataclass(frozen=True, kw_only=True, slots=True)
class Queued(Event):
    """Accepted, due within the longest delay that a queue can hold."""

    name: ClassVar[str] = "queued"
    guard: Absent


@dataclass(frozen=True, kw_only=True, slots=True)
class Scheduled(Event):
    """Accepted, due later than a queue can delay."""

    name: ClassVar[str] = "scheduled"
    guard: Absent


@dataclass(frozen=True, kw_only=True, slots=True)
class Released(Event):
    """A scheduled job is due soon enough for a queue. `check` is when the tick looks again."""

    name: ClassVar[str] = "released"
    guard: Seen
    check: datetime


@dataclass(frozen=True, kw_only=True, slots=True)
class Claimed(Event):
    """An attempt took the job."""

    name: ClassVar[str] = "claimed"
    guard: Ready
    owner: str
    lease: datetime


@dataclass(frozen=True, kw_only=True, slots=True)
class Reclaimed(Event):
    """An attempt took the job from a worker whose lease was over."""

    name: ClassVar[str] = "reclaimed"
    guard: Lapsed
    owner: str
    lease: datetime


@dataclass(frozen=True, kw_only=True, slots=True)
class Renewed(Event):
    """The running attempt said that it is alive, and perhaps how far it is."""

    name: ClassVar[str] = "renewed"
    guard: Mine
    lease: datetime
    progress: Progress | None


@dataclass(frozen=True, kw_only=True, slots=True)
class Succeeded(Event):
    """The attempt returned."""

    name: ClassVar[str] = "succeeded"
    guard: Mine
    result: Payload
    forget: datetime
    outbox: tuple[Effect, ...] = ()
    progress: Progress | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class RetryScheduled(Event):
    """The attempt failed and another one follows at `due`. `check` moves or makes an appointment, where one is needed."""

    name: ClassVar[str] = "retry_scheduled"
    guard: Unwished
    epoch: int
    due: datetime
    error: Failure
    check: datetime | None
    progress: Progress | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Parked(Event):
    """The attempt gave the job back unstarted: its turn at `gate` has not come. Who frees the place wakes it, or the tick at `check`.

    `kept` is the history that stays, without the claim that came to nothing: a job may wait often, and no attempt is used up.
    """

    name: ClassVar[str] = "parked"
    guard: Unwished
    gate: str
    check: datetime
    kept: tuple[Entry, ...]
    ticket: int | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Requeued(Event):
    """The attempt gave the job back to go on in another invocation, at `due` or at once. No attempt is used up.

    `why`: "continued" from its checkpoint, or the rate limit in whose line it has this `place`. `kept` is the history that stays.
    """

    name: ClassVar[str] = "requeued"
    guard: Unwished
    epoch: int
    why: str
    kept: tuple[Entry, ...]
    due: datetime | None
    check: datetime | None
    place: int | None = None
    progress: Progress | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Waited(Event):
    """A workflow's attempt has done what it can until its children end: `awaits` says which, `children` how many. It has all its attempts again.

    `kept` is the history that stays: a chain waits once for each of its steps.
    """

    name: ClassVar[str] = "waited"
    guard: Unwished
    awaits: str
    children: int
    kept: tuple[Entry, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class Joined(Event):
    """The children that a workflow waited for have ended, or one of them as it must not. `check` moves an appointment that is far ahead."""

    name: ClassVar[str] = "joined"
    guard: Seen
    awaits: str
    check: datetime | None


@dataclass(frozen=True, kw_only=True, slots=True)
class Checkpointed(Event):
    """The running attempt wrote down from where another one can go on. `before` is what it had written down before that.

    So a write that lands late, when a newer one has landed, cannot take the job back.
    """

    name: ClassVar[str] = "checkpointed"
    guard: Mine
    lease: datetime
    before: Payload | None
    checkpoint: Payload
    progress: Progress | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Replaced(Event):
    """A job that nobody has started got the arguments of a later request, and starts later. Messages sent for it before are void."""

    name: ClassVar[str] = "replaced"
    guard: Seen
    by: str
    args: Payload
    due: datetime
    kept: tuple[Entry, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class Died(Event):
    """Nothing will try again unless a person redrives it."""

    name: ClassVar[str] = "died"
    guard: Unwished | Lapsed
    reason: Reason
    error: Failure
    forget: datetime
    outbox: tuple[Effect, ...] = ()
    progress: Progress | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class CancelRequested(Event):
    """Somebody wants a running job cancelled. `who`: in words, for the history."""

    name: ClassVar[str] = "cancel_requested"
    guard: Seen
    who: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class Cancelled(Event):
    """The job was cancelled: before it started, by an attempt that gave in, or after its worker was lost. `who` wanted it, in words."""

    name: ClassVar[str] = "cancelled"
    guard: Seen | Mine | Lapsed
    forget: datetime
    outbox: tuple[Effect, ...] = ()
    error: Failure | None = None
    progress: Progress | None = None
    who: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class Expired(Event):
    """The job's deadline for starting passed before it started."""

    name: ClassVar[str] = "expired"
    guard: Seen | Mine
    forget: datetime
    outbox: tuple[Effect, ...] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class Redriven(Event):
    """A person gave a dead job another life. `kept` is the history that stays, `by` the writer's token, `who` the person in words.

    `args`: with other arguments, and `gates`, what it then has to pass; what it had begun with the former ones is not gone on with.
    """

    name: ClassVar[str] = "redriven"
    guard: Seen
    by: str
    check: datetime
    kept: tuple[Entry, ...]
    args: Payload | None = None
    gates: tuple[Gate, ...] = ()
    who: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class Appointed(Event):
    """An unfinished job without an appointment got one: from now on the tick looks after it."""

    name: ClassVar[str] = "appointed"
    guard: Seen
    check: datetime


@dataclass(frozen=True, kw_only=True, slots=True)
class Postponed(Event):
    """The appointment `seen` was kept; the next one is at `check`."""

    name: ClassVar[str] = "postponed"
    guard: Seen
    seen: datetime
    check: datetime


@dataclass(frozen=True, kw_only=True, slots=True)
class OutboxCleared(Event):
    """All that the transition owed the world was done. `died` is the time of death when the job is dead, for the index."""

    name: ClassVar[str] = "outbox_cleared"
    guard: Seen
    died: datetime | None

"""What the verbs need of the outside, in the verbs' own words. Each port is cut where its in-memory twin takes a few plain lines.

Every call may raise `Unavailable`: then it is unknown whether it took effect. A refused condition is an answer, not an error.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import TYPE_CHECKING, BinaryIO, TypeVar

from chalicelib.domain.change import Change
from chalicelib.domain.job import Job, Stored, Wakeup
from chalicelib.domain.late import Protocol
from chalicelib.domain.lean import dataclass
from chalicelib.pipeline.measures import Measure

if TYPE_CHECKING:
    from chalicelib.pipeline.outcome import Outcome


A = TypeVar("A")
B = TypeVar("B")


@dataclass(frozen=True, kw_only=True, slots=True)
class Written:
    """The write's condition held; this is the row after it."""

    job: Job


@dataclass(frozen=True, kw_only=True, slots=True)
class Refused:
    """The write's condition did not hold; this is the row that refused it, None if there is none."""

    job: Job | None


@dataclass(frozen=True, kw_only=True, slots=True)
class Slice:
    """Up to the id time `reached`, the rows that nobody looks after, in no order. `unread` are ids of those that only newer code can read.

    `listed`: how many rows of any kind were looked at for it.
    """

    rows: Sequence[Job]
    reached: datetime
    listed: int
    unread: Sequence[str] = ()


class JobStore(Protocol):
    """The rows. Reads are consistent unless said otherwise."""

    def create(self, job: Job) -> Job | None:
        """Put the row if there is none. Returns None when this call put it, else the row that was there."""

    def write(self, job_id: str, change: Change) -> Written | Refused:
        """Record one guarded change."""

    def read(self, job_id: str) -> Job | None:
        """The row, or None."""

    def unattended(self, after: datetime, until: datetime) -> Slice:
        """Rows with after < id time <= until that are unfinished and have no appointment, or as far as a page goes.

        Raises if any part cannot be read.
        """

    def newest(self, before: str, since: datetime) -> Iterator[Job]:
        """Rows with an id below `before`, newest first, back to `since`. May lag behind writes."""

    def due(self, now: datetime, limit: int) -> Sequence[str]:
        """Ids of up to `limit` jobs whose appointment is at or before now, in no order. May lag behind writes."""

    def dead(self, after: str | None, limit: int) -> tuple[Sequence[Job], str | None]:
        """A page of dead jobs and where the next page begins, None at the end. May lag behind writes.

        Raises `InvalidInput` for an `after` that no page gave.
        """

    def watermark(self, name: str) -> datetime | None:
        """Up to where the pass of that name has seen every row."""

    def move_watermark(self, name: str, seen: datetime | None, to: datetime) -> bool:
        """Move it if it is still what was seen. False: somebody else moved it."""


@dataclass(frozen=True, kw_only=True, slots=True)
class KeyClaim:
    """An idempotency key's hold on a job: the same key and request within its life mean the same job."""

    tenant: str
    key: str
    request_hash: str
    job_id: str
    until: datetime


class KeyStore(Protocol):
    """The idempotency keys."""

    def hold(self, claim: KeyClaim, now: datetime) -> KeyClaim:
        """The claim that holds the key now: this one, or one that was there before and is not over."""

    def find(self, tenant: str, name: str, now: datetime) -> KeyClaim | None:
        """The claim that holds the key now, if any."""


class PayloadStore(Protocol):
    """Arguments and results that are too large for a row."""

    def put(self, job_id: str, body: bytes, keep_until: datetime) -> Stored:
        """Keep the bytes at least until then. The same bytes twice are one payload."""

    def get(self, job_id: str, stored: Stored) -> bytes:
        """The bytes, checked against their SHA-256. Raises `PayloadMissing`."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Piece:
    """A part of an object. `size`: of the whole object; `version`: another word for every other content."""

    body: bytes
    size: int
    version: str


class Inputs(Protocol):
    """Objects that hold the items of maps, a line each: what is too much for a workflow itself. docs/workflows.md"""

    def put(self, key: str, body: BinaryIO) -> None:
        """Keep what can be read there, from where it stands. The same again is the same. Raises `Unavailable`, `ServiceRefused`."""

    def read(self, key: str, start: int, most: int, version: str | None = None) -> Piece:
        """Up to so many bytes from there on; none beyond its end. Raises `InvalidInput` if there is no such object, or not in this version."""


@dataclass(frozen=True, kw_only=True, slots=True)
class LaneDepth:
    """How much a lane holds, about: SQS counts approximately."""

    lane: str
    waiting: int
    delayed: int
    in_flight: int


class JobQueue(Protocol):
    """The lanes."""

    def send(self, wakeups: Sequence[Wakeup]) -> Sequence[Wakeup]:
        """Send each to its lane after its delay (at most 15 minutes). Returns those that were not sent; never raises for them."""

    def extend(self, lane: str, receipt: str, visibility: timedelta) -> None:
        """Hide a received message for this long from now."""

    def depths(self) -> Sequence[LaneDepth]:
        """Each lane's depth, the dead-letter queue's last."""


class Feed(StrEnum):
    """Whether a lane's messages are handed to its consumer."""

    ON = "on"
    OFF = "off"
    CHANGING = "changing"  #: nobody knows to what; look again
    ABSENT = "absent"  #: nothing hands them over here that could be turned off


class Feeds(Protocol):
    """What hands the lanes' messages to their consumers: on AWS, event source mappings."""

    def look(self, lane: str) -> Feed:
        """How it is now, or to what it is on its way."""

    def turn(self, lane: str, *, on: bool) -> None:
        """Ask for a change; it may take a minute. Raises `Unavailable` while another one is under way."""


@dataclass(frozen=True, kw_only=True, slots=True)
class ApiKey:
    """A credential as it is stored: never the secret, only its SHA-256."""

    id: str
    secret_sha256: str
    tenant: str
    scopes: frozenset[str]
    name: str
    created: datetime
    expires: datetime | None
    revoked: datetime | None = None
    per_minute: int | None = None  #: how many requests a minute it may make; None: no limit of its own


class ApiKeyStore(Protocol):
    """The credentials."""

    def add(self, key: ApiKey) -> None:
        """Store a new key. Raises `Conflict` if the id is taken. A role's may be taken again when what was stored works no more."""

    def find(self, key_id: str) -> ApiKey | None:
        """The key of that id. May lag behind writes."""

    def revoke(self, key_id: str, at: datetime) -> bool:
        """Revoke it. False: there is no such key."""

    def expire(self, key_id: str, at: datetime) -> bool:
        """Let it expire then, or when it does anyway if that is sooner. False: there is no such key."""


class Tokens(Protocol):
    """Bearer tokens that somebody else gives out, where a stage believes them."""

    def admit(self, token: str) -> ApiKey:
        """Who bears it, as if it were a key. Raises `Denied`, `Unavailable`; `ServiceRefused` when tokens cannot be read here."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Oddity:
    """A message that is not a job's: kept, capped, for a person to look at."""

    message_id: str
    lane: str
    body: str
    why: str
    at: datetime


class Quarantine(Protocol):
    """Where undecodable messages go."""

    def keep(self, oddity: Oddity) -> None:
        """Keep it for some weeks."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Bulletin:
    """An event as it leaves for the world outside: JSON text, and what subscribers may filter by."""

    event_id: str
    topic: str
    tenant: str
    body: str


class Outlet(Protocol):
    """Where the world outside listens."""

    def publish(self, bulletin: Bulletin) -> None:
        """Tell all who listen. Twice is harmless: they know an event by its id. Raises `Unavailable`, `ServiceRefused`."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Parcel:
    """A message by HTTP. Its `repr`, which a log might get, holds nothing of it: the URL may be a credential, the header is a signature."""

    url: str = field(repr=False)
    headers: Mapping[str, str] = field(repr=False)
    body: str = field(repr=False)


@dataclass(frozen=True, kw_only=True, slots=True)
class Receipt:
    """What a receiver answered: nothing else of it is read."""

    status: int
    retry_after: str | None = None


class Courier(Protocol):
    """Takes messages to hosts on the Internet, and to no others."""

    def check(self, url: str) -> None:
        """Raise `InvalidInput` that names `url` if nothing may go there: it leads, or its name does, to no public host. `Unavailable`."""

    def deliver(self, parcel: Parcel, within: timedelta) -> Receipt:
        """POST it to the address that was checked. Raises `InvalidInput` as `check` does, `DeliveryFailed` when there is no answer."""


class World(Protocol):
    """Time, ids and chance: the only place that they come from."""

    def now(self) -> datetime:
        """The time, aware, UTC, in whole milliseconds."""

    def job_id(self) -> str:
        """A new id for a job accepted now."""

    def token(self) -> str:
        """Ten characters that nobody else has: the mark of one claim."""

    def luck(self) -> float:
        """A random number from 0 up to, not including, 1."""

    def pause(self, wait: timedelta) -> None:
        """Let this much time pass."""


class Crew(Protocol):
    """Hands for independent work side by side."""

    def each(self, verb: Callable[[A], B], items: Iterable[A]) -> Sequence[B | Exception]:
        """Do it to each item; the answers in the items' order, an exception in place of an answer that did not come."""


class Execution(Protocol):
    """A task that was started."""

    def finished(self, within: timedelta) -> bool:
        """Whether it ended, waiting up to this long for it."""

    def outcome(self) -> "Outcome":
        """What happened. Only after it ended; never raises what the task raised."""

    def soften(self) -> None:
        """Raise `SoftTimeLimitExceeded` inside the task, where that can be done."""

    def stop(self) -> None:
        """Stop it: a child process is killed, a coroutine cancelled; a thread cannot be and is left alone."""


class Runner(Protocol):
    """One way to run a task: on a thread, on the event loop, in a child process."""

    def start(self, call: "Call") -> Execution:
        """Start it now."""


class Saved(StrEnum):
    """What a task is to do once its checkpoint is recorded, or could not be."""

    GO_ON = "go_on"
    CONTINUE = "continue"  #: recorded; the time is nearly over: go on in another invocation
    CANCEL = "cancel"  #: recorded; somebody wants the job cancelled
    LOST = "lost"  #: not recorded: another attempt has the job


class Line(Protocol):
    """How a running task talks to its attempt. Calls come from another thread than the attempt's."""

    def report(self, fraction: float | None, message: str) -> None:
        """The task says how far it is."""

    def beat(self) -> None:
        """The task says that it is alive and needs its lease longer."""

    def cancelled(self) -> bool:
        """Whether somebody wants the job cancelled, or the attempt has lost its right."""

    def save(self, text: str) -> Saved:
        """Record a checkpoint, JSON text. Returns what the task is to do then. Raises `Unavailable`."""

    def recall(self, name: str) -> str | None:
        """What the step of that name came to, JSON text; None: nothing is recorded. Raises `Unavailable`."""

    def remember(self, name: str, text: str) -> str:
        """Record what a step came to, unless that is recorded. Returns what is recorded. Raises `Unavailable`, `InvalidInput`."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Call:
    """All that a runner needs: the task's name and JSON arguments, the context's facts, and the line back.

    A batch task's call has a member for each of its jobs, the first of which it looks like itself.
    """

    task: str
    args: Mapping[str, object]
    facts: "Facts"
    line: Line
    members: tuple["Call", ...] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class Facts:
    """What a task may know of its job."""

    id: str
    task: str
    tenant: str
    attempt: int
    max_attempts: int
    epoch: int
    deadline: datetime
    state: object = None  #: the last checkpoint's, as JSON values
    workflow: str | None = None  #: the id of the one that it is part of
    replay: bool = False  #: `jobline replay`: nothing is recorded


class Tracer(Protocol):
    """What took how long, as part of what, over all that a job passes. Where nobody traces, all of it costs nothing.

    A header is the exporter's own text: whoever sends a message lets it carry one, and who receives the message goes on from there.
    """

    def invocation(self) -> AbstractContextManager[None]:
        """One invocation of a function: all spans within are part of what the platform traces of it."""

    def span(self, name: str, *, carried: str | None = None) -> AbstractContextManager[None]:
        """A part of what is traced now; with a header that was carried here, a part of what was traced there."""

    def note(self, *, fault: bool = False, **facts: str | float) -> None:
        """Annotate the span that is open here. `fault`: it did not go well."""

    def header(self) -> str | None:
        """What a message sent from here is to carry; None: nothing is known of any trace."""

    def trace_id(self) -> str | None:
        """The trace that is known here, sampled or not: how log lines of one job find each other."""


class Metrics(Protocol):
    """Numbers for alarms, graphs and statistics. Where each combination of dimensions is paid for, as CloudWatch's, tenants are none."""

    def invocation(
        self, lane: str | None = None, *, ends: datetime | None = None
    ) -> AbstractContextManager[None]:
        """One invocation: what is added within is put out at its end. `lane`: it is one batch of that lane; `ends`: nothing may last longer."""

    def add(
        self,
        measure: Measure,
        value: float = 1,
        *,
        lane: str | None = None,
        task: str | None = None,
        tenant: str | None = None,
    ) -> None:
        """Add one value. Times are in the measure's own unit."""

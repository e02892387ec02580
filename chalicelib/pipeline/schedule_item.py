"""A schedule as its item says it is: one frozen value, the fields that it is kept in, and the ids of the jobs that its fires are."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from typing import Any
from zlib import crc32

from chalicelib.domain.change import Equals
from chalicelib.domain.errors import NewerRow
from chalicelib.domain.lean import dataclass
from chalicelib.domain.schedule import Timetable
from chalicelib.pipeline.ids import RANDOM_BYTES, make_id, time_of
from chalicelib.pipeline.items import Edit, Fields, Spot, Value
from chalicelib.pipeline.limits import SEND_AHEAD
from chalicelib.pipeline.timetable import EPOCH, Rule

KIND = "schedule"
SHELVES = 4
"""Partitions that the schedules lie in. Each takes 1,000 write units a second; a listing asks each once."""

DECLARED = "@"
"""What the ids of schedules that code declares begin with; the task's name follows. Callers cannot give such an id."""

KEPT_FINISHED = timedelta(days=7)
KEPT_GONE = timedelta(days=1)
FOR_EVER = datetime(2999, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, kw_only=True, slots=True)
class Schedule:
    """Which task to run with which arguments, when; and how far that has got.

    The item is its own outbox. `owes` are jobs that are to be put, `voids` jobs that are to be cancelled unless they have started; as
    long as there are any, nobody decides on further ones. `turn` grows with every write, `revision` with every change by a person or a
    deploy: the ids of jobs are made from it, so a job of the old rule is never taken for one of the new.
    """

    tenant: str
    id: str
    task: str
    args: str  #: JSON text
    rule: Rule
    seed: str  #: made at its creation: a later schedule of the same id has other jobs
    created: datetime
    by: str = ""  #: the token of whoever changed it last: how an own write whose reply was lost is recognised
    turn: int = 0
    revision: int = 1
    next: datetime | None = None  #: the first fire time that nobody has decided on
    last: datetime | None = None  #: the last fire time whose job was put
    owes: tuple[str, ...] = ()
    ahead: tuple[
        str, ...
    ] = ()  #: jobs that were put not long ago; those that are not due yet can still be withdrawn
    voids: tuple[str, ...] = ()
    paused: bool = False
    gone: bool = False  #: deleted; what is left keeps late writers from making it again
    generation: int = 0  #: of the declarations that it was written by; 0: not declared in code

    @property
    def spot(self) -> Spot:
        """Where it lies."""
        return spot_of(self.tenant, self.id)

    @property
    def timetable(self) -> Timetable:
        """Its fire times."""
        return self.rule.timetable()

    @property
    def cause(self) -> str:
        """What its jobs say that they come from."""
        return f"{KIND}:{self.id}"

    @property
    def declared(self) -> bool:
        """Whether code declares it."""
        return self.id.startswith(DECLARED)

    @property
    def settled(self) -> bool:
        """Nothing is to be done before the next fire."""
        return not self.owes and not self.voids

    @property
    def due(self) -> datetime | None:
        """When the tick is to look at it, once it is settled."""
        return None if self.next is None else self.next - SEND_AHEAD

    def job_id(self, fire: datetime) -> str:
        """The id of the job of that fire time: whoever puts it puts the same."""
        words = f"{self.tenant} {self.id} {self.seed} {self.revision} {fire.isoformat()}"
        return make_id(fire, sha256(words.encode()).digest()[:RANDOM_BYTES])

    def withdrawable(self, now: datetime) -> tuple[str, ...]:
        """Jobs of fires that are still to come."""
        return tuple(job_id for job_id in self.ahead if time_of(job_id) > now)


def spot_of(tenant: str, schedule_id: str) -> Spot:
    """Where the schedule of that id lies."""
    return Spot(f"{KIND}#{crc32(schedule_id.encode()) % SHELVES}", f"{tenant} {schedule_id}")


def edit(before: Schedule, after: Schedule, now: datetime) -> Edit:
    """The one write that makes the item say `after`, if nobody has written since `before`.

    What owes something has an appointment that is due: the tick's own, which is left where it is, or one made here. (Each move of an
    appointment is two writes in the index.)
    """
    fields = to_fields(replace(after, turn=before.turn + 1))
    waits = after.due if after.settled else now
    own = not after.settled and before.due is not None and before.due <= now
    unmoved = after.settled and before.settled and before.due == after.due
    return Edit(
        where=((Equals("turn", before.turn),),),
        set=fields,
        remove=tuple(name for name in _FIELDS if name not in fields),
        due=None if own or unmoved else waits,
        undue=waits is None,
        until=_until(before, after, now),
    )


def _until(before: Schedule, after: Schedule, now: datetime) -> datetime | None:
    """When the item may go: one that was deleted or has no fires left, some days later. One that comes back to life never."""
    if after.settled and after.gone:
        return now + KEPT_GONE
    if after.settled and after.next is None and not after.paused:
        return now + KEPT_FINISHED
    return FOR_EVER if before.next is None else None


_FIELDS = (
    "task", "args", "cron", "every", "at", "timezone", "catch_up", "anchor", "seed", "created", "by", "turn", "revision",
    "next", "last", "owes", "ahead", "voids", "paused", "gone", "generation",
)  # fmt: skip


def to_fields(schedule: Schedule) -> dict[str, Value]:
    """The item's fields; what is empty is left out."""
    rule = schedule.rule
    found: dict[str, Any] = {
        "task": schedule.task,
        "args": schedule.args,
        "cron": rule.cron,
        "every": None if rule.every is None else rule.every // timedelta(seconds=1),
        "at": _ms(rule.at),
        "timezone": rule.timezone,
        "catch_up": rule.catch_up,
        "anchor": _ms(rule.anchor) or None,
        "seed": schedule.seed,
        "created": _ms(schedule.created),
        "by": schedule.by,
        "turn": schedule.turn,
        "revision": schedule.revision,
        "next": _ms(schedule.next),
        "last": _ms(schedule.last),
        "owes": schedule.owes or None,
        "ahead": schedule.ahead or None,
        "voids": schedule.voids or None,
        "paused": 1 if schedule.paused else None,
        "gone": 1 if schedule.gone else None,
        "generation": schedule.generation or None,
    }
    return {name: value for name, value in found.items() if value is not None}


def from_fields(spot: Spot, fields: Fields) -> Schedule | None:
    """The schedule that lies there, if any. Raises `NewerRow` for what only newer code can have written."""
    if not fields:
        return None
    unknown = set(fields) - set(_FIELDS)
    if unknown:
        raise NewerRow(f"{spot.key}: a schedule with {sorted(unknown)}, which this code does not know")
    tenant, _, schedule_id = spot.key.partition(" ")
    read = _Reader(fields)
    return Schedule(
        tenant=tenant,
        id=schedule_id,
        task=read.text("task"),
        args=read.text("args"),
        rule=Rule(
            cron=read.text("cron") or None,
            every=timedelta(seconds=read.number("every")) if "every" in fields else None,
            at=read.time("at"),
            timezone=read.text("timezone"),
            catch_up=read.text("catch_up"),
            anchor=read.time("anchor") or EPOCH,
        ),
        seed=read.text("seed"),
        created=read.time("created") or EPOCH,
        by=read.text("by"),
        turn=read.number("turn"),
        revision=read.number("revision"),
        next=read.time("next"),
        last=read.time("last"),
        owes=read.texts("owes"),
        ahead=read.texts("ahead"),
        voids=read.texts("voids"),
        paused="paused" in fields,
        gone="gone" in fields,
        generation=read.number("generation"),
    )


@dataclass(frozen=True, slots=True)
class _Reader:
    """An item's fields by their types; what is not there is empty."""

    fields: Mapping[str, Value]

    def text(self, name: str) -> str:
        value = self.fields.get(name, "")
        return value if isinstance(value, str) else ""

    def number(self, name: str) -> int:
        value = self.fields.get(name, 0)
        return value if isinstance(value, int) else 0

    def texts(self, name: str) -> tuple[str, ...]:
        value = self.fields.get(name, ())
        return value if isinstance(value, tuple) else ()

    def time(self, name: str) -> datetime | None:
        return EPOCH + timedelta(milliseconds=self.number(name)) if name in self.fields else None


def _ms(at: datetime | None) -> int | None:
    return None if at is None else (at - EPOCH) // timedelta(milliseconds=1)

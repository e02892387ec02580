"""The real law over compact rows: each write is decoded to a `Job`, judged by `lifecycle.change`, and encoded again, once a kind.

Times are small whole numbers of seconds, -1 for none. A claim's token is a number; an owner is (epoch, token). Of the history only the
marks are kept: who, of those that still ask, has written more than a claim.
"""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple

from chalicelib.domain.change import Change, allowed, apply
from chalicelib.domain.errors import TransitionRefused
from chalicelib.domain.events import (
    Appointed,
    Cancelled,
    CancelRequested,
    Checkpointed,
    Claimed,
    Died,
    Event,
    Expired,
    OutboxCleared,
    Parked,
    Postponed,
    Reclaimed,
    Redriven,
    Released,
    Renewed,
    Replaced,
    Requeued,
    RetryScheduled,
    Succeeded,
)
from chalicelib.domain.guards import Lapsed, Mine, Ready, Seen, Unwished
from chalicelib.domain.job import Effect, Entry, Failure, Inline, Job, Reason, State
from chalicelib.domain.lifecycle import change

MAX_ATTEMPTS = 3
BASE = datetime(2030, 1, 1, tzinfo=UTC)
NONE = (-1, -1)
FAILURE = Failure(type="E", message="e")

Write = tuple[Any, ...]
"""A kind of event and its facts, as `EVENTS` reads them."""

Edit = Callable[[Event, Change], Change]


class Row(NamedTuple):
    """A job's row. `life` is not in the table, but for the invariants: the epoch at which this life began, and one more for each claim that
    was given back and each replacement: what lies between it and the epoch are the attempts.
    """

    state: str = "QUEUED"
    epoch: int = 0
    attempts: int = 0
    ready: int = 0
    owner: tuple[int, int] = NONE
    wish: bool = False
    lease: int = -1
    due: int = -1
    check: int = -1  #: next_check
    dead: bool = False  #: in the index of the dead
    outbox: tuple[
        tuple[str, int, int], ...
    ] = ()  #: ids of effects: slot, epoch, and chance (0 unless a mutant rolls dice)
    marks: tuple[tuple[int, int], ...] = ()
    life: int = 0

    @property
    def finished(self) -> bool:
        return self.state in OVER and not self.outbox


OVER = frozenset({"SUCCEEDED", "DEAD", "CANCELLED", "EXPIRED"})
CLAIMABLE = frozenset({"QUEUED", "RETRYING"})
CLAIMS = frozenset({"claimed", "reclaimed"})
SHORTENING = frozenset({"redriven", "parked", "requeued", "replaced"})
"""Writes that say which history stays."""


def at(t: int) -> datetime:
    """A small number as a time."""
    return BASE + timedelta(seconds=t)


def _number(time: datetime | None) -> int:
    return -1 if time is None else int((time - BASE).total_seconds())


def _time(t: int) -> datetime | None:
    return None if t < 0 else at(t)


def name(owner: tuple[int, int]) -> str:
    """An owner as the row has it; epoch 0 is a redrive's plain token."""
    return f"{owner[0]}.t{owner[1]}" if owner[0] else f"t{owner[1]}"


def _owner(text: str | None) -> tuple[int, int]:
    if text is None:
        return NONE
    epoch, _, token = text.rpartition(".")
    return int(epoch or 0), int(token[1:])


def effects(ids: tuple[tuple[str, int, int], ...]) -> tuple[Effect, ...]:
    """An outbox as the row has it."""
    return tuple(Effect(slot=slot, id=f"{slot}-{epoch}-{luck}", task="follow") for slot, epoch, luck in ids)


def decode(row: Row) -> Job:
    """The row as the real value."""
    attention, when = (
        ("dead", BASE) if row.dead else ("due", at(row.check)) if row.check >= 0 else (None, None)
    )
    return Job(
        id="job", tenant="t", task="a", lane="default", args=Inline(json="{}"), state=State(row.state),
        max_attempts=MAX_ATTEMPTS, epoch=row.epoch, attempts=row.attempts, ready=None if row.ready < 0 else row.ready,
        owner=None if row.owner == NONE else name(row.owner), lease=_time(row.lease), due=_time(row.due),
        cancel_requested=BASE if row.wish else None, outbox=effects(row.outbox), attention=attention, attention_at=when,
        history=tuple(Entry(at=BASE, event="marked", epoch=mark[0], by=name(mark)) for mark in row.marks),
    )  # fmt: skip


def encode(job: Job, life: int) -> Row:
    """The real value as a row."""
    marks = {_owner(entry.by) for entry in job.history if entry.by and entry.event not in CLAIMS}
    return Row(
        state=job.state.value,
        epoch=job.epoch,
        attempts=job.attempts,
        ready=-1 if job.ready is None else job.ready,
        owner=_owner(job.owner),
        wish=job.cancel_requested is not None,
        lease=_number(job.lease),
        due=_number(job.due),
        check=_number(job.next_check),
        dead=job.attention == "dead",
        outbox=tuple((s, int(e), int(n)) for s, e, n in (effect.id.split("-") for effect in job.outbox)),
        marks=tuple(sorted(marks)),
        life=life,
    )


def _seen(state: str, epoch: int) -> Seen:
    return Seen(state=State(state), epoch=epoch)


def _unwished(e: int, t: int) -> Unwished:
    return Unwished(owner=name((e, t)))


def _mine(e: int, t: int) -> Mine:
    return Mine(owner=name((e, t)))


def _lapsed(e: int, now: int) -> Lapsed:
    return Lapsed(epoch=e, now=at(now))


def _died(guard: Unwished | Lapsed, now: int, owes: Any) -> Died:
    return Died(
        at=at(now), guard=guard, reason=Reason.FAILED, error=FAILURE, forget=BASE, outbox=effects(owes)
    )


EVENTS: dict[str, Callable[..., Event]] = {
    "claimed": lambda e, t, now, lease: Claimed(
        at=at(now), guard=Ready(epoch=e), owner=name((e + 1, t)), lease=at(lease)
    ),
    "reclaimed": lambda e, t, now, lease: Reclaimed(
        at=at(now), guard=_lapsed(e, now), owner=name((e + 1, t)), lease=at(lease)
    ),
    "renewed": lambda e, t, now, lease: Renewed(
        at=at(now), guard=_mine(e, t), lease=at(lease), progress=None
    ),
    "succeeded": lambda e, t, now, owes: Succeeded(
        at=at(now), guard=_mine(e, t), result=Inline(json="1"), forget=BASE, outbox=effects(owes)
    ),
    "retried": lambda e, t, now, due, check: RetryScheduled(
        at=at(now), guard=_unwished(e, t), epoch=e, due=at(due), error=FAILURE, check=_time(check)
    ),
    "died": lambda e, t, now, owes: _died(_unwished(e, t), now, owes),
    "lost": lambda e, now, owes: _died(_lapsed(e, now), now, owes),
    "gave_in": lambda e, t, now: Cancelled(at=at(now), guard=_mine(e, t), forget=BASE),
    "lost_wished": lambda e, now: Cancelled(at=at(now), guard=_lapsed(e, now), forget=BASE),
    "came_late": lambda e, t, now: Expired(at=at(now), guard=_mine(e, t), forget=BASE),
    "expired": lambda s, e, now: Expired(at=at(now), guard=_seen(s, e), forget=BASE),
    "wished": lambda s, e, now: CancelRequested(at=at(now), guard=_seen(s, e)),
    "cancelled": lambda s, e, now: Cancelled(at=at(now), guard=_seen(s, e), forget=BASE),
    "redriven": lambda e, t, now, check: Redriven(
        at=at(now), guard=_seen("DEAD", e), by=name((0, t)), check=at(check), kept=()
    ),
    "appointed": lambda s, e, check: Appointed(at=BASE, guard=_seen(s, e), check=at(check)),
    "postponed": lambda s, e, seen, check: Postponed(
        at=BASE, guard=_seen(s, e), seen=at(seen), check=at(check)
    ),
    "parked": lambda e, t, now, check: Parked(
        at=at(now), guard=_unwished(e, t), gate="slots", check=at(check), kept=()
    ),
    "requeued": lambda e, t, now, due, check: Requeued(
        at=at(now),
        guard=_unwished(e, t),
        epoch=e,
        why="continued",
        kept=(),
        due=_time(due),
        check=_time(check),
    ),
    "checkpointed": lambda e, t, now, lease: Checkpointed(
        at=at(now), guard=_mine(e, t), lease=at(lease), before=None, checkpoint=Inline(json="1")
    ),
    "replaced": lambda e, t, now, due: Replaced(
        at=at(now), guard=_seen("QUEUED", e), by=name((0, t)), args=Inline(json="{}"), due=at(due), kept=()
    ),
    "released": lambda s, e, now, check: Released(at=at(now), guard=_seen(s, e), check=at(check)),
    "cleared": lambda s, e: OutboxCleared(at=BASE, guard=_seen(s, e), died=BASE if s == "DEAD" else None),
}


class Law:
    """The law as a function of (row, write), remembered. `edit` is a mutant's hand on the `Change`."""

    def __init__(self, edit: Edit | None = None) -> None:
        self.edit = edit
        self._known: dict[tuple[Row, Write], Row | None] = {}

    def write(self, row: Row, write: Write) -> Row | None:
        """The row after the write, or None: refused."""
        try:
            return self._known[row, write]
        except KeyError:
            self._known[row, write] = after = self._ask(row, write)
            return after

    def change(self, write: Write) -> Change:
        """The real conditional write, as a mutant would have it."""
        event = EVENTS[write[0]](*write[1:])
        made = change(event)
        return made if self.edit is None else self.edit(event, made)

    def _ask(self, row: Row, write: Write) -> Row | None:
        try:
            job, made = decode(row), self.change(write)
        except TransitionRefused:
            return None  # the law knows no such write: whoever wants it is stopped by an error before anything is sent
        if not allowed(made, job):
            return None
        after = encode(apply(made, job), row.life)
        if write[0] in SHORTENING:
            # The marks of before stay in the history as `kept`; only those that somebody still asks about are.
            life = after.epoch if write[0] == "redriven" else row.life + 1
            after = after._replace(life=life, marks=tuple(sorted({*row.marks, *after.marks})))
        return after

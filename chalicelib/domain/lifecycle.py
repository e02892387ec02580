"""The law: which event may move a job from which state to which, by what right, and what the one write then changes.

Everything that affects a job's state is in `TRANSITIONS`. The DynamoDB condition (through `change`), the diagram in
docs/lifecycle.md and the tests are derived from it. A move that is not listed raises `TransitionRefused` before anything is written.
"""

from collections.abc import Iterable, Mapping
from typing import Any

from chalicelib.domain.change import Change, Clause, Equals, Missing, Present
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
    Joined,
    OutboxCleared,
    Parked,
    Postponed,
    Queued,
    Reclaimed,
    Redriven,
    Released,
    Renewed,
    Replaced,
    Requeued,
    RetryScheduled,
    Scheduled,
    Succeeded,
    Waited,
)
from chalicelib.domain.guards import Absent, Guard, Lapsed, Mine, Ready, Seen, Unwished
from chalicelib.domain.history import OTHER_ARGUMENTS
from chalicelib.domain.job import TERMINAL, Entry, Job, State
from chalicelib.domain.lean import dataclass

UNFINISHED = frozenset(State) - TERMINAL
PENDING = frozenset({State.QUEUED, State.SCHEDULED, State.RETRYING})
CALLED_OFF = PENDING | {State.WAITING}
"""From where a job is cancelled at once, since nobody runs it."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Transition:
    """One arrow, or one bundle of arrows that share their right. `target` None: the state stays."""

    event: type[Event]
    sources: frozenset[State]
    target: State | None
    guard: type[Guard]
    why: str


def _t(
    event: type[Event], sources: Iterable[State], target: State | None, guard: type[Guard], why: str
) -> Transition:
    return Transition(event=event, sources=frozenset(sources), target=target, guard=guard, why=why)


TRANSITIONS: tuple[Transition, ...] = (
    _t(Queued, (), State.QUEUED, Absent, "accepted; the message is sent after the row exists"),
    _t(Scheduled, (), State.SCHEDULED, Absent, "accepted, due in more than 15 minutes"),
    _t(
        Released,
        {State.SCHEDULED},
        State.QUEUED,
        Seen,
        "due soon: the tick sends it ahead with an exact delay; or its turn has come",
    ),
    _t(
        Replaced,
        {State.QUEUED},
        State.QUEUED,
        Seen,
        "debounced: a later request took its place before an attempt had it; the epoch grows",
    ),
    _t(Claimed, {State.QUEUED, State.RETRYING}, State.RUNNING, Ready, "an attempt starts"),
    _t(Reclaimed, {State.RUNNING}, State.RUNNING, Lapsed, "the worker was lost; the next attempt starts"),
    _t(Renewed, {State.RUNNING}, None, Mine, "heartbeat or progress"),
    _t(Checkpointed, {State.RUNNING}, None, Mine, "from where another attempt can go on"),
    _t(Parked, {State.RUNNING}, State.SCHEDULED, Unwished, "given back unstarted until its turn has come"),
    _t(
        Requeued,
        {State.RUNNING},
        State.QUEUED,
        Unwished,
        "given back: it goes on in another invocation, at once or at its moment",
    ),
    _t(Waited, {State.RUNNING}, State.WAITING, Unwished, "a workflow waits for its children"),
    _t(Joined, {State.WAITING}, State.QUEUED, Seen, "they have ended: it goes on with what they came to"),
    _t(
        Succeeded,
        {State.RUNNING},
        State.SUCCEEDED,
        Mine,
        "the attempt returned, even if a cancel was wished meanwhile",
    ),
    _t(RetryScheduled, {State.RUNNING}, State.RETRYING, Unwished, "the attempt failed, attempts are left"),
    _t(Died, {State.RUNNING}, State.DEAD, Unwished, "the attempt failed for good"),
    _t(Died, {State.RUNNING}, State.DEAD, Lapsed, "the worker was lost and no attempts are left"),
    _t(CancelRequested, {State.RUNNING}, None, Seen, "the wish is recorded; the attempt sees it"),
    _t(Cancelled, CALLED_OFF, State.CANCELLED, Seen, "cancelled while no attempt had it"),
    _t(Cancelled, {State.RUNNING}, State.CANCELLED, Mine, "the attempt gave in, or failed after the wish"),
    _t(Cancelled, {State.RUNNING}, State.CANCELLED, Lapsed, "the worker was lost after the wish"),
    _t(Expired, {State.QUEUED, State.SCHEDULED}, State.EXPIRED, Seen, "the deadline for starting passed"),
    _t(
        Expired,
        {State.RUNNING},
        State.EXPIRED,
        Mine,
        "the first claim came after the deadline; nothing was run",
    ),
    _t(Redriven, {State.DEAD}, State.QUEUED, Seen, "a person gives it another life; the epoch grows"),
    _t(Appointed, State, None, Seen, "unfinished and without an appointment: the sweep makes one"),
    _t(Postponed, State, None, Seen, "the tick looked after it and will look again"),
    _t(OutboxCleared, TERMINAL, None, Seen, "all that the transition owed was done"),
)

EVENTS: tuple[type[Event], ...] = tuple(dict.fromkeys(t.event for t in TRANSITIONS))

_ARROWS: Mapping[tuple[type[Event], type[Guard]], Transition] = {(t.event, t.guard): t for t in TRANSITIONS}


def advance(state: State, event: type[Event], guard: type[Guard]) -> State:
    """The state that follows when the event is written by that right, or `TransitionRefused`."""
    arrow = _ARROWS.get((event, guard))
    if arrow is None or state not in arrow.sources:
        raise TransitionRefused(
            f"{event.__name__} by right of {guard.__name__} cannot happen to a job that is {state}"
        )
    return arrow.target or state


def change(event: Event) -> Change:
    """The one conditional write that records the event.

    Raises `TransitionRefused` when the table knows no such event by such a right, when a `Seen` state is not among its sources, and for
    acceptance, which creates the row instead of changing it.
    """
    kind, guard = type(event), event.guard
    arrow = _ARROWS.get((kind, type(guard)))
    if arrow is None:
        raise TransitionRefused(f"{kind.__name__} cannot be written by right of {type(guard).__name__}")
    if kind not in _WRITES:
        raise TransitionRefused(f"{kind.__name__} is an acceptance: the store's `create` records it")
    if isinstance(guard, Seen):
        advance(guard.state, kind, Seen)
    fields: dict[str, Any] = {} if arrow.target is None else {"state": arrow.target}
    write = _WRITES[kind](event)
    return Change(
        where=(*guard.clauses(), *write.where),
        set={**fields, **write.set},
        add=write.add,
        remove=write.remove,
        history=write.history,
    )


def marked(job: Job, token: str) -> bool:
    """Whether the writer with this token (an owner, or a redrive's `by`) already moved the job on from where it claimed it.

    A refused write that finds its own mark landed before and only its reply was lost.
    """
    return any(entry.by == token and entry.event not in _CLAIMS for entry in job.history)


_CLAIMS = frozenset({Claimed.name, Reclaimed.name})


def _claimed(event: Claimed | Reclaimed) -> Change:
    epoch = event.guard.epoch + 1
    return Change(
        where=(),
        set={"epoch": epoch, "owner": event.owner, "lease": event.lease},
        add={"attempts": 1},
        remove=("ready", "due"),
        history=(Entry(at=event.at, event=event.name, epoch=epoch, by=event.owner),),
    )


def _renewed(event: Renewed) -> Change:
    return Change(where=(), set={"lease": event.lease, **_given(progress=event.progress)})


def _succeeded(event: Succeeded) -> Change:
    return _settled(
        event,
        keeps_appointment=bool(event.outbox),
        result=event.result,
        outbox=event.outbox,
        removed=("error",),
    )


def _died(event: Died) -> Change:
    index: dict[str, Any] = {} if event.outbox else {"attention": "dead", "attention_at": event.at}
    # A wish that comes between the reading of a lapsed lease and this write makes it a cancellation, as it does for an attempt.
    unwished = (Missing("cancel_requested"),) if isinstance(event.guard, Lapsed) else ()
    return _settled(
        event,
        where=unwished,
        keeps_appointment=True,
        reason=event.reason,
        error=event.error,
        outbox=event.outbox,
        note=event.reason,
        **index,
    )


def _checkpointed(event: Checkpointed) -> Change:
    newest = Missing("checkpoint") if event.before is None else Equals("checkpoint", event.before)
    return Change(
        where=(newest,),
        set={"lease": event.lease, "checkpoint": event.checkpoint, **_given(progress=event.progress)},
    )


def _parked(event: Parked) -> Change:
    return Change(
        where=(),
        set={
            "attention": "due",
            "attention_at": event.check,
            "history": (*event.kept, _entry(event, event.gate)),
            **_given(ticket=event.ticket),
        },
        add={"attempts": -1},
        remove=("owner", "lease", "place"),
    )


def _requeued(event: Requeued) -> Change:
    appointment = {} if event.check is None else {"attention": "due", "attention_at": event.check}
    return Change(
        where=(),
        set={
            "ready": event.epoch,
            "history": (*event.kept, _entry(event, event.why)),
            **appointment,
            **_given(due=event.due, place=event.place, progress=event.progress),
        },
        add={"attempts": -1},
        remove=("owner", "lease", *(("place",) if event.place is None else ())),
    )


def _waited(event: Waited) -> Change:
    return Change(
        where=(),
        set={
            "awaits": event.awaits,
            "children": event.children,
            "history": (*event.kept, _entry(event, event.awaits)),
            "attempts": 0,  # it got on: a chain of a thousand steps may lose more workers than one step may
        },
        remove=("owner", "lease", "checkpoint", "error"),
    )


def _joined(event: Joined) -> Change:
    appointment = {} if event.check is None else {"attention": "due", "attention_at": event.check}
    return Change(
        where=(Equals("awaits", event.awaits),),
        set={"ready": event.guard.epoch, **appointment},
        history=(_entry(event),),
    )


def _replaced(event: Replaced) -> Change:
    epoch = event.guard.epoch + 1
    entry = Entry(at=event.at, event=event.name, epoch=epoch, by=event.by)
    return Change(
        where=(),
        set={
            "epoch": epoch,
            "ready": epoch,
            "args": event.args,
            "due": event.due,
            "history": (*event.kept, entry),
        },
        remove=("checkpoint",),
    )


def _cancelled(event: Cancelled) -> Change:
    return _settled(
        event,
        keeps_appointment=bool(event.outbox),
        note=_by(event.who),
        error=event.error,
        outbox=event.outbox,
        **_soon(event),
    )


def _by(who: str) -> str:
    """The note of what a person did."""
    return f"by {who}" if who else ""


def _expired(event: Expired) -> Change:
    return _settled(event, keeps_appointment=bool(event.outbox), outbox=event.outbox, **_soon(event))


def _soon(event: Cancelled | Expired) -> dict[str, Any]:
    """A waiting job may have an appointment in a year: what its end owes cannot wait for that."""
    waited = isinstance(event.guard, Seen) and event.outbox
    return {"attention": "due", "attention_at": event.at} if waited else {}


def _settled(
    event: Succeeded | Died | Cancelled | Expired,
    *,
    keeps_appointment: bool,
    where: tuple[Clause, ...] = (),
    removed: tuple[str, ...] = (),
    note: str = "",
    **facts: Any,
) -> Change:
    """A terminal write: nobody owns or may claim the job any more, and it may be forgotten at `forget`.

    An appointment is removed only when no outbox is left: whoever still owes something must stay in the tick's sight.
    """
    appointment = () if keeps_appointment else ("attention", "attention_at")
    return Change(
        where=where,
        set={"forget": event.forget, **_given(**facts, progress=getattr(event, "progress", None))},
        remove=("ready", "owner", "lease", "due", *appointment, *removed),
        history=(_entry(event, note),),
    )


def _retry_scheduled(event: RetryScheduled) -> Change:
    appointment = {} if event.check is None else {"attention": "due", "attention_at": event.check}
    return Change(
        where=(),
        set={
            "ready": event.epoch,
            "due": event.due,
            "error": event.error,
            **appointment,
            **_given(progress=event.progress),
        },
        remove=("owner", "lease"),
        history=(_entry(event, event.error.type),),
    )


def _released(event: Released) -> Change:
    return Change(
        where=(),
        set={"ready": event.guard.epoch, "attention": "due", "attention_at": event.check},
        history=(_entry(event),),
    )


def _cancel_requested(event: CancelRequested) -> Change:
    return Change(
        where=(Missing("cancel_requested"),),
        set={"cancel_requested": event.at},
        history=(_entry(event, _by(event.who)),),
    )


def _redriven(event: Redriven) -> Change:
    epoch = event.guard.epoch + 1
    note = ", ".join(filter(None, ("" if event.args is None else OTHER_ARGUMENTS, _by(event.who))))
    entry = Entry(at=event.at, event=event.name, epoch=epoch, by=event.by, note=note)
    return Change(
        where=(Missing("outbox"),),
        set={
            "epoch": epoch,
            "ready": epoch,
            "attempts": 0,
            "attention": "due",
            "attention_at": event.check,
            "history": (*event.kept, entry),
            **_given(args=event.args, gates=event.gates),
        },
        remove=(
            *("forget", "reason", "error", "cancel_requested", "due", "expires", "progress"),
            *("awaits", "children"),
            *(
                () if event.args is None else ("checkpoint",)
            ),  # what was begun with other arguments is not gone on with
        ),
    )


def _appointed(event: Appointed) -> Change:
    owed: tuple[Clause, ...] = (Present("outbox"),) if event.guard.state in TERMINAL else ()
    return Change(where=(Missing("attention"), *owed), set={"attention": "due", "attention_at": event.check})


def _postponed(event: Postponed) -> Change:
    owed: tuple[Clause, ...] = (Present("outbox"),) if event.guard.state in TERMINAL else ()
    seen = (Equals("attention", "due"), Equals("attention_at", event.seen))
    return Change(where=(*seen, *owed), set={"attention_at": event.check})


def _outbox_cleared(event: OutboxCleared) -> Change:
    if event.died is not None:
        return Change(
            where=(Present("outbox"),),
            set={"attention": "dead", "attention_at": event.died},
            remove=("outbox",),
        )
    return Change(where=(Present("outbox"),), remove=("outbox", "attention", "attention_at"))


def _entry(event: Event, note: str = "") -> Entry:
    """The history line. Whoever writes by a claim's right leaves its token, which begins with the claim's epoch."""
    guard = event.guard
    if isinstance(guard, Mine | Unwished):
        epoch = int(guard.owner.partition(".")[0])
        return Entry(at=event.at, event=event.name, epoch=epoch, by=guard.owner, note=note)
    epoch = 0 if isinstance(guard, Absent) else guard.epoch
    return Entry(at=event.at, event=event.name, epoch=epoch, note=note)


def _given(**facts: Any) -> dict[str, Any]:
    """Those facts that are there: an absent one leaves the attribute off the row."""
    return {name: value for name, value in facts.items() if value is not None and value != ()}


_WRITES: Mapping[type[Event], Any] = {
    Claimed: _claimed,
    Reclaimed: _claimed,
    Released: _released,
    Renewed: _renewed,
    Checkpointed: _checkpointed,
    Parked: _parked,
    Requeued: _requeued,
    Waited: _waited,
    Joined: _joined,
    Replaced: _replaced,
    Succeeded: _succeeded,
    RetryScheduled: _retry_scheduled,
    Died: _died,
    CancelRequested: _cancel_requested,
    Cancelled: _cancelled,
    Expired: _expired,
    Redriven: _redriven,
    Appointed: _appointed,
    Postponed: _postponed,
    OutboxCleared: _outbox_cleared,
}

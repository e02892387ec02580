"""Every arrow of the lifecycle as a case: a row it may leave from, the change, and all the rows that must refuse it."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from chalicelib.domain.change import Change
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
    Reclaimed,
    Redriven,
    Released,
    Renewed,
    Replaced,
    Requeued,
    RetryScheduled,
    Succeeded,
    Waited,
)
from chalicelib.domain.guards import Absent, Guard, Lapsed, Mine, Ready, Seen, Unwished
from chalicelib.domain.job import TERMINAL, Failure, Inline, Job, Progress, Reason, State
from chalicelib.domain.lifecycle import TRANSITIONS, Transition, change
from tests.contract.rows import DAY, EFFECTS, EPOCH, FORGET, MS, NOW, OWNER, SECOND, STORED, full, plain

NEXT_OWNER = f"{EPOCH + 1}.n3xtclaim0"
FAILURE = Failure(
    type="Überfehler", message="Zeile 1\nZeile 2 \x01", traceback="Traceback …\n", fingerprint="0f1e"
)
PROGRESS = Progress(fraction=0.1 + 0.2, message="", at=NOW)


@dataclass(frozen=True, kw_only=True)
class Case:
    """One arrow from one state. `refusals` says why each of its rows must refuse."""

    transition: Transition
    row: Job
    event: Event
    full: bool
    refusals: Mapping[str, Job]

    @property
    def change(self) -> Change:
        return change(self.event)

    def __str__(self) -> str:
        transition = self.transition
        row = f"full {self.row.state}" if self.full else str(self.row.state)
        return f"{transition.event.__name__} by {transition.guard.__name__} from {row}"


_EVENTS: Mapping[type[Event], Callable[[Any, Job], Event]] = {
    Released: lambda guard, _: Released(at=NOW, guard=guard, check=NOW + SECOND),
    Claimed: lambda guard, _: Claimed(at=NOW, guard=guard, owner=NEXT_OWNER, lease=NOW + DAY),
    Reclaimed: lambda guard, _: Reclaimed(at=NOW, guard=guard, owner=NEXT_OWNER, lease=NOW + DAY),
    Renewed: lambda guard, _: Renewed(at=NOW, guard=guard, lease=NOW + DAY, progress=PROGRESS),
    Succeeded: lambda guard, _: Succeeded(
        at=NOW, guard=guard, result=STORED, forget=FORGET, outbox=EFFECTS, progress=PROGRESS
    ),
    RetryScheduled: lambda guard, row: RetryScheduled(
        at=NOW,
        guard=guard,
        epoch=row.epoch,
        due=NOW + DAY,
        error=FAILURE,
        check=NOW + DAY - SECOND,
        progress=PROGRESS,
    ),
    Died: lambda guard, _: Died(
        at=NOW, guard=guard, reason=Reason.TIMED_OUT, error=FAILURE, forget=FORGET, progress=PROGRESS
    ),
    CancelRequested: lambda guard, _: CancelRequested(at=NOW, guard=guard),
    Cancelled: lambda guard, _: Cancelled(
        at=NOW, guard=guard, forget=FORGET, error=FAILURE, progress=PROGRESS
    ),
    Expired: lambda guard, _: Expired(at=NOW, guard=guard, forget=FORGET),
    Redriven: lambda guard, row: Redriven(
        at=NOW, guard=guard, by="t0ken0t0ke", check=NOW + SECOND, kept=row.history[-40:]
    ),
    Appointed: lambda guard, _: Appointed(at=NOW, guard=guard, check=NOW),
    Postponed: lambda guard, row: Postponed(
        at=NOW, guard=guard, seen=row.attention_at or NOW, check=NOW + DAY
    ),
    Checkpointed: lambda guard, row: Checkpointed(
        at=NOW,
        guard=guard,
        lease=NOW + DAY,
        before=row.checkpoint,
        checkpoint=Inline(json="[1]"),
        progress=PROGRESS,
    ),
    Parked: lambda guard, row: Parked(
        at=NOW, guard=guard, gate="slots stripe", check=NOW + DAY, kept=row.history[-40:], ticket=7
    ),
    Requeued: lambda guard, row: Requeued(
        at=NOW,
        guard=guard,
        epoch=row.epoch,
        why="rate stripe",
        kept=row.history[-40:],
        due=NOW + DAY,
        check=NOW + SECOND,
        place=7,
        progress=PROGRESS,
    ),
    Waited: lambda guard, row: Waited(at=NOW, guard=guard, awaits="0-", children=7, kept=row.history[-40:]),
    Joined: lambda guard, row: Joined(at=NOW, guard=guard, awaits=row.awaits or "0.1", check=NOW + SECOND),
    Replaced: lambda guard, row: Replaced(
        at=NOW, guard=guard, by="t0ken0t0ke", args=STORED, due=NOW + DAY, kept=row.history[-40:]
    ),
    OutboxCleared: lambda guard, row: OutboxCleared(
        at=NOW, guard=guard, died=NOW if row.state is State.DEAD else None
    ),
}

_BEFORE: Mapping[type[Event], Callable[[Job], dict[str, Any]]] = {
    Appointed: lambda row: {"attention": None, "attention_at": None, **_owing(row)},
    Postponed: lambda row: {"attention": "due", "attention_at": NOW - SECOND, **_owing(row)},
    OutboxCleared: lambda row: {"attention": "due", "attention_at": NOW - SECOND, **_owing(row)},
}
"""What must be so of the row beside its state, before this event can happen to it."""


def _owing(row: Job) -> dict[str, Any]:
    return {"outbox": EFFECTS} if row.state in TERMINAL else {}


def _guard(kind: type[Guard], row: Job) -> Guard:
    if kind is Ready:
        return Ready(epoch=row.epoch)
    if kind is Mine:
        return Mine(owner=OWNER)
    if kind is Unwished:
        return Unwished(owner=OWNER)
    if kind is Lapsed:
        return Lapsed(epoch=row.epoch, now=NOW)
    return Seen(state=row.state, epoch=row.epoch)


def _lapsed(kind: type[Guard]) -> dict[str, Any]:
    return {"lease": NOW - MS} if kind is Lapsed else {}


def cases() -> Iterator[Case]:
    """Each arrow from each of its states: once from a plain row, once from a row with every field in use.

    The refusals go with the plain one: a condition reads few fields.
    """
    for transition in TRANSITIONS:
        if transition.guard is Absent:
            continue
        for state in sorted(transition.sources):
            for kind in (plain, full):
                row = kind(state)
                before = _BEFORE.get(transition.event, lambda _: {})(row)
                row = replace(row, **before, **_lapsed(transition.guard))
                event = _EVENTS[transition.event](_guard(transition.guard, row), row)
                refusals = dict(_refusals(transition, row)) if kind is plain else {}
                yield Case(transition=transition, row=row, event=event, full=kind is full, refusals=refusals)


def _refusals(transition: Transition, row: Job) -> Iterator[tuple[str, Job]]:
    """Rows that are like the case's but for one thing."""
    yield from _other_states(transition, row)
    yield from _by_guard(transition.guard, row)
    yield from _by_event(transition.event, row)


def _other_states(transition: Transition, row: Job) -> Iterator[tuple[str, Job]]:
    own = transition.sources if transition.guard is not Seen else {row.state}
    for state in sorted(set(State) - set(own)):
        other = plain(state)
        yield f"it is {state}", other
        if state in TERMINAL:
            yield f"it is {state} and owes something", replace(other, outbox=EFFECTS)


def _by_guard(kind: type[Guard], row: Job) -> Iterator[tuple[str, Job]]:
    newer = row.epoch + 1
    marks = {
        "ready": newer if row.ready is not None else None,
        "owner": f"{newer}.0therclaim" if row.owner else None,
    }
    yield "a newer epoch", replace(row, epoch=newer, **marks)
    if kind in (Mine, Unwished):
        yield "another claim of the same epoch", replace(row, owner=f"{row.epoch}.0therclaim")
        yield "nobody's", replace(row, owner=None, lease=None)
    if kind is Unwished:
        yield "a wish to cancel", replace(row, cancel_requested=NOW)
    if kind is Lapsed:
        yield "a lease that ends now", replace(row, lease=NOW)
        yield "a lease that holds", replace(row, lease=NOW + MS)


def _by_event(kind: type[Event], row: Job) -> Iterator[tuple[str, Job]]:
    settled = replace(row, outbox=())
    if kind in (Appointed, Postponed) and row.state in TERMINAL:
        yield "it owes nothing", settled
    if kind is Appointed:
        yield "it has an appointment", replace(row, attention="due", attention_at=NOW + DAY)
    if kind is Postponed:
        yield "its appointment was moved", replace(row, attention_at=NOW - SECOND + MS)
        yield "it has no appointment", replace(row, attention=None, attention_at=None)
        yield "it is among the dead", replace(row, attention="dead")
    if kind is Checkpointed:
        yield "a newer checkpoint", replace(row, checkpoint=Inline(json="[2]"))
    if kind is Joined:
        yield "it waits for another step by now", replace(row, awaits="0.2")
    if kind is OutboxCleared:
        yield "nothing is owed any more", settled
    if kind is Redriven:
        yield "it still owes something", replace(row, outbox=EFFECTS)

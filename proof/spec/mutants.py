"""Broken variants of the protocol. Each must break an invariant in one of the models; those marked harmless must not: they show which
rules hold the promises and which only save time or money.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

from chalicelib.domain.change import Change, Equals, Missing, Present
from chalicelib.domain.events import (
    Appointed,
    Cancelled,
    Claimed,
    Died,
    Event,
    OutboxCleared,
    Postponed,
    Reclaimed,
    Redriven,
    RetryScheduled,
    Succeeded,
)
from chalicelib.domain.guards import Lapsed, Mine, Ready, Seen, Unwished
from chalicelib.domain.job import State
from proof.spec.core import Core
from proof.spec.law import Edit
from proof.spec.rules import Rules
from proof.spec.search import Model


@dataclass(frozen=True, kw_only=True, slots=True)
class Mutant:
    """One variant, and the model in which to look for its harm. `harmless`: why it is none."""

    name: str
    why: str
    config: str
    rules: Rules
    model: Callable[[Rules], Model]
    harmless: str = ""


def _without(made: Change, *fields: str, kind: type[Any] = object) -> Change:
    """The change without its clauses on these fields (of that kind)."""
    return replace(made, where=tuple(c for c in made.where if not (c.field in fields and isinstance(c, kind))))


def _when(kinds: type[Event] | tuple[type[Event], ...], guards: Any, hand: Callable[[Event, Change], Change]) -> Edit:
    """An edit of the changes of some events by some right."""
    return lambda event, made: hand(event, made) if isinstance(event, kinds) and isinstance(event.guard, guards) else made


ANY = Event
FENCE = (Mine, Unwished)


def _core(rules: Rules) -> Model:
    return Core(rules, faults=1)


def _redrive_resets(_: Event, made: Change) -> Change:
    return replace(made, set={**made.set, "epoch": 0, "ready": 0})


def _late_count(event: Event, made: Change) -> Change:
    return replace(made, add={"attempts": 1} if isinstance(event, RetryScheduled) else {})


def _unremoved(field: str) -> Callable[[Event, Change], Change]:
    return lambda _, made: replace(made, remove=tuple(name for name in made.remove if name != field))


def _unset(*fields: str) -> Callable[[Event, Change], Change]:
    return lambda _, made: replace(made, set={k: v for k, v in made.set.items() if k not in fields})


def _loose(*fields: str, kind: type[Any] = object) -> Callable[[Event, Change], Change]:
    return lambda _, made: _without(made, *fields, kind=kind)


def _by_state(_: Event, made: Change) -> Change:
    return replace(_without(made, "owner"), where=(Equals("state", State.RUNNING), *_without(made, "owner").where))


def _by_epoch(event: Event, made: Change) -> Change:
    """The owner without its token: whoever has the epoch."""
    return made


CORE = (
    ("no_fence", "settlements without a condition", _when(ANY, FENCE, _loose("owner"))),
    ("fence_on_state_only", "settlements conditional on RUNNING alone", _when(ANY, FENCE, _by_state)),
    ("ready_kept_at_claim", "`ready` not removed by a claim", _when(Claimed, Ready, _unremoved("ready"))),
    ("claim_on_state_only", "claims conditional on QUEUED or RETRYING as read, not on the epoch", None),
    ("attempts_counted_at_failure", "a claim that kills its worker is never counted", _when((Claimed, Reclaimed, RetryScheduled), object, _late_count)),
    ("redrive_resets_epoch", "the epoch begins again at 0", _when(Redriven, Seen, _redrive_resets)),
    ("redrive_keeps_attempts", "no attempts in the next life", _when(Redriven, Seen, _unset("attempts"))),
    ("redrive_without_ready", "a redriven job that nobody may claim", _when(Redriven, Seen, _unset("ready"))),
    ("retry_without_ready", "a retrying job that nobody may claim", _when(RetryScheduled, Unwished, _unset("ready"))),
    ("redrive_on_id_only", "a redrive without a condition", _when(Redriven, Seen, _loose("state", "epoch"))),
    ("wish_ignored_by_retry", "a retry does not test the wish to cancel", _when(RetryScheduled, Unwished, _loose("cancel_requested"))),
    ("wish_ignored_by_death", "a death does not test the wish to cancel", _when(Died, Unwished, _loose("cancel_requested"))),
    ("wish_ignored_by_loss", "the end of a lost attempt does not test the wish", _when(Died, Lapsed, _loose("cancel_requested"))),
    ("cancel_on_id_only", "a cancellation without a condition", _when(Cancelled, Seen, _loose("state", "epoch"))),
    ("cancel_on_state_only", "a cancellation that does not test the epoch", _when(Cancelled, Seen, _loose("epoch"))),
    ("takeover_without_epoch", "a lapsed lease taken over whoever holds the row by now", _when(Reclaimed, Lapsed, _loose("epoch"))),
    ("loss_without_epoch", "a lost attempt ended whoever holds the row by now", _when(Died, Lapsed, _loose("epoch"))),
    ("owner_kept_at_retry", "`owner` stays after the attempt", _when(RetryScheduled, Unwished, _unremoved("owner"))),
)

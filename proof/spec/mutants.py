"""Broken variants of the protocol. Each must break an invariant in one of the models; those marked harmless must not: they show which
rules hold the promises and which only save time or money.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

from chalicelib.domain.change import Change, Equals
from chalicelib.domain.events import (
    Appointed,
    Cancelled,
    Checkpointed,
    Claimed,
    Died,
    Event,
    OutboxCleared,
    Parked,
    Reclaimed,
    Redriven,
    Released,
    Replaced,
    Requeued,
    RetryScheduled,
    Succeeded,
)
from chalicelib.domain.guards import Lapsed, Mine, Ready, Seen, Unwished
from chalicelib.domain.job import State
from proof.spec.appointments import Appointments
from proof.spec.core import Core
from proof.spec.effects import Effects
from proof.spec.joins import Joins
from proof.spec.keys import Keys
from proof.spec.law import Edit
from proof.spec.rules import Rules
from proof.spec.search import Model, Result, Search
from proof.spec.watermark import Watermark


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
    return replace(
        made, where=tuple(c for c in made.where if not (c.field in fields and isinstance(c, kind)))
    )


def _when(
    kinds: type[Event] | tuple[type[Event], ...], guards: Any, hand: Callable[[Event, Change], Change]
) -> Edit:
    """An edit of the changes of some events by some right."""
    return lambda event, made: (
        hand(event, made) if isinstance(event, kinds) and isinstance(event.guard, guards) else made
    )


ANY = Event
FENCE = (Mine, Unwished)


def _redrive_resets(_: Event, made: Change) -> Change:
    return replace(made, set={**made.set, "epoch": 0, "ready": 0})


def _late_count(event: Event, made: Change) -> Change:
    return replace(made, add={"attempts": 1} if isinstance(event, RetryScheduled) else {})


def _unremoved(*fields: str) -> Callable[[Event, Change], Change]:
    return lambda _, made: replace(made, remove=tuple(name for name in made.remove if name not in fields))


def _unset(*fields: str) -> Callable[[Event, Change], Change]:
    return lambda _, made: replace(made, set={k: v for k, v in made.set.items() if k not in fields})


def _loose(*fields: str, kind: type[Any] = object) -> Callable[[Event, Change], Change]:
    return lambda _, made: _without(made, *fields, kind=kind)


def _by_state(_: Event, made: Change) -> Change:
    return replace(
        _without(made, "owner"), where=(Equals("state", State.RUNNING), *_without(made, "owner").where)
    )


def _dead_at_once(event: Event, made: Change) -> Change:
    return replace(made, set={**made.set, "attention": "dead", "attention_at": event.at})


def _shuns_the_sweep(_: Event, made: Change) -> Change:
    kept = {name: value for name, value in made.set.items() if name not in ATTENTION}
    return replace(
        made, set=kept, remove=(*made.remove, *(name for name in ATTENTION if name not in made.remove))
    )


ATTENTION = ("attention", "attention_at")
ROW = ("state", "epoch")


def _same_epoch(_: Event, made: Change) -> Change:
    epoch = made.set["epoch"] - 1
    return replace(made, set={**made.set, "epoch": epoch, "ready": epoch})


def _core(rules: Rules) -> Model:
    return Core(rules, faults=1)


def _given(rules: Rules) -> Model:
    return Core(rules, faults=1, gives=2, redrives=0)


def _replaced(rules: Rules) -> Model:
    return Core(rules, faults=1, replaces=2, redrives=0)


def _checkpoints(rules: Rules) -> Model:
    return Core(rules, faults=1, gives=1, cancels=0, redrives=0, checkpoints=True)


def _parked(rules: Rules) -> Model:
    return Appointments(rules, faults=0, redrives=0, attempts=2, gives=1)


def _doors(rules: Rules) -> Model:
    return Watermark(rules, jobs=1, doors=2, ticks=1, faults=1)


def _one(rules: Rules) -> Model:
    return Watermark(rules, jobs=1, doors=1, ticks=1, faults=1)


def _ticks(rules: Rules) -> Model:
    return Watermark(rules, jobs=1, doors=1, ticks=2, faults=0)


def _alone(rules: Rules) -> Model:
    return Appointments(rules, faults=1, redrives=1, attempts=2)


def _brief(rules: Rules) -> Model:
    return Appointments(rules, faults=1, redrives=0, attempts=2)


def _late(rules: Rules) -> Model:
    return Appointments(rules, workers=2, faults=1, redrives=0, attempts=2)


def _effects(rules: Rules) -> Model:
    return Effects(rules, faults=1)


def _keys(rules: Rules) -> Model:
    return Keys(rules)


def _joins(rules: Rules) -> Model:
    return Joins(rules, pages=(0, 1), faults=1, cancels=1)


def _lost(rules: Rules) -> Model:
    return Joins(rules, pages=(0,), faults=1, cancels=1)


def _prompt(rules: Rules) -> Model:
    return Joins(rules, pages=(0, 0), faults=1, dies="nobody", looks=False)


def _tellers(rules: Rules) -> Model:
    return Joins(rules, pages=(0, 0), faults=1, dies="tellers", looks=False)


def _hasty(rules: Rules) -> Model:
    return Joins(rules, pages=(0, 0), faults=0, looks=False, hasty=True, bads=1, stuck=True)


def _lives(rules: Rules) -> Model:
    return Joins(rules, pages=(0, 1), faults=0, redrives=1, bads=1, hasty=True)


def _of(config: str, model: Callable[[Rules], Model], *variants: tuple[Any, ...]) -> tuple[Mutant, ...]:
    """(name, what is wrong, an edit of the law or the rules that are broken, and for a harmless one why it is)."""
    return tuple(
        Mutant(name=name, why=why, config=config, model=model, harmless="".join(harmless),
               rules=Rules(edit=broken) if callable(broken) else Rules(**broken))
        for name, why, broken, *harmless in variants
    )  # fmt: skip


MUTANTS: tuple[Mutant, ...] = (
    *_of(
        "core", _core,
        ("no_fence", "settlements without a condition", _when(ANY, FENCE, _loose("owner"))),
        ("fence_on_state_only", "settlements conditional on RUNNING alone", _when(ANY, FENCE, _by_state)),
        ("ready_kept_at_claim", "a claim does not remove `ready`", _when(Claimed, Ready, _unremoved("ready"))),
        ("owner_per_invocation", "one token for all claims of a consumer", {"token_per_claim": False}),
        ("owner_kept_at_retry", "`owner` stays after the attempt", _when(RetryScheduled, Unwished, _unremoved("owner"))),
        ("takeover_without_epoch", "a lapsed lease is taken over whoever holds the row by now", _when(Reclaimed, Lapsed, _loose("epoch"))),
        ("loss_without_epoch", "a lost attempt is ended whoever holds the row by now", _when(Died, Lapsed, _loose("epoch"))),
        ("attempts_counted_at_failure", "a claim whose worker dies never counts", _when((Claimed, Reclaimed, RetryScheduled), object, _late_count)),
        ("attempts_never_end", "a lapsed lease is taken over whatever the attempts", {"losses_end": False}),
        ("retry_without_ready", "a retrying job that nobody may claim", _when(RetryScheduled, Unwished, _unset("ready"))),
        ("redrive_without_ready", "a redriven job that nobody may claim", _when(Redriven, Seen, _unset("ready"))),
        ("redrive_resets_epoch", "the epoch begins again at 0", _when(Redriven, Seen, _redrive_resets)),
        ("redrive_keeps_attempts", "no attempts in the next life", _when(Redriven, Seen, _unset("attempts"))),
        ("redrive_on_id_only", "a redrive without a condition", _when(Redriven, Seen, _loose(*ROW))),
        ("wish_ignored_by_retry", "a retry does not test the wish to cancel", _when(RetryScheduled, Unwished, _loose("cancel_requested"))),
        ("wish_ignored_by_death", "a death does not test the wish to cancel", _when(Died, Unwished, _loose("cancel_requested"))),
        ("wish_ignored_by_loss", "the end of a lost attempt does not test the wish", _when(Died, Lapsed, _loose("cancel_requested"))),
        ("wish_ignored_by_takeover", "a claim that finds a wish runs the job, and fails for ever", {"wish_heeded": False}),
        ("cancel_on_id_only", "a cancellation without a condition", _when(Cancelled, Seen, _loose(*ROW))),
        ("cancel_on_state_only", "a cancellation that does not test the epoch", _when(Cancelled, Seen, _loose("epoch"))),
    ),
    *_of(
        "core", _given,
        ("park_without_fence", "a job is parked without a condition", _when(Parked, Unwished, _loose("owner"))),
        ("park_keeps_owner", "`owner` stays after parking", _when(Parked, Unwished, _unremoved("owner"))),
        ("park_uses_an_attempt", "waiting for a turn uses up attempts", _when((Parked, Requeued), Unwished, lambda _, made: replace(made, add={}))),
        ("wish_ignored_by_parking", "parking does not test the wish to cancel", _when(Parked, Unwished, _loose("cancel_requested"))),
        ("wish_ignored_by_requeue", "going on elsewhere does not test the wish", _when(Requeued, Unwished, _loose("cancel_requested"))),
        ("requeue_without_fence", "a job is given back without a condition", _when(Requeued, Unwished, _loose("owner"))),
        ("requeue_without_ready", "a job given back that nobody may claim", _when(Requeued, Unwished, _unset("ready"))),
        ("release_without_epoch", "a release does not test the epoch", _when(Released, Seen, _loose("epoch"))),
        ("release_on_id_only", "a release without a condition", _when(Released, Seen, _loose(*ROW))),
    ),
    *_of(
        "core", _replaced,
        ("replace_on_id_only", "a replacement without a condition", _when(Replaced, Seen, _loose(*ROW))),
        ("replace_on_state_only", "a replacement that does not test the epoch", _when(Replaced, Seen, _loose("epoch"))),
        ("replace_without_epoch", "a replaced job keeps its epoch: messages of before start it early", _when(Replaced, Seen, _same_epoch)),
    ),
    *_of(
        "core", _checkpoints,
        ("checkpoint_without_fence", "whoever ran the job writes where to go on", _when(Checkpointed, Mine, _loose("owner"))),
        ("checkpoint_by_state", "a checkpoint tests only that the job runs", _when(Checkpointed, Mine, _by_state)),
    ),
    *_of(
        "sweep", _parked,
        ("park_without_appointment", "a parked job is in nobody's sight", _when(Parked, Unwished, _unset(*ATTENTION))),
        ("requeue_keeps_old_appointment", "a job given back does not move its appointment", _when(Requeued, Unwished, _unset(*ATTENTION)),
         "the tick comes early, sees that the job is not due, and comes again"),
    ),
    *_of(
        "sweep", _doors,
        ("answer_before_row", "202 before the row exists", {"row_first": False}),
        ("no_second_look", "who puts a row never looks at the clock", {"second_look": False, "put_late_appointed": False}),
        ("look_before_put", "who puts a row looks at the clock only before it", {"second_look": False}),
        ("no_look_if_found", "who finds the row there does not look", {"look_if_found": False}),
        ("grace_too_small", "G below L plus what clocks differ by", {"grace": 1}),
        ("watermark_before_appointing", "the watermark moves first", {"appoint_first": False}),
        ("watermark_after_failed_listing", "a partition that cannot be read counts as empty", {"failure_stops": False}),
        ("stale_listing", "the listing is not consistent", {"consistent": False}),
        ("clock_after_listing", "the goal is read from the clock after the listing", {"goal_first": False}),
        ("appoints_the_finished", "an appointment without the condition: unfinished", _when(Appointed, Seen, _loose(*ROW))),
    ),
    *_of(
        "sweep", _one,
        ("no_look_before_put", "a row that is late before its put is put without an appointment", {"put_late_appointed": False},
         "only who dies between the put and the second look leaves it so, and they have answered nobody: who is asked again looks again"),
    ),
    *_of(
        "sweep", _ticks,
        ("watermark_unconditional", "the watermark is moved whatever it is now", {"compare_and_set": False},
         "it can only fall back to where somebody has appointed everything before: rows are read again, none is missed"),
    ),
    *_of(
        "sweep", _brief,
        ("no_sweep", "no visit by time", {"sweeps": False}),
        ("postpone_before_wake", "the appointment is moved before the message is sent", {"wake_first": False}),
        ("appointment_kept_by_success", "a success leaves its appointment", _when(Succeeded, Mine, _unremoved(*ATTENTION))),
        ("takes_over_live_leases", "nobody tests whether the lease is over", {"lease_tested": False, "edit": _when(ANY, Lapsed, _loose("lease"))}),
        ("retry_message_at_once", "the retry's message is sent without its delay", {"messages_wait": False}),
        ("due_not_tested_after_refusal", "a refused claim takes a job that is not due", {"due_tested": False}),
        ("acknowledged_first", "the message is acknowledged on receipt", {"early_ack": True}, "a message is only a wake-up: the sweep holds the job"),
        ("own_mark_unknown", "an own settlement whose reply was lost is taken as fenced", {"mark_known": False},
         "the sweep wakes the retry, later than its own message would"),
        ("retry_keeps_old_appointment", "a retry does not move its appointment", _when(RetryScheduled, Unwished, _unset(*ATTENTION)),
         "the tick comes early, sees that the job is not due, and comes again"),
    ),
    *_of(
        "sweep", _alone,
        ("redrive_without_appointment", "a redrive sets no next_check", _when(Redriven, Seen, _unset(*ATTENTION))),
    ),
    *_of(
        "sweep", _late,
        ("lapsed_woken_with_own_epoch", "a lapsed attempt is woken with its own epoch: starts its retry early", {"wake_older": False}),
    ),
    *_of(
        "effects", _effects,
        ("clear_unconditional", "the outbox is cleared whoever's it is", _when(OutboxCleared, Seen, _loose(*ROW, "outbox"))),
        ("clear_on_state_only", "clearing does not test the epoch", _when(OutboxCleared, Seen, _loose("epoch"))),
        ("clear_before_perform", "the outbox is cleared first", {"perform_first": False}),
        ("effect_id_by_chance", "an effect's id is not made from (job, epoch, slot)", {"fixed_ids": False}),
        ("redrive_with_outbox", "a redrive does not wait for the outbox", {"outbox_first": False, "edit": _when(Redriven, Seen, _loose("outbox"))}),
        ("success_removes_appointment", "a success that owes something leaves the sweep", _when(Succeeded, Mine, _shuns_the_sweep)),
        ("death_removes_appointment", "a death that owes something is filed under the dead", _when(Died, (Unwished, Lapsed), _dead_at_once)),
        ("own_mark_unknown_to_effects", "an own settlement whose reply was lost is taken as fenced", {"mark_known": False},
         "the sweep performs the outbox"),
    ),
    *_of(
        "effects", _keys,
        ("key_after_row", "the key is written after the row", {"key_first": False}),
        ("key_overwritten", "a key that is held is taken over", {"key_held": False}),
        ("key_not_shared", "who finds the key held uses an id of their own", {"key_shared": False}),
        ("request_not_compared", "another request with the same key is answered", {"request_compared": False}),
    ),
    *_of(
        "joins", _joins,
        ("join_unconditional", "the join is written whatever the parent is", {"join_conditional": False}),
        ("children_before_page", "ids have the time of the attempt that makes them", {"page_first": False}),
    ),
    *_of(
        "joins", _lost,
        ("look_without_children", "the parent's appointment does not look for ends that nobody told", {"looks_for_children": False}),
        ("in_vain_never", "a claim does not ask whether anybody waits", {"vain_seen": False}),
    ),
    *_of(
        "joins", _prompt,
        ("join_by_counter", "children are counted, not numbered", {"numbered": False}),
        ("join_by_own_change", "complete is what my own write changed", {"returned_set": False}),
    ),
    *_of(
        "joins", _tellers,
        ("close_before_waited", "the book is closed before the parent waits, and nobody looks after that", {"closed_last": False}),
        ("close_without_look", "who closes the book does not look whether it is complete", {"closed_looks": False}),
        ("tell_once", "a child's message that comes again tells nothing", {"told_again": False}),
    ),
    *_of(
        "joins", _hasty,
        ("hasty_unseen_at_close", "a child that was bad before anybody waited is not seen", {"hasty_seen": False}),
    ),
    *_of(
        "joins", _lives,
        ("join_without_life", "a child of an earlier life lets the parent go on", {"join_awaits": False}),
        ("kept_ignored", "a page does not say which places an earlier life stands for", {"kept_known": False}),
    ),
)  # fmt: skip


def hunt(mutant: Mutant, *, budget: float) -> Result:
    """Search a mutant: first for what it does to jobs, and only if that is nothing for rows that look wrong."""
    result = Search(mutant.model(replace(mutant.rules, shapes=False)), budget=budget).run()
    if result.found is None and not mutant.harmless:
        result = Search(mutant.model(mutant.rules), budget=budget).run()
    return result

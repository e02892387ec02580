"""Broken locks and limits at the door: which job stands for requests that are alike, and how many are let in."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from chalicelib.domain.events import Replaced
from chalicelib.domain.job import State
from chalicelib.pipeline import pointer, throttle, unique
from proof.simulation.mutants.registry import Patch, inside, mutant, write


@mutant(
    "a pointer whose row was not put yet is taken for an old one", leaning="unique", rates={"error": 0.08}
)
def pointer_not_believed() -> Sequence[Patch]:
    return [(pointer.Pointer, "young", lambda *_: False)]


@mutant("a pointer is believed without a look at its row's state", leaning="unique")
def pointer_believed_for_ever() -> Sequence[Patch]:
    return [(unique, "holds", lambda *_: True)]


@mutant("a pointer is written over, whatever it says by now", leaning="unique", latency=1500)
def pointer_overwritten() -> Sequence[Patch]:
    old = inside(unique).point

    def careless(spot: Any, asked: Any, **how: Any) -> Any:
        if how["seen"] is None:
            return old(spot, asked, **how)
        edit = inside(pointer).Edit(set={"job": asked.job_id, "mark": asked.mark})
        how["parts"].items.write(spot, edit)
        return None

    return [(unique, "point", careless)]


@mutant("a job that runs keeps no other one from being made", leaning="unique")
def unique_while_queued_only() -> Sequence[Patch]:
    old = unique.holds

    def only_waiting(policy: Any, row: Any, *rest: Any) -> bool:
        return row.state is not State.RUNNING and old(policy, row, *rest)

    return [(unique, "holds", only_waiting)]


@mutant("arguments are replaced without a new epoch", leaning="debounce")
def replaced_without_epoch() -> Sequence[Patch]:
    def same(old: Any, event: Any) -> Any:
        return {**old, "epoch": event.guard.epoch, "ready": event.guard.epoch}

    return [write(Replaced, set=same)]


@mutant("a later request does not put the job off", leaning="debounce")
def debounce_keeps_due() -> Sequence[Patch]:
    return [write(Replaced, set=lambda old, _: {name: value for name, value in old.items() if name != "due"})]


@mutant("a place is taken without asking whether somebody was faster", leaning="throttle", latency=1500)
def throttle_unconditional() -> Sequence[Patch]:
    old = throttle._edit  # noqa: SLF001
    return [(throttle, "_edit", lambda *args: replace(old(*args), where=((),)))]


@mutant("places count for half of the period", leaning="throttle")
def throttle_half_a_period() -> Sequence[Patch]:
    old = throttle.taken
    return [(throttle, "taken", lambda fields, now, per: old(fields, now, per / 2))]

"""Broken gates: who may start, and when."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any

from chalicelib.domain.events import Requeued
from chalicelib.pipeline import admission, rate
from proof.simulation.mutants.registry import Patch, inside, mutant, write


@mutant(
    "a moment is taken without asking whether it is still free",
    leaning="rate",
    latency=60,
    scripts=("ok",),
    rates={"pause_before": 0.0, "pause_after": 0.0, "late": 0.0},
)
def moment_taken_twice() -> Sequence[Patch]:
    old = rate._start  # noqa: SLF001

    def unconditional(numbers: Any, place: Any, now: int) -> Any:
        edit = old(numbers, place, now)
        free = max(numbers.free, now - numbers.allowance) + numbers.pace
        return replace(edit, where=((),), set={**edit.set, "free": free}, add={})

    return [(rate, "_start", unconditional)]


@mutant(
    "whoever comes back starts, whoever else came late",
    leaning="rate",
    scripts=("ok",),
    rates={"pause_before": 0.0, "pause_after": 0.0, "late": 0.0},
)
def place_is_a_start() -> Sequence[Patch]:
    old = rate.ask

    def trusting(*args: Any, place: Any, **rest: Any) -> Any:
        if place is not None:
            return rate.Start(at=rest["parts"].world.now())
        return old(*args, place=place, **rest)

    return [(inside(admission).rate, "ask", trusting)]


@mutant(
    "a pause saves up more than the burst",
    leaning="rate",
    scripts=("ok", "ok"),
    rates={"pause_before": 0.0, "pause_after": 0.0, "late": 0.0},
)
def burst_without_bound() -> Sequence[Patch]:
    old = rate._numbers  # noqa: SLF001
    more = int(timedelta(minutes=1) / timedelta(microseconds=1))
    return [(rate, "_numbers", lambda *args: replace(old(*args), allowance=more))]


@mutant("waiting for a turn uses up attempts", leaning="rate")
def waiting_costs_an_attempt() -> Sequence[Patch]:
    return [write(Requeued, add=lambda *_: {})]


@mutant("who is too early asks again at once", leaning="rate", scripts=("ok",))
def rate_asked_again_and_again() -> Sequence[Patch]:
    return [write(Requeued, set=lambda old, event: {**old, "due": event.at})]

"""Broken gates: who may start, and when."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any

from chalicelib.domain.events import Requeued
from chalicelib.domain.job import State
from chalicelib.pipeline import admission, rate, slots, turns, waiting_list
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


@mutant(
    "a slot is given back whoever has it by now",
    leaning="slots",
    zombies=True,
    rates={"pause_before": 0.08, "late": 0.15},
)
def slot_freed_for_another() -> Sequence[Patch]:
    old, free = slots._give, slots._FREE  # noqa: SLF001

    def careless(place: Any, number: int, where: Any, waiting: Any, **rest: Any) -> Any:
        return old(place, number, where if where == free else (), waiting, **rest)

    return [(slots, "_give", careless)]


@mutant("a slot is taken without asking whether it is still free", leaning="slots", latency=1500)
def slot_taken_unconditionally() -> Sequence[Patch]:
    old = slots._edit  # noqa: SLF001
    return [(slots, "_edit", lambda _, *rest: old(((),), *rest))]


@mutant(
    "a slot whose time is over is free, whoever says so",
    leaning="slots",
    skew=120_000,
    scripts=("slow", "talk", "obey"),
)
def slot_over_by_any_clock() -> Sequence[Patch]:
    return [(slots, "_alive", lambda *_: False)]


@mutant("a slot is free once its row has another state, though it runs", leaning="slots")
def slot_of_a_running_job_free() -> Sequence[Patch]:
    def any_time(found: Any, limit: int, **_: Any) -> Any:
        return [number for number in range(limit) if number not in found] or list(found)[:1]

    return [(slots, "free_numbers", any_time)]


@mutant(
    "nobody looks after those who wait but themselves",
    leaning="slots",
    rates={"crash_after": 0.08, "crash_before": 0.08},
)
def waiting_unwatched() -> Sequence[Patch]:
    return [(waiting_list, "watch", lambda *_, **__: None)]


@mutant("who parks does not look once more, and nobody looks for him", leaning="slots")
def parked_without_second_look() -> Sequence[Patch]:
    return [(slots, "second_look", lambda *_, **__: None), (waiting_list, "watch", lambda *_, **__: None)]


@mutant("who leaves a slot wakes nobody, and nobody else does", leaning="slots")
def slot_left_in_silence() -> Sequence[Patch]:
    return [(waiting_list, "waiters", lambda *_, **__: [])]


@mutant("nobody asks whose turn it is", leaning="order")
def turn_not_asked() -> Sequence[Patch]:
    return [(turns, "ask", lambda *_, **__: None)]


@mutant(
    "a job that failed lets the next one pass, though its group is to be held",
    leaning="order",
    scripts=("fail:1", "fail:2", "ok", "retry:30"),
)
def group_not_held() -> Sequence[Patch]:
    return [(turns, "_skips", lambda *_: True)]


@mutant("a number is taken off while its job waits", leaning="order", scripts=("slow", "ok", "brisk"))
def number_void_while_waiting() -> Sequence[Patch]:
    return [(turns, "_void", lambda _, row, __: row is None or row.state is not State.RUNNING)]

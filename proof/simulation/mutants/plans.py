"""Broken schedules: which fires have a job."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from chalicelib.pipeline import fire, schedule_change, schedule_item
from chalicelib.pipeline.ids import RANDOM_BYTES, make_id
from proof.simulation.mutants.registry import Patch, inside, mutant


@mutant(
    "a fire's job has an id of its own each time",
    leaning="schedules",
    rates={"lost": 0.08, "crash_after": 0.08},
    tickers=2,
)
def fire_id_by_chance() -> Sequence[Patch]:
    old = inside(fire).put

    def fresh(schedule: Any, ids: Any, *, parts: Any) -> Any:
        from proof.simulation.clockwork import current

        chance = current().clock.monitor._fate.chance  # noqa: SLF001
        return old(
            schedule,
            [one[:10] + make_id(parts.world.now(), chance.randbytes(RANDOM_BYTES))[10:] for one in ids],
            parts=parts,
        )

    return [(fire, "put", fresh)]


@mutant(
    "what is owed is not written down before it is put",
    leaning="schedules",
    rates={"error": 0.08, "crash_before": 0.08},
)
def next_fire_before_owed() -> Sequence[Patch]:
    old = fire._decided  # noqa: SLF001

    def forgetful(schedule: Any, next_fire: Any, now: Any, horizon: Any) -> Any:
        after = old(schedule, next_fire, now, horizon)
        return replace(after, owes=())

    return [(fire, "_decided", forgetful)]


@mutant(
    "a fire is struck off before its job is put",
    leaning="schedules",
    rates={"crash_after": 0.08, "error": 0.08},
)
def struck_off_first() -> Sequence[Patch]:
    old = fire._step  # noqa: SLF001

    def hasty(schedule: Any, now: Any, horizon: Any, until: Any, parts: Any) -> Any:
        if schedule.owes and not schedule.voids:
            after = fire._performed(schedule, now)  # noqa: SLF001
            parts.items.write(schedule.spot, schedule_item.edit(schedule, after, now))
            inside(fire).put(schedule, schedule.owes, parts=parts)
            return None
        return old(schedule, now, horizon, until, parts)

    return [(fire, "_step", hasty)]


@mutant(
    "whoever decides does not ask whether somebody else has", leaning="schedules", tickers=3, latency=1500
)
def decided_unconditionally() -> Sequence[Patch]:
    old = inside(fire).edit
    return [(fire, "edit", lambda *args: replace(old(*args), where=((),)))]


@mutant("a pause leaves what was put ahead", leaning="schedules")
def pause_leaves_ahead() -> Sequence[Patch]:
    return [(schedule_change, "_fires_otherwise", lambda *_: False)]


@mutant("an outage is made up for in full, whatever the policy", leaning="schedules", outage=True)
def catch_up_ignored() -> Sequence[Patch]:
    old = inside(fire).take
    return [(fire, "take", lambda *args, catch_up, **rest: old(*args, catch_up=replace(catch_up, most=50), **rest))]  # fmt: skip

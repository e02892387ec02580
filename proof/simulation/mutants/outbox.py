"""Broken effects: what a job owes the world when it ends."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from types import SimpleNamespace
from typing import Any

from chalicelib.domain import lifecycle
from chalicelib.domain.events import OutboxCleared
from chalicelib.domain.guards import Seen
from chalicelib.domain.job import Effect, Job, State
from chalicelib.pipeline import appointments, effects, verdict
from chalicelib.pipeline.patience import patience
from proof.simulation.mutants.registry import Patch, mutant


@mutant(
    "the outbox is cleared before it is performed",
    tasks=("chained",),
    rates={"crash_after": 0.08, "error": 0.08},
)
def outbox_cleared_first() -> Sequence[Patch]:
    def perform(job: Job, *, parts: Any) -> bool:
        died = job.history[-1].at if job.state is State.DEAD else None
        guard = Seen(state=job.state, epoch=job.epoch)
        patience(parts)(
            parts.store.write,
            job.id,
            lifecycle.change(OutboxCleared(at=parts.world.now(), guard=guard, died=died)),
        )
        for effect in job.outbox:
            effects._submit(job, effect, parts)  # noqa: SLF001
        return True

    return [(effects, "perform", perform)]


@mutant("the ids of effects are random", tasks=("chained",), rates={"crash_after": 0.08, "lost": 0.08})
def effect_ids_random() -> Sequence[Patch]:
    old = effects._submit  # noqa: SLF001

    def submit(job: Job, effect: Effect, parts: Any) -> None:
        old(job, replace(effect, id=parts.world.job_id()), parts)

    return [(effects, "_submit", submit)]


@mutant(
    "a row may be forgotten while its outbox is owed, or while it proves an effect done",
    tasks=("fleeting",),
    scripts=("ok",),
    forgets=True,
    ticks_off=(0, 3_600_000),
    rates={"crash_after": 0.1, "crash_before": 0.1, "redeliver": 0.2},
)
def outbox_forgotten() -> Sequence[Patch]:
    return [(verdict, "EFFECT_LIFE", timedelta(0))]


@mutant(
    "the tick leaves outboxes alone: only who wrote one performs it",
    tasks=("chained",),
    rates={"crash_after": 0.08, "error": 0.08},
)
def outbox_left_by_tick() -> Sequence[Patch]:
    return [(appointments, "effects", SimpleNamespace(perform=lambda *_, **__: True))]

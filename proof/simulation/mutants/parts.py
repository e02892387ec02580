"""Broken long jobs: where they go on, and what they do again."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from chalicelib.domain.events import Checkpointed, Requeued
from chalicelib.pipeline import attempt, steps
from proof.simulation.mutants.registry import Patch, inside, mutant, write


@mutant(
    "a checkpoint does not ask which one was before it",
    leaning="long",
    scripts=("parts:9", "parts:25"),
    rates={"late": 0.15},
)
def checkpoint_goes_back() -> Sequence[Patch]:
    return [write(Checkpointed, where=lambda *_: ())]


@mutant("a checkpoint does not ask who holds the job", leaning="long", scripts=("parts:25",), zombies=True,
        rates={"pause_before": 0.08, "late": 0.08})  # fmt: skip
def checkpoint_unfenced() -> Sequence[Patch]:
    old = inside(attempt).Notebook._record  # noqa: SLF001

    def loose(self: Any, checkpoint: Any, progress: Any, until: Any) -> Any:
        row = self._parts.store.read(self.job.id)
        if row is not None and row.owner is not None and row.owner != self.job.owner:
            self.job = replace(self.job, owner=row.owner, checkpoint=row.checkpoint)
        return old(self, checkpoint, progress, until)

    return [(inside(attempt).Notebook, "_record", loose)]


@mutant("going on in another invocation uses up an attempt", leaning="long", scripts=("parts:25",))
def continuing_costs_an_attempt() -> Sequence[Patch]:
    return [write(Requeued, add=lambda *_: {})]


@mutant("an attempt begins at the beginning", leaning="long", scripts=("parts:25", "parts:9"))
def checkpoint_forgotten() -> Sequence[Patch]:
    old = attempt._call  # noqa: SLF001
    return [(attempt, "_call", lambda ready, *rest: old(replace(ready, state=None), *rest))]


@mutant("a step is recorded over an earlier attempt's", leaning="long", scripts=("steps:6", "steps:9"), zombies=True,
        rates={"pause_before": 0.08, "pause_after": 0.08, "late": 0.08})  # fmt: skip
def step_overwritten() -> Sequence[Patch]:
    return [(steps, "_UNRECORDED", ((),))]


@mutant(
    "an attempt does not look for the steps of earlier ones", leaning="long", scripts=("steps:6", "steps:9")
)
def steps_unread() -> Sequence[Patch]:
    return [(steps.Steps, "recall", lambda *_: None)]

"""Broken claims and settlements: whose right it is to run a job, and to say what became of it."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any

from chalicelib.domain import lifecycle
from chalicelib.domain.change import Equals, Missing
from chalicelib.domain.events import Claimed, Died, Reclaimed, RetryScheduled
from chalicelib.domain.guards import Lapsed, Mine, Unwished
from chalicelib.domain.job import Job, State
from chalicelib.pipeline import claim, settle
from chalicelib.pipeline.patience import patience
from proof.simulation.clockwork import current
from proof.simulation.mutants.registry import Patch, mutant, write


@mutant(
    "no fence: whoever ran the job writes its outcome",
    rates={"pause_before": 0.08, "late": 0.08},
    zombies=True,
)
def no_fence() -> Sequence[Patch]:
    return [(Mine, "clauses", lambda _: ()), (Unwished, "clauses", lambda _: ())]


@mutant("the fence looks at the state only", rates={"pause_before": 0.08, "late": 0.08}, zombies=True)
def fence_on_status() -> Sequence[Patch]:
    running = (Equals("state", State.RUNNING),)
    return [
        (Mine, "clauses", lambda _: running),
        (Unwished, "clauses", lambda _: (*running, Missing("cancel_requested"))),
    ]


@mutant("the owner's token is made once an invocation, not once a claim", rates={"double": 0.5}, latency=500)
def owner_per_invocation() -> Sequence[Patch]:
    from proof.simulation.ports import SimWorld

    return [(SimWorld, "token", lambda _: f"{current().box.name:.>10}"[-10:])]


@mutant("a claim leaves `ready` in place")
def ready_not_removed() -> Sequence[Patch]:
    return [write(Claimed, remove=lambda *_: ("due",))]


@mutant("a live lease may be taken over", rates={"double": 0.5})
def live_lease_taken() -> Sequence[Patch]:
    old = claim._after_refusal  # noqa: SLF001

    def eager(row: Job, token: str, lease: Any, parts: Any) -> Any:
        if row.state is State.RUNNING and row.lease is not None:
            row = replace(row, lease=row.lease - timedelta(hours=1))
        return old(row, token, lease, parts)

    return [
        (claim, "_after_refusal", eager),
        (Lapsed, "clauses", lambda self: (Equals("state", State.RUNNING), Equals("epoch", self.epoch))),
    ]


@mutant("attempts are counted when they fail, so a killed worker costs nothing")
def attempts_counted_on_failure() -> Sequence[Patch]:
    one = {"attempts": 1}
    return [
        write(Claimed, add=lambda *_: {}),
        write(Reclaimed, add=lambda *_: {}),
        write(RetryScheduled, add=lambda *_: one),
        write(Died, add=lambda *_: one),
    ]


@mutant("the own claim whose reply was lost is taken for another's", rates={"lost": 0.08})
def own_claim_not_recognised() -> Sequence[Patch]:
    old = claim._claim  # noqa: SLF001

    def first_time_only(wakeup: Any, *, lease: Any, parts: Any) -> Any:
        token = parts.world.token()
        answer = patience(parts)(
            parts.store.write, wakeup.job_id, lifecycle.change(old(wakeup.epoch, token, lease, parts))
        )
        row = answer.job
        if type(answer).__name__ == "Written":
            return row
        if row is None or (row.owner or "").endswith(token):
            return None
        return real(wakeup, lease=lease, parts=parts)

    from chalicelib.pipeline import execute

    real = claim.claim
    return [(execute, "claim", first_time_only)]


@mutant("an own outcome whose reply was lost is taken for a fence", rates={"lost": 0.08}, tasks=("chained",))
def own_outcome_not_recognised() -> Sequence[Patch]:
    return [(settle, "marked", lambda *_: False)]

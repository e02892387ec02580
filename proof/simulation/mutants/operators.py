"""Broken cancels and redrives."""

from collections.abc import Sequence
from typing import Any

from chalicelib.domain.change import Change, Equals
from chalicelib.domain.events import Cancelled, Redriven
from chalicelib.domain.guards import Seen, Unwished
from chalicelib.domain.job import Job, State
from chalicelib.pipeline import cancel
from chalicelib.pipeline.verdict import forget_at
from proof.simulation.mutants.registry import WRITES, Patch, mutant, write


@mutant("a wish to cancel is ignored when an attempt fails", scripts=("always", "fail:2"), cancelling=True)
def wish_ignored_on_retry() -> Sequence[Patch]:
    return [(Unwished, "clauses", lambda self: (Equals("owner", self.owner),))]


@mutant("a redrive begins again with epoch 0", scripts=("always",), redriving=True)
def redrive_resets_epoch() -> Sequence[Patch]:
    return [write(Redriven, set=lambda old, _: {**old, "epoch": 0, "ready": 0})]


@mutant("a running job is cancelled under its worker", scripts=("slow", "talk"), cancelling=True)
def cancelled_under_its_worker() -> Sequence[Patch]:
    def at_once(row: Job, parts: Any) -> Any:
        now = parts.world.now()
        if row.state in {State.SUCCEEDED, State.DEAD, State.CANCELLED, State.EXPIRED}:
            return None
        return Cancelled(at=now, guard=Seen(state=row.state, epoch=row.epoch), forget=forget_at(row, now))

    def unlawful(event: Cancelled) -> Change:
        found: Change = WRITES[Cancelled](event)
        where = tuple(clause for clause in event.guard.clauses() if isinstance(clause, Equals))
        return Change(
            where=where,
            set={**found.set, "state": State.CANCELLED},
            remove=found.remove,
            history=found.history,
        )

    return [(cancel, "_next", at_once), (cancel, "change", unlawful)]


@mutant("a cancel looks, and then writes whatever came in between", cancelling=True, latency=1500)
def cancel_unguarded() -> Sequence[Patch]:
    return [write(Cancelled, where=lambda *_: ()), (Seen, "clauses", lambda _: ())]


@mutant("a redrive starts counting attempts where the former life ended", scripts=("always",), redriving=True)
def redrive_keeps_attempts() -> Sequence[Patch]:
    def kept(old: Any, _: Any) -> dict[str, Any]:
        return {name: new for name, new in old.items() if name != "attempts"}

    return [write(Redriven, set=kept)]

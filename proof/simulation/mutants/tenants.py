"""Broken walls between tenants: who names another's job, or the same key, gets in."""

from collections.abc import Sequence
from typing import Any

from chalicelib.pipeline import cancel, claim, dead_letters, follow, keyed, query, redrive
from chalicelib.pipeline.ports import KeyClaim
from chalicelib.pipeline.task import Submission
from proof.simulation.mutants.registry import Patch, mutant


@mutant("a claim does not look at the message's tenant", crowded=True)
def claim_ignores_tenant() -> Sequence[Patch]:
    return [(claim, "_for_tenant", lambda write, _: write)]


@mutant("keys of all tenants are one", crowded=True, keyed=True)
def key_without_tenant() -> Sequence[Patch]:
    def of_all(**claimed: Any) -> KeyClaim:
        return KeyClaim(**{**claimed, "tenant": "all"})

    return [(keyed, "KeyClaim", of_all)]


def _whoever(job_id: str, *, tenant: str, parts: Any) -> Any:
    """The job, no matter whose."""
    row = parts.store.read(job_id)
    return row if row is not None else query.get(job_id, tenant=tenant, parts=parts)


@mutant("a cancel does not ask whose job it is", crowded=True)
def cancel_ignores_tenant() -> Sequence[Patch]:
    return [(cancel, "get", _whoever)]


@mutant("a redrive does not ask whose job it is", crowded=True, scripts=("always",))
def redrive_ignores_tenant() -> Sequence[Patch]:
    return [(redrive, "get", _whoever)]


@mutant("a dead letter is believed whatever tenant it names", crowded=True, delays=(0, 1_200_000))
def dead_letter_ignores_tenant() -> Sequence[Patch]:
    old = dead_letters.hand_back

    def believing(wakeup: Any, *, parts: Any) -> bool:
        row = parts.store.read(wakeup.job_id)
        named = wakeup if row is None else type(wakeup)(tenant=row.tenant, job_id=row.id, epoch=wakeup.epoch)
        return old(named, parts=parts)

    from proof.simulation import cloud

    return [(cloud, "hand_back", believing)]


@mutant("what follows a job belongs to the default tenant", crowded=True, tasks=("chained",))
def follower_of_nobody() -> Sequence[Patch]:
    return [(follow, "Submission", lambda **_: Submission())]

"""The mutants on trial: each must be caught by some plan of at most one fault that passes when nothing is broken."""

import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from random import Random

from proof.crashes.account import Account
from proof.crashes.many import close, here, singles
from proof.crashes.mutants import ALL
from proof.crashes.plan import Plan, read_plan
from proof.crashes.run import Run, run
from proof.crashes.scenarios import SCENARIOS
from proof.simulation import trial
from proof.simulation.law import Violation
from proof.simulation.mutants import Mutant, applied
from proof.spread import spread

SECONDS = 12.0
"""Processor seconds that a mutant is looked for before it counts as missed."""

KNOWN: Mapping[str, str] = {
    "no_fence": "reclaimed 21:late",
    "fence_on_status": "retry 5:later",
    "live_lease_taken": "doubled",
    "own_claim_not_recognised": "plain 4:lost",
    "own_outcome_not_recognised": "chain 5:lost",
    "wish_ignored_on_retry": "cancelled_failing",
    "outbox_left_by_tick": "worker_lost 20:crash_after",
    "failed_listing_is_empty": "lost 6:error",
    "failed_appointment_is_skipped": "lost 8:error",
    "no_second_look": "plain 1:stalled",
    "claim_ignores_tenant": "rubbish",
    "first_message_not_delayed": "delayed",
    "inconsistent_reads": "lost 6:stale",
    "inconsistent_payload": "large_item 6:stale",
    "failed_entries_ignored": "lost 17:partial",
    "send_trouble_swallowed": "lost 17:error",
    "timeout_is_refusal": "plain 5:error",
    "throttling_is_final": "called_off 17:error",
    "payload_gone_before_row": "large_item 5:crash_after",
    "cancel_unguarded": "cancelled_between 8:stalled",
    "full_too_soon": "fan_out",
    "in_vain_never": "called_off",
    "kept_ignored": "retried",
    "bad_marked_as_good": "hasty",
    "ids_of_the_attempt": "fan_out 6:crash_after",
    "part_under_another_key": "counted 7:late",
    "bound_by_adding": "counted",
    "missing_key_is_a_failure": "key_away",
    "missing_key_is_death": "key_away",
    "result_unsealed": "sealed",
    "error_unsealed": "key_away",
    "follower_before_its_key": "key_lost_running 10:crash_after",
    "quota_never_counted": "few_unfinished",
    "quota_forgotten": "few_unfinished",
    "quota_not_asked": "few_unfinished",
    "budget_held_for_ever": "spent",
}
"""Mutant -> a plan that caught it before: tried first, so that a trial is short. If it does not catch it any more, all others are tried."""


@dataclass(frozen=True, kw_only=True)
class Verdict(trial.Verdict):
    """As the simulation's; `histories` are plans, `seed` is the number of the one that caught it, `plan` that one."""

    plan: str = ""

    @property
    def by(self) -> str:
        """The plan."""
        return self.plan


class Court:
    """What all trials share: an account, and each scenario as it is when nothing is broken and nothing goes wrong."""

    def __init__(self, found: Account) -> None:
        self.account = found
        self.calm: Mapping[str, Run] = {one.name: run(Plan(scenario=one.name), found) for one in SCENARIOS}
        self._plans = [plan for one in self.calm.values() for plan in singles(one)]
        Random(0).shuffle(self._plans)

    def plans(self, mutant: str) -> Iterator[Plan]:
        """In the order in which they are tried."""
        if mutant in KNOWN:
            yield read_plan(KNOWN[mutant])
        yield from (one.plan for one in self.calm.values())
        yield from self._plans

    def tried(self, one: Mutant, *, seconds: float = SECONDS) -> Verdict:
        """Try plans on the broken code until one fails, then the same plan on the sound code, which must pass."""
        ends, number = time.process_time() + seconds, 0
        caught: tuple[Plan, Violation] | None = None
        with applied(one):
            for plan in self.plans(one.name):
                number += 1
                violation = self._violation(plan)
                if violation is not None:
                    caught = plan, violation
                    break
                if time.process_time() > ends:
                    break
        if caught is not None and (sound := self._violation(caught[0])) is not None:
            raise AssertionError(f"{caught[0]} fails without {one.name} too: {sound}")
        return Verdict(
            mutant=one.name,
            why=one.why,
            harmless=one.harmless,
            histories=number,
            seed=None if caught is None else number,
            invariant="" if caught is None else caught[1].name,
            words="" if caught is None else str(caught[1]),
            plan="" if caught is None else str(caught[0]),
        )

    def _violation(self, plan: Plan) -> Violation | None:
        return run(plan, self.account, calm=self.calm[plan.scenario]).violation


def all_tried(
    names: Sequence[str] | None = None, *, processes: int = 1, seconds: float = SECONDS
) -> list[Verdict]:
    """Every mutant, or these, each in one of so many processes."""
    wanted = [one.name for one in ALL] if names is None else names
    try:
        return list(spread(partial(_tried, seconds=seconds), wanted, processes))
    finally:
        _courts.clear()
        close()


_courts: list[Court] = []
"""This process's, once it has tried one."""


def _tried(name: str, *, seconds: float) -> Verdict:
    if not _courts:
        _courts.append(Court(here()))
    return _courts[0].tried(next(one for one in ALL if one.name == name), seconds=seconds)

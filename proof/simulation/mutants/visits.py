"""Broken appointments and wake-ups: jobs that nobody looks at again, or too soon."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any

from chalicelib.domain.change import Change, Equals
from chalicelib.domain.errors import Unavailable
from chalicelib.domain.events import Released, RetryScheduled, Succeeded
from chalicelib.domain.job import TERMINAL, Entry, Failure, Job, Reason, State
from chalicelib.pipeline import accept, appointments, dead_letters
from chalicelib.pipeline.appointments import Kept
from proof.simulation.mutants.registry import Patch, mutant, write


@mutant("an appointment is removed though an outbox is left", rates={"crash_after": 0.08}, tasks=("chained",))
def appointment_removed_with_outbox() -> Sequence[Patch]:
    return [write(Succeeded, remove=lambda old, _: (*old, "attention", "attention_at"))]


@mutant("the appointment is postponed before the job is woken", rates={"drop": 0.08})
def postponed_before_wake() -> Sequence[Patch]:
    def keep(ids: Any, until: Any, parts: Any) -> Any:
        plans = parts.crew.each(lambda job_id: appointments.look(job_id, until=until, parts=parts), ids)
        decided = [plan for plan in plans if isinstance(plan, appointments.Plan)]
        for plan in decided:
            try:
                appointments._write(plan, until, parts)  # noqa: SLF001
            except Unavailable:
                continue
        wakeups = [plan.wakeup for plan in decided if plan.wakeup is not None]
        if wakeups:
            parts.queue.send(wakeups)
        return Kept(visited=len(ids))

    return [(appointments, "_keep", keep)]


@mutant(
    "the message for a take-over carries the epoch at which the lost worker may yet schedule a retry",
    calm=900_000,
    tickers=1,
    skew=0,
    throttled=None,
    ticks_off=None,
    refused=None,
    denied=None,
    purges=(),
    cancels=(),
    newer=(),
    modes=frozenset(),
    rates={"pause_before": 0.25, "slow": 0.9},
    zombies=True,
    tasks=("looped",),
    scripts=("fail:1",),
)
def takeover_matches_the_retry() -> Sequence[Patch]:
    old = appointments._running  # noqa: SLF001

    def running(row: Job, now: Any, parts: Any) -> Any:
        plan = old(row, now, parts)
        return plan if plan.wakeup is None else replace(plan, wakeup=replace(plan.wakeup, epoch=row.epoch))

    return [(appointments, "_running", running)]


@mutant(
    "a released job gets no appointment",
    scripts=("ok",),
    delays=(1_200_000,),
    rates={"drop": 0.08, "crash_after": 0.08},
)
def released_without_appointment() -> Sequence[Patch]:
    return [
        write(
            Released,
            set=lambda old, _: {"ready": old["ready"]},
            remove=lambda *_: ("attention", "attention_at"),
        )
    ]


@mutant("the first message does not wait for the due time", delays=(180_000,))
def first_message_not_delayed() -> Sequence[Patch]:
    old = accept._first_wakeup  # noqa: SLF001

    def early(row: Job, parts: Any) -> Any:
        wakeup = old(row, parts)
        return None if wakeup is None else replace(wakeup, delay=timedelta(0))

    return [(accept, "_first_wakeup", early)]


@mutant("a dead letter is a death", rates={"slow": 0.02}, throttling=True)
def dead_letter_kills() -> Sequence[Patch]:
    def kill(row: Job, parts: Any) -> None:
        now = parts.world.now()
        facts = {"state": State.DEAD, "reason": Reason.FAILED, "forget": now + row.keep, "attention": "dead"}
        dead = Change(
            where=(Equals("state", row.state),),
            set={**facts, "attention_at": now, "error": Failure(type="Dead", message="")},
            remove=("ready", "owner", "lease", "due"),
            history=(Entry(at=now, event="died", epoch=row.epoch),),
        )
        if row.state not in TERMINAL:
            parts.store.write(row.id, dead)

    return [(dead_letters, "_check_now", kill)]


@mutant(
    "a retry drops the job's appointment",
    scripts=("fail:1", "fail:2", "always"),
    rates={"drop": 0.08, "crash_after": 0.08},
)
def retry_without_appointment() -> Sequence[Patch]:
    return [
        write(
            RetryScheduled,
            set=lambda old, _: {name: new for name, new in old.items() if not name.startswith("attention")},
            remove=lambda old, _: (*old, "attention", "attention_at"),
        )
    ]

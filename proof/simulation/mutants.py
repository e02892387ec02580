"""Broken variants of the pipeline, each a patch in memory: a proof that would not notice them would prove nothing.

One of them, the control, breaks nothing: acknowledging early is harmless while the sweep holds every job.
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Any

from chalicelib.domain import lifecycle
from chalicelib.domain.change import Change, Equals, Missing
from chalicelib.domain.errors import Unavailable
from chalicelib.domain.events import (
    Appointed,
    Claimed,
    Died,
    OutboxCleared,
    Reclaimed,
    Redriven,
    Released,
    RetryScheduled,
    Succeeded,
)
from chalicelib.domain.guards import Lapsed, Mine, Seen, Unwished
from chalicelib.domain.job import TERMINAL, Effect, Entry, Failure, Inline, Job, Place, Reason, State, Stored
from chalicelib.pipeline import (
    accept,
    appointments,
    claim,
    dead_letters,
    effects,
    enqueue,
    payloads,
    settle,
    sweep,
    tick,
    verdict,
)
from chalicelib.pipeline.appointments import Kept
from chalicelib.pipeline.patience import patience
from proof.simulation import profile as profiles
from proof.simulation.clockwork import current
from proof.simulation.cloud import Cloud

Patch = tuple[Any, str, Any]


@dataclass(frozen=True, kw_only=True)
class Mutant:
    """A broken variant. `tilt` makes what it needs more likely; `harmless` is the control's mark."""

    name: str
    why: str
    patches: Callable[[], Sequence[Patch]]
    tilt: dict[str, Any] = field(default_factory=dict)
    harmless: bool = False


MUTANTS: list[Mutant] = []


def mutant(
    why: str, *, harmless: bool = False, **tilt: Any
) -> Callable[[Callable[[], Sequence[Patch]]], Callable[[], Sequence[Patch]]]:
    """Register the patches that a function gives, under its name."""

    def declare(patches: Callable[[], Sequence[Patch]]) -> Callable[[], Sequence[Patch]]:
        name = patches.__name__.strip("_")
        MUTANTS.append(Mutant(name=name, why=why, patches=patches, tilt=tilt, harmless=harmless))
        return patches

    return declare


@contextmanager
def applied(one: Mutant) -> Iterator[None]:
    """The pipeline as the mutant has it, until the end of the block."""
    undo: list[tuple[Any, str, Any]] = []
    tilts = dict(one.tilt)
    try:
        for target, name, new in one.patches():
            if isinstance(target, dict):
                undo.append((target, name, target[name]))
                target[name] = new
            else:
                undo.append((target, name, target.__dict__[name]))
                setattr(target, name, new)
        with profiles.tilted(tilts):
            yield
    finally:
        for target, name, old in reversed(undo):
            if isinstance(target, dict):
                target[name] = old
            else:
                setattr(target, name, old)


WRITES: Any = lifecycle._WRITES  # noqa: SLF001 - the table is what is broken


def _write(event: Any, **new: Any) -> Patch:
    """A write of the lifecycle with some parts replaced; each is a value or a function of the old one."""
    old = WRITES[event]

    def written(found: Any) -> Change:
        change = old(found)
        broken: Change = replace(
            change, **{name: part(getattr(change, name), found) for name, part in new.items()}
        )
        return broken

    return WRITES, event, written


# ------------------------------------------------------------------------------------------------------------ the fence


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
    return [_write(Claimed, remove=lambda *_: ("due",))]


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
        _write(Claimed, add=lambda *_: {}),
        _write(Reclaimed, add=lambda *_: {}),
        _write(RetryScheduled, add=lambda *_: one),
        _write(Died, add=lambda *_: one),
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


@mutant("a wish to cancel is ignored when an attempt fails", scripts=("always", "fail:2"), cancelling=True)
def wish_ignored_on_retry() -> Sequence[Patch]:
    return [(Unwished, "clauses", lambda self: (Equals("owner", self.owner),))]


@mutant("a redrive begins again with epoch 0", scripts=("always",), redriving=True)
def redrive_resets_epoch() -> Sequence[Patch]:
    return [_write(Redriven, set=lambda old, _: {**old, "epoch": 0, "ready": 0})]


# ------------------------------------------------------------------------------------------------------------ the sweep


def _no_sweep() -> Sequence[Patch]:
    return [
        (tick, "sweep", lambda *_, **__: None),
        (tick, "keep_appointments", lambda **_: Kept()),
        (tick, "passes", lambda _: ()),
        (tick, "tick", lambda **_: None),
    ]


@mutant("no sweep")
def no_sweep() -> Sequence[Patch]:
    return _no_sweep()


@mutant("messages are acknowledged before they are handled, and the sweep is there: harmless", harmless=True)
def early_ack() -> Sequence[Patch]:
    return [(Cloud, "early_ack", True)]


@mutant("messages are acknowledged before they are handled, and there is no sweep")
def early_ack_without_sweep() -> Sequence[Patch]:
    return [(Cloud, "early_ack", True), *_no_sweep()]


def _sweep_with(pages: Callable[..., Any]) -> Sequence[Patch]:
    def broken(one: Any, *, until: Any, parts: Any) -> Any:
        store = parts.store
        seen = patience(parts, until)(store.watermark, one.name)
        goal = parts.world.now() - one.grace
        low = seen or goal - sweep.FIRST_LOOK
        if goal - low >= one.stride:
            pages(one, seen, low, goal, until, parts)
        return sweep.Swept(rows=0, appointed=0, behind=timedelta(0))

    return [(tick, "sweep", broken)]


@mutant("the watermark is moved before the appointments are made", rates={"crash_after": 0.08, "drop": 0.08})
def watermark_first() -> Sequence[Patch]:
    def pages(one: Any, seen: Any, low: Any, goal: Any, until: Any, parts: Any) -> None:
        listed = parts.store.accepted(low, goal)
        if parts.store.move_watermark(one.name, seen, listed.reached):
            sweep._appoint_unfinished(listed.rows, until, parts)  # noqa: SLF001

    return _sweep_with(pages)


@mutant("a listing that fails counts as an empty one", rates={"error": 0.08})
def failed_listing_is_empty() -> Sequence[Patch]:
    def pages(one: Any, seen: Any, low: Any, goal: Any, until: Any, parts: Any) -> None:
        try:
            listed = parts.store.accepted(low, goal)
            sweep._appoint_unfinished(listed.rows, until, parts)  # noqa: SLF001
            reached = listed.reached
        except Unavailable:
            reached = goal
        parts.store.move_watermark(one.name, seen, reached)

    return _sweep_with(pages)


@mutant("an appointment that fails is skipped", rates={"error": 0.08})
def failed_appointment_is_skipped() -> Sequence[Patch]:
    def pages(one: Any, seen: Any, low: Any, goal: Any, _until: Any, parts: Any) -> None:
        listed = parts.store.accepted(low, goal)
        unfinished = [job for job in listed.rows if not job.finished and job.attention is None]
        parts.crew.each(lambda job: parts.store.write(job.id, _appointed(job, parts)), unfinished)
        parts.store.move_watermark(one.name, seen, listed.reached)

    return _sweep_with(pages)


def _appointed(job: Job, parts: Any) -> Change:
    now = parts.world.now()
    guard = Seen(state=job.state, epoch=job.epoch)
    return lifecycle.change(Appointed(at=now, guard=guard, check=now))


@mutant("only the first page of a listing is looked at, and the mark moves past all", page=1, latency=20)
def first_page_only() -> Sequence[Patch]:
    def pages(one: Any, seen: Any, low: Any, goal: Any, until: Any, parts: Any) -> None:
        listed = parts.store.accepted(low, goal)
        sweep._appoint_unfinished(listed.rows, until, parts)  # noqa: SLF001
        parts.store.move_watermark(one.name, seen, goal)

    return _sweep_with(pages)


@mutant("an appointment is removed though an outbox is left", rates={"crash_after": 0.08}, tasks=("chained",))
def appointment_removed_with_outbox() -> Sequence[Patch]:
    return [_write(Succeeded, remove=lambda old, _: (*old, "attention", "attention_at"))]


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
    calm=1_500_000,
    tickers=1,
    throttled=None,
    rates={"pause_before": 0.1, "slow": 0.5},
    zombies=True,
    tasks=("looped",),
    scripts=("fail:1", "fail:2", "slow"),
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
        _write(
            Released,
            set=lambda old, _: {"ready": old["ready"]},
            remove=lambda *_: ("attention", "attention_at"),
        )
    ]


@mutant(
    "nobody looks at the clock before and after the put",
    rates={"pause_before": 0.08, "error": 0.08},
    keyed=True,
    skew=0,
)
def no_second_look() -> Sequence[Patch]:
    def put(job: Job, parts: Any) -> Job:
        return patience(parts)(parts.store.create, job) or job

    return [(accept, "_put", put)]


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


# ----------------------------------------------------------------------------------------------- acceptance and effects


@mutant(
    "the answer is given for the message, whatever became of the row",
    rates={"error": 0.08, "lost": 0.02},
    throttled=(0, 60_000),
)
def message_before_row() -> Sequence[Patch]:
    def hasty(jobs: Sequence[Job], *, parts: Any) -> list[Job | Exception]:
        wakeups = [w for job in jobs if (w := accept._first_wakeup(job, parts)) is not None]  # noqa: SLF001
        parts.queue.send(wakeups)
        rows = parts.crew.each(lambda job: accept._put(job, parts), jobs)  # noqa: SLF001
        return [row if isinstance(row, Job) else job for row, job in zip(rows, jobs, strict=True)]

    return [(enqueue, "accept", hasty)]


@mutant("the first message does not wait for the due time", delays=(180_000,))
def first_message_not_delayed() -> Sequence[Patch]:
    old = accept._first_wakeup  # noqa: SLF001

    def early(row: Job, parts: Any) -> Any:
        wakeup = old(row, parts)
        return None if wakeup is None else replace(wakeup, delay=timedelta(0))

    return [(accept, "_first_wakeup", early)]


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


@mutant("the idempotency key is written after the row", keyed=True)
def key_after_row() -> Sequence[Patch]:
    old, hold = enqueue.enqueue, enqueue._hold  # noqa: SLF001

    def late(requests: Any, *, parts: Any) -> Any:
        answers = old(requests, parts=parts)
        for request, answer in zip(requests, answers, strict=True):
            if isinstance(answer, Job) and request.how.key is not None:
                prepared = replace(enqueue.prepare(request, parts), job_id=answer.id)
                hold(prepared, request.how.key, parts.world.now(), parts)
        return answers

    from proof.simulation import people

    return [(people, "enqueue", late), (enqueue, "_hold", lambda prepared, *_: prepared.job_id)]


@mutant("a keyed job may be forgotten before its key", tasks=("brief",), keyed=True)
def forgotten_before_key() -> Sequence[Patch]:
    return [(verdict, "forget_at", lambda job, now, **_: now + job.keep)]


@mutant("a payload is stored after the row that names it", pads=(400,))
def payload_after_row() -> Sequence[Patch]:
    from hashlib import sha256

    def place(text: str, **_: Any) -> Any:
        body = text.encode()
        if len(body) <= 320:
            return Inline(json=text)
        return Stored(place=Place.ITEM, sha256=sha256(body).hexdigest(), size=len(body))

    return [(enqueue, "place", place)]


@mutant("a stored payload is kept no longer than its job, were it to end at once", pads=(400,))
def payload_gone_before_row() -> Sequence[Patch]:
    return [(payloads, "PAYLOAD_LIFE", timedelta(0))]


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

"""What an attempt's outcome means for its job. Decided here, without I/O; written elsewhere."""

from datetime import datetime, timedelta

from chalicelib.domain.events import (
    Cancelled,
    Died,
    Event,
    Expired,
    Requeued,
    RetryScheduled,
    Succeeded,
    Waited,
)
from chalicelib.domain.guards import Lapsed, Mine, Seen, Unwished
from chalicelib.domain.history import CONTINUED, KEYLESS, without_middle_parts, without_middle_waits
from chalicelib.domain.job import KEEP_DEAD, KEY_LIFE, Effect, Failure, Job, Payload, Progress, Reason, State
from chalicelib.domain.retry import Backoff
from chalicelib.pipeline.ids import effect_id, time_of
from chalicelib.pipeline.limits import MAX_QUEUE_DELAY, SEND_AHEAD
from chalicelib.pipeline.outcome import Raised
from chalicelib.pipeline.topics import OURS

KEY_MARGIN = timedelta(hours=1)
"""How much longer than its key a keyed job's row is kept, for clocks that differ."""

EFFECT_LIFE = timedelta(days=1)
"""How long a row that owes an effect, or is one, is kept at least: longer than any time without a tick. The row is the outbox, and
a follower's row is what says that the effect was done: without the one it is lost, without the other it is done again."""


KEY_WAIT = timedelta(seconds=30)
"""The shortest wait for the key of what is sealed."""


def forget_at(job: Job, now: datetime, *, dead: bool = False) -> datetime:
    """When a job that ends now may be deleted. Never before its idempotency key is over: a key whose row is gone would run it again.

    Nor, however short it is to be kept, while an effect may still be performed from its row or looked for in it.
    """
    end = now + (max(job.keep, KEEP_DEAD) if dead else job.keep)
    if job.on_success or job.on_failure or job.cause or job.events or job.webhook:
        end = max(end, now + EFFECT_LIFE)
    # An event's id is a key as well: publishing it again must find its jobs.
    keyed = job.key is not None or (job.cause or "").startswith("event:")
    return max(end, time_of(job.id) + KEY_LIFE + KEY_MARGIN) if keyed else end


def owed(job: Job, ending: State, now: datetime) -> tuple[Effect, ...]:
    """The outbox of a job that ends now: the task that follows, and who wants to hear of it."""
    wanted: list[tuple[str, str | None]] = []
    if ending is State.SUCCEEDED:
        wanted.append(("on_success", job.on_success))
    if ending is State.DEAD:
        wanted.append(("on_failure", job.on_failure))
    moment = ending.lower()
    if moment in job.events:
        wanted.append(("event", f"{OURS}{moment}"))
    wanted.append(("webhook", job.webhook))
    return tuple(
        Effect(slot=slot, id=effect_id(job.id, job.epoch, slot, now), task=whom)
        for slot, whom in wanted
        if whom is not None
    )


def owner_of(job: Job) -> str:
    """The claim's token. Raises ValueError for a job that nobody runs."""
    if job.owner is None:
        raise ValueError(f"{job.label()} has no owner")
    return job.owner


def success(job: Job, result: Payload, progress: Progress | None, now: datetime) -> Succeeded:
    """The attempt returned."""
    return Succeeded(
        at=now,
        guard=Mine(owner=owner_of(job)),
        result=result,
        forget=forget_at(job, now),
        outbox=owed(job, State.SUCCEEDED, now),
        progress=progress,
    )


def after_raise(
    job: Job, raised: Raised, backoff: Backoff, progress: Progress | None, now: datetime, luck: float
) -> Event:
    """The attempt raised, or its time was over: cancelled, another attempt, or dead."""
    if raised.cancelled or job.cancel_requested is not None:
        return cancellation(job, raised.failure, progress, now)
    if raised.again and job.attempts < job.max_attempts:
        wait = raised.after if raised.after is not None else backoff.wait(job.attempts, luck)
        return another(job, raised.failure, wait, progress, now)
    reason = Reason.TIMED_OUT if raised.timed_out else Reason.REJECTED if raised.rejected else Reason.FAILED
    return death(job, reason, raised.failure, progress, now)


def after_missing_payload(job: Job, found: Failure, backoff: Backoff, now: datetime, luck: float) -> Event:
    """The arguments could not be read: perhaps not yet visible, so tried again like a failure, then dead by a reason of its own."""
    if job.attempts < job.max_attempts and job.cancel_requested is None:
        return another(job, found, backoff.wait(job.attempts, luck), None, now)
    return death(job, Reason.PAYLOAD_MISSING, found, None, now)


def undecodable(job: Job, found: Failure, now: datetime) -> Died:
    """The recorded arguments are not JSON that the strict reader takes: no attempt can ever run them."""
    return death(job, Reason.UNDECODABLE, found, None, now)


def another(
    job: Job, error: Failure, wait: timedelta, progress: Progress | None, now: datetime
) -> RetryScheduled:
    """Another attempt after this wait."""
    due = now + wait
    return RetryScheduled(
        at=now,
        guard=Unwished(owner=owner_of(job)),
        epoch=job.epoch,
        due=due,
        error=error,
        check=retry_check(job, due, wait),
        progress=progress,
    )


def retry_check(job: Job, due: datetime, wait: timedelta) -> datetime | None:
    """The appointment of a retry: needed when no message can wait so long, moved when the job has one already."""
    if wait > MAX_QUEUE_DELAY:
        return due - SEND_AHEAD
    return None if job.next_check is None else due + SEND_AHEAD


def continuation(job: Job, progress: Progress | None, grace: timedelta, now: datetime) -> Requeued:
    """The job goes on from its checkpoint in another invocation, at once.

    An appointment that it has is kept, unless that is long ahead: should the message get lost, the tick is to see it soon.
    """
    soon = now + grace
    return Requeued(
        at=now,
        guard=Unwished(owner=owner_of(job)),
        epoch=job.epoch,
        why=CONTINUED,
        kept=without_middle_parts(job.history),
        due=None,
        check=soon if job.next_check is not None and job.next_check > soon else None,
        progress=progress,
    )


def keyless(job: Job, now: datetime, luck: float) -> Requeued:
    """The key of its payloads cannot be used: it comes back for it, the later the older it is. Of many such waits, the row keeps the last."""
    kept = list(job.history)
    if kept and kept[-1].by == owner_of(job):
        kept.pop()
    while kept and kept[-1].event == Requeued.name and kept[-1].note == KEYLESS:
        kept.pop()
    wait = min(MAX_QUEUE_DELAY, max(KEY_WAIT, (now - time_of(job.id)) / 4)) * (0.5 + luck / 2)
    return Requeued(
        at=now,
        guard=Unwished(owner=owner_of(job)),
        epoch=job.epoch,
        why=KEYLESS,
        kept=tuple(kept),
        due=now + wait,
        check=retry_check(job, now + wait, wait),
    )


def wait_for(job: Job, awaits: str, children: int, now: datetime) -> Waited:
    """A workflow waits for its children."""
    return Waited(
        at=now,
        guard=Unwished(owner=owner_of(job)),
        awaits=awaits,
        children=children,
        kept=without_middle_waits(job.history),
    )


def death(job: Job, reason: Reason, error: Failure, progress: Progress | None, now: datetime) -> Died:
    """The attempt ends the job for good."""
    return Died(
        at=now,
        guard=Unwished(owner=owner_of(job)),
        reason=reason,
        error=error,
        forget=forget_at(job, now, dead=True),
        outbox=owed(job, State.DEAD, now),
        progress=progress,
    )


def cancellation(job: Job, error: Failure | None, progress: Progress | None, now: datetime) -> Cancelled:
    """The running attempt gives in to a wish."""
    return Cancelled(
        at=now,
        guard=Mine(owner=owner_of(job)),
        forget=forget_at(job, now),
        outbox=owed(job, State.CANCELLED, now),
        error=error,
        progress=progress,
    )


def called_off(job: Job, now: datetime, who: str = "") -> Cancelled:
    """A waiting job is cancelled: nobody has it. `who` wanted it."""
    return Cancelled(
        at=now,
        guard=Seen(state=job.state, epoch=job.epoch),
        forget=forget_at(job, now),
        outbox=owed(job, State.CANCELLED, now),
        who=who,
    )


def expiry(job: Job, now: datetime) -> Expired:
    """The claim came after the deadline for starting."""
    return Expired(
        at=now,
        guard=Mine(owner=owner_of(job)),
        forget=forget_at(job, now),
        outbox=owed(job, State.EXPIRED, now),
    )


def loss(job: Job, now: datetime) -> Cancelled | Died | None:
    """What becomes of a running job whose lease is over; None: another attempt may take it."""
    guard = Lapsed(epoch=job.epoch, now=now)
    if job.cancel_requested is not None:
        return Cancelled(
            at=now, guard=guard, forget=forget_at(job, now), outbox=owed(job, State.CANCELLED, now)
        )
    if job.attempts < job.max_attempts:
        return None
    return Died(
        at=now,
        guard=guard,
        reason=Reason.WORKER_LOST,
        error=Failure(
            type="WorkerLost",
            message=f"attempt {job.attempts} of {job.max_attempts} ended without a word: killed, out of memory or out of time",
            fingerprint="worker-lost",
        ),
        forget=forget_at(job, now, dead=True),
        outbox=owed(job, State.DEAD, now),
    )


def too_late(job: Job, now: datetime) -> Expired | None:
    """What becomes of a waiting job whose deadline for starting passed; None: it may still start."""
    if job.expires is None or job.first_claimed is not None or now <= job.expires:
        return None
    return Expired(
        at=now,
        guard=Seen(state=job.state, epoch=job.epoch),
        forget=forget_at(job, now),
        outbox=owed(job, State.EXPIRED, now),
    )

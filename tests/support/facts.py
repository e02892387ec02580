"""Events made from a row's own facts, as the verbs make them."""

from datetime import datetime

from chalicelib.domain import events as e
from chalicelib.domain.guards import Absent, Lapsed, Mine, Ready, Seen, Unwished
from chalicelib.domain.job import TERMINAL, Effect, Inline, Job, Reason, State
from tests.support.rows import DAY, FAILURE, HOUR, MINUTE, SECOND

EVENT_TYPES = tuple(kind for kind in vars(e).values() if isinstance(kind, type) and kind.__base__ is e.Event)
GUARD_TYPES = (Absent, Ready, Mine, Unwished, Lapsed, Seen)


def guard_for(kind: type, job: Job, now: datetime):
    """The right of that kind that somebody who has just read this row would claim."""
    owner = job.owner or f"{job.epoch}.nobody"
    return {
        Absent: Absent,
        Ready: lambda: Ready(epoch=job.epoch),
        Mine: lambda: Mine(owner=owner),
        Unwished: lambda: Unwished(owner=owner),
        Lapsed: lambda: Lapsed(epoch=job.epoch, now=now),
        Seen: lambda: Seen(state=job.state, epoch=job.epoch),
    }[kind]()


def event_for(
    kind: type[e.Event],
    guard,
    job: Job,
    now: datetime,
    *,
    token: str = "tok",
    outbox: tuple[Effect, ...] = (),
    wait=None,
    appoint: bool = False,
) -> e.Event:
    """The event of that kind by that right, its facts taken from the row. `appoint`: a retry makes or moves an appointment."""
    makers: dict = {
        e.Released: lambda: {"check": now + MINUTE},
        e.Claimed: lambda: {"owner": f"{job.epoch + 1}.{token}", "lease": now + MINUTE},
        e.Reclaimed: lambda: {"owner": f"{job.epoch + 1}.{token}", "lease": now + MINUTE},
        e.Renewed: lambda: {"lease": now + MINUTE, "progress": None},
        e.Succeeded: lambda: {"result": Inline(json="1"), "forget": now + DAY, "outbox": outbox},
        e.RetryScheduled: lambda: {
            "epoch": job.epoch,
            "due": now + (wait or SECOND),
            "error": FAILURE,
            "check": now + MINUTE if appoint or job.next_check else None,
        },
        e.Died: lambda: {
            "reason": Reason.FAILED,
            "error": FAILURE,
            "forget": now + DAY,
            "outbox": outbox,
        },
        e.Cancelled: lambda: {"forget": now + DAY, "outbox": outbox},
        e.Expired: lambda: {"forget": now + DAY, "outbox": outbox},
        e.Parked: lambda: {"gate": "slots stripe", "check": now + MINUTE, "kept": job.history},
        e.Waited: lambda: {"awaits": "0.1", "children": 3, "kept": job.history},
        e.Joined: lambda: {"awaits": job.awaits or "0.1", "check": None},
        e.Requeued: lambda: {
            "epoch": job.epoch,
            "why": "continued",
            "kept": job.history,
            "due": None,
            "check": None,
        },
        e.Checkpointed: lambda: {
            "lease": now + HOUR,
            "before": job.checkpoint,
            "checkpoint": Inline(json="1"),
        },
        e.Replaced: lambda: {
            "by": token,
            "args": Inline(json="{}"),
            "due": now + MINUTE,
            "kept": job.history,
        },
        e.Redriven: lambda: {"by": token, "check": now + MINUTE, "kept": job.history},
        e.Appointed: lambda: {"check": now + MINUTE},
        e.Postponed: lambda: {"seen": job.next_check or now, "check": now + MINUTE},
        e.OutboxCleared: lambda: {"died": job.history[-1].at if job.state is State.DEAD else None},
    }
    return kind(at=now, guard=guard, **makers.get(kind, dict)())


def settled(job: Job) -> bool:
    """Whether the row may never be written again but by a redrive."""
    return job.state in TERMINAL and not job.outbox

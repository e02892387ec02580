"""Who waits at a gate: an item for each job, in the order of acceptance, and one item a gate that the tick looks at while anybody waits.

A waiting job costs nothing while it waits: nobody asks again. Whoever leaves a place wakes the one that waits longest, and should that
one have been forgotten (a process that died between two writes), the tick finds it by the gate's own appointment.
"""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from chalicelib.domain.change import Equals
from chalicelib.domain.events import Released
from chalicelib.domain.flow import Gate
from chalicelib.domain.guards import Seen
from chalicelib.domain.job import Job, State, Wakeup
from chalicelib.domain.lean import dataclass
from chalicelib.domain.lifecycle import change
from chalicelib.pipeline.ids import is_id
from chalicelib.pipeline.items import Below, Edit, Spot
from chalicelib.pipeline.limits import MAX_QUEUE_DELAY
from chalicelib.pipeline.parts import Parts
from chalicelib.pipeline.patience import patience
from chalicelib.pipeline.ports import Written

SAFETY = timedelta(hours=1)
"""A waiting job looks for itself this often, should all that is meant to wake it have failed."""

FORGET = timedelta(days=7)
"""How long an entry is kept that nobody has seen to; a job that still waits makes a new one each `SAFETY`."""

SOONEST, LATEST = timedelta(minutes=1), timedelta(minutes=15)
"""The bounds of the next look at a gate at which somebody waits."""

PAGE = 20


@dataclass(frozen=True, kw_only=True, slots=True)
class Place:
    """A gate of one tenant: where its items lie."""

    tenant: str
    gate: Gate

    def shelf(self, kind: str) -> str:
        """The gate's own shelf of this kind."""
        return f"{kind}#{self.tenant} {self.gate.key}"

    @property
    def watch(self) -> Spot:
        """The item that the tick looks at while somebody waits."""
        return Spot(f"watch#{self.tenant}", f"{self.gate.kind} {self.gate.key}")


@dataclass(frozen=True, kw_only=True, slots=True)
class Waiter:
    """A job that waits; `epoch` is that of the claim by which it asked."""

    job_id: str
    epoch: int
    task: str


def enter(place: Place, job: Job, *, look: datetime, until: datetime, parts: Parts) -> None:
    """Put the job on the list, and see to it that the tick looks at the gate at `look` or before, or soon after."""
    call = patience(parts, until)
    now = parts.world.now()
    entry = Edit(set={"epoch": job.epoch, "task": job.task}, until=now + FORGET)
    call(parts.items.write, Spot(place.shelf("wait"), job.id), entry)
    if not call(parts.items.read, place.watch):
        watch(place, look, until=until, parts=parts)


def watch(place: Place, look: datetime, *, until: datetime, parts: Parts) -> None:
    """Make the gate's appointment with the tick, or move it."""
    now = parts.world.now()
    due = min(max(look, now + SOONEST), now + LATEST)
    mark = parts.world.token()
    patience(parts, until)(parts.items.write, place.watch, Edit(set={"by": mark}, due=due))


def waiters(place: Place, *, until: datetime, parts: Parts, limit: int = PAGE) -> list[Waiter]:
    """Those who wait longest."""
    found = patience(parts, until)(parts.items.listed, place.shelf("wait"), limit=limit)
    return [
        Waiter(job_id=job_id, epoch=int(str(fields.get("epoch", 0))), task=str(fields.get("task", "")))
        for job_id, fields in found
        if is_id(job_id)
    ]


def leave(place: Place, waiter: Waiter, *, until: datetime, parts: Parts) -> None:
    """Take the job off the list; not if it came back on it meanwhile."""
    spot = Spot(place.shelf("wait"), waiter.job_id)
    patience(parts, until)(parts.items.delete, spot, ((Equals("epoch", waiter.epoch),),))


def forget(place: Place, job: Job, *, until: datetime, parts: Parts) -> None:
    """Take a job off the list that has what it waited for, whichever of its claims up to this one put it there."""
    spot = Spot(place.shelf("wait"), job.id)
    patience(parts, until)(parts.items.delete, spot, ((Below("epoch", job.epoch + 1),),))


def release(job_id: str, epoch: int, *, until: datetime, parts: Parts) -> tuple[Job | None, bool]:
    """Let a parked job be claimed: the row as it then is, and whether it was us who did it. Its message is to follow.

    Should we die before that, the tick sends one after `wake_grace`.
    """
    now = parts.world.now()
    row: Job | None = None
    for _ in range(2):
        guard = Seen(state=State.SCHEDULED, epoch=epoch)
        event = Released(at=now, guard=guard, check=now + parts.limits.wake_grace)
        answer = patience(parts, until)(parts.store.write, job_id, change(event))
        row = answer.job
        if isinstance(answer, Written):
            return row, True
        if row is None or row.state is not State.SCHEDULED or row.epoch == epoch:
            break
        epoch = row.epoch
    return row, False


def send(row: Job, parts: Parts) -> None:
    """Send the message of a job that was released. If that fails, the tick does it."""
    wait = min(max(timedelta(0), (row.due or parts.world.now()) - parts.world.now()), MAX_QUEUE_DELAY)
    wakeup = Wakeup(tenant=row.tenant, job_id=row.id, epoch=row.epoch, lane=row.lane)
    parts.queue.send([replace(wakeup, delay=wait)])


def unwatch(place: Place, *, until: datetime, parts: Parts) -> None:
    """Take the gate's appointment away; whoever does so looks once more afterwards."""
    call = patience(parts, until)
    mark = call(parts.items.read, place.watch).get("by")
    if mark is not None:
        call(parts.items.delete, place.watch, ((Equals("by", mark),),))


def look_again(place: Place, seen: Sequence[datetime], *, left: bool, until: datetime, parts: Parts) -> None:
    """After the tick's look: another one while somebody waits, and none when nobody does."""
    if left:
        watch(place, min(seen, default=parts.world.now() + LATEST), until=until, parts=parts)
        return
    unwatch(place, until=until, parts=parts)
    # Whoever came while we took the watch away saw it still there, and had put itself on the list before.
    if waiters(place, until=until, parts=parts, limit=1):
        watch(place, parts.world.now(), until=until, parts=parts)

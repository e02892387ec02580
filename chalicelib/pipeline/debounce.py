"""Debounce: of requests that follow each other closely, one job runs, with the last one's arguments, when it has been quiet for a while.

The first request's job waits in the queue. Each later one replaces its arguments, due time and epoch in one write, which voids the
messages sent before. A job that an attempt has had is left to it: then the request begins another one.
"""

from datetime import datetime, timedelta

from chalicelib.domain.errors import Unavailable
from chalicelib.domain.events import Replaced
from chalicelib.domain.flow import Debounce
from chalicelib.domain.guards import Seen
from chalicelib.domain.job import Job, State, Wakeup
from chalicelib.domain.lifecycle import change, marked
from chalicelib.pipeline.accept import looked_after
from chalicelib.pipeline.asked import Asked, Made, Submitted, stored
from chalicelib.pipeline.ids import time_of
from chalicelib.pipeline.items import Spot
from chalicelib.pipeline.parts import Parts
from chalicelib.pipeline.patience import patience
from chalicelib.pipeline.pointer import ROUNDS, point, pointer, row_of

HISTORY_KEPT = 3
"""Replacements that stay in the history: enough to know one's own again, few enough that the row stays small."""


def debounce(asked: Asked, spot: Spot, policy: Debounce, parts: Parts) -> str | Submitted:
    """The job that waits and has this request's arguments now, or the id under which a job is to be put. Raises `Unavailable`."""
    there = pointer(patience(parts)(parts.items.read, spot))
    for _ in range(ROUNDS):
        if there is not None:
            row = row_of(there, parts)
            if row is None and there.young(parts.world.now()):
                return there.job
            replaced = None if row is None else _replace(row, asked, policy, parts)
            if replaced is not None:
                return Submitted(job=looked_after(replaced, parts=parts), made=Made.REPLACED)
        due = parts.world.now() + policy.wait
        there = point(spot, asked, due=due, until=None, seen=there, parts=parts)
        if there is None:
            return asked.job_id
    raise Unavailable(f"{spot.key} changed {ROUNDS} times while a job of it was being submitted")


def _replace(row: Job, asked: Asked, policy: Debounce, parts: Parts) -> Job | None:
    """The row with this request's arguments, its message sent after it. None: an attempt has had the job, or it has ended."""
    token = parts.world.token()
    for _ in range(ROUNDS):
        if not waits(row):
            return None
        now = parts.world.now()
        due = _due(row, policy, now)
        args = stored(asked, row.id, parts)(due + row.keep)
        event = Replaced(
            at=now,
            guard=Seen(state=row.state, epoch=row.epoch),
            by=token,
            args=args,
            due=due,
            kept=row.history[-HISTORY_KEPT:],
        )
        after = patience(parts)(parts.store.write, row.id, change(event)).job
        if after is None:
            return None
        if marked(after, token):
            _send(after, now, parts)
            return after
        row = after
    raise Unavailable(f"job {row.id} changed {ROUNDS} times while its arguments were being replaced")


def waits(row: Job) -> bool:
    """Whether nobody has ever had the job: it is queued, and nothing happened to it but that arguments were replaced."""
    return row.state is State.QUEUED and all(entry.event == Replaced.name for entry in row.history)


def _due(row: Job, policy: Debounce, now: datetime) -> datetime:
    """When it is to start: the wait from now, but no later than the most from the first request, which its id tells."""
    due = now + policy.wait
    return due if policy.most is None else min(due, time_of(row.id) + policy.most)


def _send(row: Job, now: datetime, parts: Parts) -> None:
    """The message of the new epoch; those of former ones are void. If it cannot be sent, the sweep wakes the job.

    A request that came after ours may have replaced ours before we knew; its message then does no harm twice.
    """
    if row.state is not State.QUEUED or row.due is None:
        return
    delay = max(timedelta(0), row.due - now)
    wakeup = Wakeup(tenant=row.tenant, job_id=row.id, epoch=row.epoch, lane=row.lane, delay=delay)
    parts.queue.send([wakeup])

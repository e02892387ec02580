"""Acceptance: the row first, then the message. What has a row is never lost; what only has a message never was."""

import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from chalicelib.domain.events import Appointed
from chalicelib.domain.guards import Seen
from chalicelib.domain.job import Job, Payload, State, Wakeup
from chalicelib.domain.lifecycle import change
from chalicelib.pipeline import turns
from chalicelib.pipeline.gates import gates_of
from chalicelib.pipeline.ids import time_of
from chalicelib.pipeline.limits import MAX_QUEUE_DELAY, SEND_AHEAD
from chalicelib.pipeline.parts import Parts
from chalicelib.pipeline.patience import patience
from chalicelib.pipeline.ports import Written
from chalicelib.pipeline.task import Submission, Task
from chalicelib.pipeline.tenants import limited

log = logging.getLogger(__name__)


def new_job(
    task: Task[Any, Any],
    *,
    job_id: str,
    now: datetime,
    how: Submission,
    values: Mapping[str, Any],
    args: Callable[[datetime], Payload],
    cause: str | None = None,
) -> Job:
    """The job as its row will say: QUEUED, or SCHEDULED with an appointment when it is due later than a queue can delay.

    `values` are its arguments, which say what limits and lines it shares. `args` gives the payload, told until when somebody may need
    it: the job's due time and as long as it is kept after that.
    """
    options = task.options
    wait = how.at - now if how.at is not None else how.delay or timedelta(0)
    due = now + wait if wait > timedelta(0) else None
    expires = how.expires if how.expires is not None else options.expires
    job = Job(
        id=job_id,
        tenant=how.tenant,
        task=task.name,
        lane=how.lane or options.lane,
        args=args((due or now) + options.kept),
        state=State.QUEUED,
        ready=0,
        max_attempts=how.max_attempts or options.max_attempts,
        due=due,
        expires=None if expires is None else now + expires,
        keep=options.kept,
        tags=how.tags,
        key=how.key,
        on_success=how.on_success or options.on_success,
        on_failure=how.on_failure or options.on_failure,
        events=options.events if how.events is None else how.events,
        cause=cause,
        webhook=how.webhook or options.webhook,
        gates=gates_of(task, values, how.group),
    )
    if due is not None and wait > MAX_QUEUE_DELAY:
        return replace(job, state=State.SCHEDULED, ready=None, attention="due", attention_at=due - SEND_AHEAD)
    return job


def accept(jobs: Sequence[Job], *, parts: Parts) -> list[Job | Exception]:
    """Put the rows, then send the messages. Each answer is the row that now stands for the job, or why there is none.

    The row that was there already is returned as it is: same id, same job. A message that cannot be sent is left to the sweep.
    """
    rows = _put_all([limited(job, parts) for job in jobs], parts)
    wakeups = [
        wakeup for row in rows if isinstance(row, Job) and (wakeup := _first_wakeup(row, parts)) is not None
    ]
    unsent = parts.queue.send(wakeups) if wakeups else ()
    if unsent:
        log.warning(
            "%s messages could not be sent; the sweep will wake their jobs",
            len(unsent),
            extra={"action": "unsent"},
        )
    _announce_accepted(rows, parts)
    return rows


def _put_all(jobs: Sequence[Job], parts: Parts) -> list[Job | Exception]:
    """Put the rows; those of ordered groups with their numbers, which are drawn in the order of the list."""
    if not any(turns.line_of(job) for job in jobs):
        return list(parts.crew.each(lambda job: _put(job, parts), jobs))
    lined = turns.queue_up(jobs, parts=parts)
    ready = [job for job in lined if isinstance(job, Job)]
    put = dict(
        zip((job.id for job in ready), parts.crew.each(lambda job: _put(job, parts), ready), strict=True)
    )
    turns.put(ready, put.values(), parts=parts)
    return [put[job.id] if isinstance(job, Job) else job for job in lined]


def _announce_accepted(rows: Sequence[Job | Exception], parts: Parts) -> None:
    """Tell of those that were asked to tell. One found there may not have been told of; it is the same event then."""
    telling = [row for row in rows if isinstance(row, Job) and "accepted" in row.events and row.epoch == 0]
    if telling:
        from chalicelib.pipeline.announce import announce  # here: what an event leads to is accepted as well

        for row in telling:
            announce(row, "accepted", at=time_of(row.id), parts=parts)


def _put(job: Job, parts: Parts) -> Job:
    """Put the row. One that the sweep may have passed already goes into the tick's sight: with the put itself, so that dying right
    after it strands nothing, and once more after it, for a put that took long and for a row that was there.
    """
    until = parts.world.now() + parts.limits.patience
    if job.attention is None and _late(job, parts):
        job = replace(job, attention="due", attention_at=parts.world.now())
    row = patience(parts, until)(parts.store.create, job) or job
    return looked_after(row, until=until, parts=parts)


def looked_after(row: Job, *, until: datetime | None = None, parts: Parts) -> Job:
    """A row that answers a request, in the tick's sight if the sweep may have passed before it was put."""
    if row.attention is None and not row.finished and _late(row, parts):
        until = until or parts.world.now() + parts.limits.patience
        return appoint(row, parts.world.now(), until=until, parts=parts)
    return row


def _late(job: Job, parts: Parts) -> bool:
    return parts.world.now() - time_of(job.id) >= parts.limits.clock_limit


def _first_wakeup(row: Job, parts: Parts) -> Wakeup | None:
    """The message of a job that nobody has claimed yet. A row found there may still lack it; a second one does no harm."""
    if row.state is not State.QUEUED or row.epoch != 0:
        return None
    delay = max(timedelta(0), row.due - parts.world.now()) if row.due else timedelta(0)
    # A row found there may have been put by a clock ahead of ours: its wait may look longer than a queue can delay.
    return Wakeup(tenant=row.tenant, job_id=row.id, epoch=0, lane=row.lane, delay=min(delay, MAX_QUEUE_DELAY))


def appoint(row: Job, check: datetime, *, until: datetime, parts: Parts) -> Job:
    """Give an unfinished row without an appointment one, whoever else writes to it meanwhile. Returns the row as it then is."""
    while not row.finished and row.attention is None:
        write = change(
            Appointed(at=parts.world.now(), guard=Seen(state=row.state, epoch=row.epoch), check=check)
        )
        answer = patience(parts, until)(parts.store.write, row.id, write)
        if answer.job is None:
            return row
        row = answer.job
        if isinstance(answer, Written):
            return row
    return row

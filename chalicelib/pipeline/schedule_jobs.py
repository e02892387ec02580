"""The jobs of a schedule: put, each under its own id, and withdrawn as long as they have not started."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from chalicelib.domain.errors import Unavailable
from chalicelib.domain.job import Job, State
from chalicelib.domain.lifecycle import PENDING, change
from chalicelib.pipeline import strict_json, turns
from chalicelib.pipeline.accept import accept, new_job
from chalicelib.pipeline.cancel import ROUNDS
from chalicelib.pipeline.ids import time_of
from chalicelib.pipeline.limits import MAX_BODY
from chalicelib.pipeline.parts import Parts
from chalicelib.pipeline.patience import patience
from chalicelib.pipeline.payloads import place
from chalicelib.pipeline.ports import Written
from chalicelib.pipeline.schedule_args import args_text
from chalicelib.pipeline.schedule_item import Schedule
from chalicelib.pipeline.sealer import args_for
from chalicelib.pipeline.task import Submission
from chalicelib.pipeline.verdict import called_off


def put(schedule: Schedule, job_ids: Sequence[str], *, parts: Parts) -> list[Job]:
    """Accept the jobs of these ids; the fire time is in the id, and when it is to come, the job is due then. One that is there is the one.

    Raises `UnknownTask`, `Unavailable`.
    """
    jobs = [_job(schedule, job_id, parts) for job_id in job_ids]
    rows: list[Job] = []
    for answer in accept(jobs, parts=parts):
        if isinstance(answer, Exception):
            raise answer
        rows.append(answer)
    return rows


def _job(schedule: Schedule, job_id: str, parts: Parts) -> Job:
    task = parts.registry[schedule.task]
    now, fire = parts.world.now(), time_of(job_id)
    text = args_text(schedule, parts)
    wait = max(fire - now, timedelta(0))
    # The time that a job has for starting counts from its fire time, not from the minute before it in which it was put.
    expires = None if task.options.expires is None else wait + task.options.expires
    how = Submission(tenant=schedule.tenant, at=fire if wait else None, expires=expires)
    return new_job(
        task,
        job_id=job_id,
        now=now,
        how=how,
        values=strict_json.read(text.encode(), name="args", limit=MAX_BODY),
        args=lambda due: patience(parts)(
            place, text, whose=args_for(schedule.tenant, job_id), due=due, parts=parts
        ),
        cause=schedule.cause,
    )


def withdraw(job_id: str, *, until: datetime, parts: Parts) -> bool:
    """Cancel the job if no attempt has had it. True: it will never run. False: it has run, or does, or may again."""
    row = patience(parts, until)(parts.store.read, job_id)
    for _ in range(ROUNDS):
        if row is None:
            return False
        if row.first_claimed is not None or row.state not in PENDING:
            return row.first_claimed is None and row.state in (State.CANCELLED, State.EXPIRED)
        # Whom it owes to hear of that is told by the tick: the write makes the appointment.
        called = called_off(row, parts.world.now())
        answer = patience(parts, until)(parts.store.write, job_id, change(called))
        if isinstance(answer, Written):
            turns.pass_on(answer.job, until=until, parts=parts)
            return True
        row = answer.job
    raise Unavailable(f"job {job_id} changed {ROUNDS} times while it was being withdrawn")

"""Giving dead jobs another life: one, or all that a filter names."""

from chalicelib.domain.errors import NotFound, NotPossible
from chalicelib.domain.events import Redriven
from chalicelib.domain.guards import Seen
from chalicelib.domain.history import with_all_lives
from chalicelib.domain.job import Entry, Job, Reason, State, Wakeup
from chalicelib.domain.lean import dataclass
from chalicelib.domain.lifecycle import change, marked
from chalicelib.pipeline import effects
from chalicelib.pipeline.built_in import WORKFLOW
from chalicelib.pipeline.dead_list import dead_reads
from chalicelib.pipeline.other_args import OtherArgs, gates, placed
from chalicelib.pipeline.parts import Parts
from chalicelib.pipeline.patience import patience
from chalicelib.pipeline.ports import Written
from chalicelib.pipeline.query import get
from chalicelib.pipeline.workflows.places import position

HISTORY_KEPT = 40
"""Entries of earlier lives that stay: enough to see what happened, few enough that a row redriven daily stays small."""


def redrive(
    job_id: str,
    *,
    tenant: str,
    parts: Parts,
    other: OtherArgs | None = None,
    by: str | None = None,
    who: str = "",
) -> Job:
    """The job, QUEUED again with all its attempts and a grown epoch: every write of its former life is fenced.

    `other`: with other arguments, which are checked first. `by`: whoever asks again by that mark has asked once. `who`: the person, for the history.
    Raises `NotFound`, `NotPossible` when it is not dead or still owes an effect, `InvalidInput`, `Unavailable`.
    """
    row = get(job_id, tenant=tenant, parts=parts)
    if by is not None and marked(row, by):
        return row
    child = position(row)
    if child is not None:
        raise NotPossible(
            f"job {job_id} is part of workflow {child.parent}: retry that, it keeps what has succeeded"
        )
    if row.state is State.DEAD and row.outbox:
        effects.perform(row, parts=parts)
        row = get(job_id, tenant=tenant, parts=parts)
    if row.state is not State.DEAD:
        raise NotPossible(f"job {job_id} is {row.state}, only a DEAD job can be retried")
    if row.outbox:
        raise NotPossible(f"job {job_id} still owes {row.outbox[0].slot}; try again in a minute")
    values = None if other is None else other.of(row, parts)
    args = None if values is None else placed(values, row, parts)
    token, now = by or parts.world.token(), parts.world.now()
    event = Redriven(
        at=now,
        guard=Seen(state=row.state, epoch=row.epoch),
        by=token,
        check=now + parts.limits.wake_grace,
        kept=_kept(row),
        args=args,
        gates=() if values is None else gates(values, row, parts),
        who=who,
    )
    answer = patience(parts)(parts.store.write, job_id, change(event))
    after = answer.job
    if after is None:
        raise NotFound(f"there is no job {job_id}")
    if not isinstance(answer, Written) and not marked(after, token):
        raise NotPossible(f"job {job_id} is {after.state}: somebody else was faster")
    if after.state is State.QUEUED:
        parts.queue.send([Wakeup(tenant=after.tenant, job_id=after.id, epoch=after.epoch, lane=after.lane)])
    return after


def _kept(row: Job) -> tuple[Entry, ...]:
    """The history that stays. A workflow knows all its lives by it, whose children stand for those of later ones."""
    if row.task == WORKFLOW.name:
        return with_all_lives(row.history, HISTORY_KEPT)
    return row.history[-HISTORY_KEPT:]


@dataclass(frozen=True, kw_only=True, slots=True)
class DeadFilter:
    """Which dead jobs; None means any."""

    tenant: str
    task: str | None = None
    fingerprint: str | None = None
    reason: Reason | None = None

    def takes(self, job: Job) -> bool:
        """Whether this job is meant."""
        return (
            job.tenant == self.tenant
            and position(job) is None  # what is part of a workflow is retried with it
            and (self.task is None or job.task == self.task)
            and (self.reason is None or job.reason is self.reason)
            and (
                self.fingerprint is None
                or (job.error is not None and job.error.fingerprint == self.fingerprint)
            )
        )


@dataclass(frozen=True, kw_only=True, slots=True)
class Matching:
    """Dead jobs that a filter takes; whether there may be more, and where a further look begins. None: where this one did."""

    jobs: tuple[Job, ...]
    more: bool
    place: str | None


def matching(
    wanted: DeadFilter, *, limit: int, scan: int, parts: Parts, after: str | None = None
) -> Matching:
    """Up to `limit` of them, among the next `scan` dead ones of all tenants.

    With more than that in one read the further look begins with the same read, where these, once redriven, are dead no more.
    """
    found: list[Job] = []
    place = after
    for read in dead_reads(limit=scan, parts=parts, after=after):
        some = [job for job in read.jobs if wanted.takes(job)]
        if len(found) + len(some) > limit:
            return Matching(jobs=(*found, *some[: limit - len(found)]), more=True, place=read.began)
        found += some
        place = read.after
    return Matching(jobs=tuple(found), more=place is not None, place=place)

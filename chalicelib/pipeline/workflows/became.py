"""What the job of a task that returned a workflow became before: what has succeeded in that need not be done again, if it is the same workflow.

A task runs again when its job is retried, or is made anew because a workflow around it is. It may return another workflow then; whether it
did is seen by whoever goes on from the one found here (`lineage`).
"""

from collections.abc import Iterator

from chalicelib.domain.errors import InvalidInput, PayloadMissing
from chalicelib.domain.job import Job
from chalicelib.pipeline.built_in import WORKFLOW
from chalicelib.pipeline.parts import Parts
from chalicelib.pipeline.patience import patience
from chalicelib.pipeline.payloads import load
from chalicelib.pipeline.sealer import args_of
from chalicelib.pipeline.workflows.children import read_child
from chalicelib.pipeline.workflows.kin import Kin
from chalicelib.pipeline.workflows.lineage import lineage
from chalicelib.pipeline.workflows.places import Life, Position, lives, position


def became(job: Job, *, parts: Parts) -> str | None:
    """The workflow that it became last, or that the job became in whose stead it was made; None: there is none. Raises `Unavailable`.

    Costs a read for a child of a workflow, and more only if that, or the job, had a life before.
    """
    for life in _earlier(job, parts):
        child = read_child(
            Position(parent=life.workflow, life=life.number, number=0, step=True), life.began, parts=parts
        )
        if child is not None and child.task == WORKFLOW.name:
            return child.id
    return None


def _earlier(job: Job, parts: Parts) -> Iterator[Life]:
    """The job's earlier lives, and those of the jobs that stood where it stands, the newest first."""
    yield from lives(job)[1:]
    spot = position(job)
    parent = None if spot is None else patience(parts)(parts.store.read, spot.parent)
    if spot is None or parent is None or parent.task != WORKFLOW.name:
        return
    try:
        args = patience(parts)(load, parent.args, whose=args_of(parent), parts=parts)
    except (PayloadMissing, InvalidInput):
        return
    before = lineage(parent, args, parts=parts).earlier
    for place, life in enumerate(before):
        row = (
            read_child(
                Position(parent=life.workflow, life=life.number, number=spot.number, step=True),
                life.began,
                parts=parts,
            )
            if spot.step
            else Kin(before[place:], parts=parts).row(spot.number)
        )
        if row is not None and row.task == job.task:
            yield from lives(row)

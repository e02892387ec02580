"""The job of one child: a step's task, or a workflow within the workflow, with what came before among its arguments."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from chalicelib.domain.errors import PayloadMissing
from chalicelib.domain.job import KEEP_DEAD, TERMINAL, Job, State
from chalicelib.domain.lean import dataclass
from chalicelib.domain.workflow import Node, Step
from chalicelib.pipeline import strict_json
from chalicelib.pipeline.accept import accept, new_job
from chalicelib.pipeline.built_in import WORKFLOW
from chalicelib.pipeline.limits import MAX_BODY
from chalicelib.pipeline.parts import Parts
from chalicelib.pipeline.patience import patience
from chalicelib.pipeline.payloads import fetch, place
from chalicelib.pipeline.sealer import args_for, result_of
from chalicelib.pipeline.task import Submission
from chalicelib.pipeline.workflows.places import Position, life_of, position
from chalicelib.pipeline.workflows.reading import to_json

KEPT = KEEP_DEAD
"""How long a child is kept at least: its workflow may come for its result when the last of the others has ended."""


@dataclass(frozen=True, slots=True)
class Given:
    """What came before a node: a JSON value. None stands for nothing at all, `Given(None)` for null."""

    value: Any


def child_job(
    parent: Job,
    node: Node,
    given: Given | None,
    spot: Position,
    at: datetime,
    *,
    since: str | None = None,
    parts: Parts,
) -> Job:
    """The row of that child. `since`: the workflow in whose stead it is made, and whose successes it keeps. Raises `UnknownTask`, `InvalidInput`, `Unavailable`."""
    if isinstance(node, Step):
        task = parts.registry[node.task]
        into = {} if node.into is None or given is None else {node.into: given.value}
        values: Mapping[str, Any] = {**node.args, **into}
        how = step_submission(node, tenant=parent.tenant)
    else:
        task = WORKFLOW
        values = {"workflow": to_json(node), **({} if given is None else {"input": given.value})}
        values |= {} if since is None else {"since": since}
        how = Submission(tenant=parent.tenant, lane=parent.lane)
    text = strict_json.write_readable(dict(values), name="args", limit=MAX_BODY)
    job_id = spot.job_id(at)
    job = new_job(
        task,
        job_id=job_id,
        now=parts.world.now(),
        how=how,
        values=values,
        args=lambda due: patience(parts)(
            place, text, whose=args_for(parent.tenant, job_id), due=due, parts=parts
        ),
        cause=spot.cause,
    )
    return replace(job, keep=max(job.keep, KEPT))


def step_submission(step: Step, *, tenant: str) -> Submission:
    """How the step says that its job is to be submitted."""
    given: dict[str, Any] = dict(step.how)
    given |= {name: timedelta(seconds=given[name]) for name in ("delay", "expires") if name in given}
    if "tags" in given:
        given["tags"] = tuple(given["tags"])
    return Submission(tenant=tenant, **given)


def put(jobs: list[Job], *, parts: Parts) -> None:
    """Accept them. One that is there is the one. Raises what kept one of them out."""
    for answer in accept(jobs, parts=parts):
        if isinstance(answer, Exception):
            raise answer


def read_child(spot: Position, at: datetime, *, parts: Parts) -> Job | None:
    """The child's row; None: it was not put, or is forgotten. Raises `Unavailable`."""
    return patience(parts)(parts.store.read, spot.job_id(at))


def result_text(child: Job, *, parts: Parts) -> str:
    """What it came to, as JSON. Raises `PayloadMissing`, `Unavailable`."""
    if child.result is None:
        raise PayloadMissing(f"{child.label()} has no result")
    return patience(parts)(fetch, child.result, whose=result_of(child), parts=parts)


def result(child: Job, *, parts: Parts) -> Given:
    """What it came to, as a value. Raises `PayloadMissing`, `InvalidInput`, `Unavailable`."""
    text = result_text(child, parts=parts)
    return Given(strict_json.read(text.encode(), name="result", limit=MAX_BODY))


def is_over(job: Job | None) -> bool:
    """Whether nothing is to be expected of it any more."""
    return job is None or job.state in TERMINAL


def in_vain(child: Job, *, parts: Parts) -> bool:
    """Whether nobody waits for this child any more: its workflow, or one around that, has ended or began another life. Raises `Unavailable`.

    Each level above it costs a read.
    """
    place_of = position(child)
    while place_of is not None:
        parent = patience(parts)(parts.store.read, place_of.parent)
        if parent is None or parent.state in TERMINAL or parent.cancel_requested is not None:
            return True
        if life_of(parent) != place_of.life or _has_joined(parent, place_of):
            return True
        place_of = position(parent)
    return False


def _has_joined(parent: Job, child: Position) -> bool:
    """Whether it has what it waited this child for, or has given up: it goes on."""
    return parent.state is not State.WAITING and parent.awaits == child.awaited


def failed(child: Job) -> bool:
    """Whether it ended without success."""
    return child.state in TERMINAL and child.state is not State.SUCCEEDED

"""What a job's row says of workflows, in words: what it is part of, and what it waits for."""

from chalicelib.domain.job import Job, State
from chalicelib.entrypoints.api.job_shape import WorkflowPlace
from chalicelib.pipeline.workflows.places import position
from chalicelib.pipeline.workflows.sequel import is_parent


def workflow_place(job: Job) -> WorkflowPlace | None:
    """None: it has nothing to do with any."""
    part = position(job)
    if part is None and not is_parent(job):
        return None
    word = "step" if part is not None and part.step else "child"
    return {
        "of": None if part is None else part.parent,
        "place": None if part is None else f"{word} {part.number}",
        "children": job.children,
        "waits_for": _awaited(job),
    }


def _awaited(job: Job) -> str | None:
    if job.state is not State.WAITING or job.awaits is None:
        return None
    _, dot, step = job.awaits.partition(".")
    return f"step {step}" if dot else "its children"

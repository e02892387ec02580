"""Whether a job would run in vain. Apart from the workflows, since few jobs are children of one."""

from chalicelib.domain.job import Job
from chalicelib.pipeline.parts import Parts
from chalicelib.pipeline.workflows.places import position


def in_vain(job: Job, *, parts: Parts) -> bool:
    """Whether it is the child of a workflow that does not wait for it any more. Raises `Unavailable`."""
    if position(job) is None:
        return False
    from chalicelib.pipeline.workflows import children  # for those that are

    return children.in_vain(job, parts=parts)

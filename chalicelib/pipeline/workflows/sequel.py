"""What an attempt asks of the workflows before it knows whether it is about one: most are not, and a start leaves the rest to those that are."""

from collections.abc import Callable

from chalicelib.domain.events import Event
from chalicelib.domain.job import Job
from chalicelib.domain.lean import dataclass
from chalicelib.pipeline.built_in import WORKFLOW


@dataclass(frozen=True, slots=True)
class Sequel:
    """An event, and what is to be done once it is recorded. Should that not be done, the workflow's appointment does it."""

    event: Event
    then: Callable[[Job], None]


def is_parent(job: Job) -> bool:
    """Whether its attempts are about its children."""
    return job.task == WORKFLOW.name or job.awaits is not None

"""What an invariant is asked with, once a schedule has been played to its end."""

from dataclasses import dataclass
from typing import Any

from chalicelib.domain.job import Job, State


@dataclass(frozen=True, kw_only=True)
class Run:
    """What an invariant is asked with: the world, and what became of the job."""

    #: what `setup` returned or yielded
    world: Any
    #: the job, as its row says it is
    job: Job
    #: this one and all others that were submitted on the way
    jobs: tuple[Job, ...]
    #: what the task returned; None if it did not succeed
    result: Any
    #: the effects that happened, in order, whatever the task was told about them
    effects: tuple[str, ...]
    #: what went wrong where
    schedule: str

    @property
    def state(self) -> State:
        """SUCCEEDED, DEAD, CANCELLED or EXPIRED."""
        return self.job.state

    @property
    def attempts(self) -> int:
        """How many attempts were started."""
        return self.job.attempts

"""A request that is in order, on its way to becoming a job, and what became of it."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from enum import StrEnum
from functools import cached_property
from hashlib import sha256
from typing import Any

from chalicelib.domain.flow import Debounce, Throttle, Unique
from chalicelib.domain.job import Job, Payload
from chalicelib.domain.lean import dataclass
from chalicelib.pipeline.accept import new_job
from chalicelib.pipeline.flow_key import flow_key
from chalicelib.pipeline.items import Spot
from chalicelib.pipeline.parts import Parts
from chalicelib.pipeline.patience import patience
from chalicelib.pipeline.payloads import place
from chalicelib.pipeline.sealer import args_for
from chalicelib.pipeline.task import Submission, Task


class Made(StrEnum):
    """What a request came to."""

    NEW = "new"
    EXISTING = "existing"  #: a job that was there answers, for its task is unique
    REPLACED = "replaced"  #: its arguments took the place of an earlier request's, for its task is debounced


@dataclass(frozen=True, kw_only=True, slots=True)
class Submitted:
    """A request's answer: the job that stands for it."""

    job: Job
    made: Made = Made.NEW


@dataclass(frozen=True, kw_only=True)
class Asked:
    """A request that is in order. `job_id` is the id that its job gets, if it gets one of its own.

    `digest` tells the requests of one idempotency key apart.
    """

    task: Task[Any, Any]
    args: Mapping[str, Any]
    text: str  #: the same as JSON
    how: Submission
    job_id: str
    digest: str
    plain: str  #: the same where nothing is sealed; it stays in this process

    @cached_property
    def policy(self) -> Unique | Debounce | Throttle | None:
        """What its task says of requests that are alike; a task declares one of them at most."""
        options = self.task.options
        return options.unique or options.debounce or options.throttle

    @cached_property
    def spot(self) -> Spot | None:
        """Where the item lies that requests alike share; None: its task does not look for any. Raises `InvalidInput`."""
        if self.policy is None:
            return None
        name = getattr(self.policy, "name", None) or self.task.name
        key = flow_key(name, self.policy.key, self.task.signature.filled(self.args))
        return Spot(f"{type(self.policy).__name__.lower()}#{self.how.tenant}", key)

    @cached_property
    def mark(self) -> str:
        """How this request is known again: by its key and contents, or by the id that it alone has."""
        if self.how.key is None:
            return self.job_id[-10:]
        return sha256(f"{self.digest} {self.how.key}".encode()).hexdigest()[:10]


def job_of(asked: Asked, parts: Parts, *, job_id: str = "", delay: timedelta | None = None) -> Job:
    """The job as its row will say; under another id, or with another delay, where that is given."""
    job_id = job_id or asked.job_id
    how = asked.how if delay is None else replace(asked.how, delay=delay)
    return new_job(
        asked.task,
        job_id=job_id,
        now=parts.world.now(),
        how=how,
        values=asked.args,
        args=stored(asked, job_id, parts),
    )


def stored(asked: Asked, job_id: str, parts: Parts) -> Callable[[datetime], Payload]:
    """Its arguments as the payload of that job, once it is told until when somebody may need them."""
    return lambda due: patience(parts)(
        place, asked.text, whose=args_for(asked.how.tenant, job_id), due=due, parts=parts
    )

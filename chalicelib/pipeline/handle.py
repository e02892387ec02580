"""What submitting returns: a handle on the job, to ask, wait and cancel with."""

from datetime import datetime, timedelta
from typing import Any

from chalicelib.domain.errors import JoblineError
from chalicelib.domain.estimate import eta
from chalicelib.domain.job import TERMINAL, Job, Progress, State
from chalicelib.pipeline.asked import Made
from chalicelib.pipeline.cancel import cancel
from chalicelib.pipeline.parts import Parts
from chalicelib.pipeline.payloads import load
from chalicelib.pipeline.query import get
from chalicelib.pipeline.sealed_text import opened_words
from chalicelib.pipeline.sealer import result_of
from chalicelib.pipeline.wait import wait


class JobNotSucceeded(JoblineError):
    """The job ended without a result; `job` says how."""

    def __init__(self, job: Job) -> None:
        words = f": {job.error.type}: {job.error.message}" if job.error else ""
        super().__init__(f"{job.label()} is {job.state}{words}")
        self.job = job


class JobHandle:
    """One submitted job. Every property asks the table: nothing here is remembered but the id."""

    def __init__(self, job_id: str, *, tenant: str, parts: Parts, made: Made = Made.NEW) -> None:
        self.id = job_id
        #: what the request came to: "new", or "existing" or "replaced" where the task is unique or debounced
        self.made = made
        self.tenant = tenant
        self._parts = parts

    def __repr__(self) -> str:
        return f"JobHandle({self.id!r})"

    @property
    def job(self) -> Job:
        """The job as its row says it is now. Raises `NotFound` once it is forgotten."""
        return get(self.id, tenant=self.tenant, parts=self._parts)

    @property
    def state(self) -> State:
        """Where it is in its life."""
        return self.job.state

    @property
    def progress(self) -> Progress | None:
        """What the task last said of itself."""
        return opened_words(self.job, self._parts).progress

    @property
    def eta(self) -> datetime | None:
        """When it will be done if it goes on as it has gone so far; None: nobody can tell."""
        return eta(self.job)

    def result(self, timeout: timedelta | float) -> Any:
        """The result, waiting up to `timeout` (a timedelta or seconds) for it. Raises `JobNotSucceeded`, TimeoutError."""
        limit = timeout if isinstance(timeout, timedelta) else timedelta(seconds=timeout)
        job = wait(self.id, tenant=self.tenant, limit=limit, parts=self._parts)
        if job.state not in TERMINAL:
            raise TimeoutError(f"{job.label()} is still {job.state} after {limit.total_seconds():g} s")
        if job.result is None:
            raise JobNotSucceeded(opened_words(job, self._parts))
        return load(job.result, whose=result_of(job), parts=self._parts)

    def cancel(self) -> Job:
        """Cancel it: at once if it waits, by a wish if it runs."""
        return cancel(self.id, tenant=self.tenant, parts=self._parts)

"""The blocking client."""

import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import timedelta
from types import TracebackType
from typing import Any, Self, TypeVar

import httpx

from jobline.client import plans
from jobline.client.http import options, reply_of, seconds, unanswered
from jobline.client.job import Job, NewJob
from jobline.client.talk import Ask, Pause, Plan, Reply, Say

T = TypeVar("T")
Timeout = float | timedelta | None


class Client:
    """Speaks to one API. Safe to use from several threads; close it, or use it in a `with`.

    `key` is an API key, `url` where the API is, stage and all. `pause` lets seconds pass; `http` are further options of httpx.Client.
    """

    def __init__(
        self, url: str, *, key: str, pause: Callable[[float], None] = time.sleep, **http: Any
    ) -> None:
        self._pause = pause
        self._http = httpx.Client(**options(url, key, http))

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close the connections."""
        self._http.close()

    def submit(self, task: str, /, **args: Any) -> "Handle":
        """Submit a job with these arguments. Raises `Refused` that names a wrong one, `Throttled`, `Unreachable`."""
        return self.submit_job(NewJob(task=task, args=args))

    def submit_job(self, new: NewJob) -> "Handle":
        """Submit a job with options."""
        return Handle(self, self._done(plans.submit(new)))

    def submit_many(
        self, news: Iterable[NewJob], *, batch: int = plans.BATCH
    ) -> "Iterator[Handle | Exception]":
        """Submit all that the iterable gives, `batch` at a time; each answer is a handle or an error, in their order."""
        for answer in self._said(plans.submit_many(news, batch=batch)):
            yield Handle(self, answer) if isinstance(answer, Job) else answer

    def map(self, task: str, items: Iterable[Mapping[str, Any]], *, timeout: Timeout = None) -> Iterator[Any]:
        """A job for each item's arguments; the results in the order of the items. Raises the first job's error."""
        return self._said(plans.mapped(task, items, seconds(timeout)))

    def as_completed(self, handles: "Iterable[Handle]", *, timeout: Timeout = None) -> "Iterator[Handle]":
        """The handles, each when its job has ended, whichever is first. Raises TimeoutError."""
        for job in self._said(plans.as_completed([one.id for one in handles], seconds(timeout))):
            yield Handle(self, job)

    def job(self, job_id: str) -> Job:
        """The job as it is now. Raises `NotFound`."""
        return self._done(plans.get(job_id))

    def handle(self, job_id: str) -> "Handle":
        """A handle on a job that is known by its id. Raises `NotFound`."""
        return Handle(self, self.job(job_id))

    def jobs(self, **filters: Any) -> Iterator[Job]:
        """Jobs, newest first, as far as one iterates; `filters` are those of GET /jobs: state, task, tag, since, until."""
        return self._said(plans.jobs(filters))

    def call(
        self,
        method: str,
        path: str,
        body: Any = None,
        *,
        once: bool = False,
        key: str | None = None,
        **query: Any,
    ) -> Any:
        """Any other route of the API: the answer's document. `once`: twice would not be the same as once, so it is not sent again unanswered.
        `key`: an idempotency key, where the route takes one.
        """
        return self._done(plans.call(method, path, body, query, once=once, key=key))

    def pages(self, path: str, within: str, **filters: Any) -> Iterator[Any]:
        """Any other list of the API, page after page as far as one iterates: the entries of the answers' field `within`."""
        return self._said(plans.pages(path, within, filters, dict))

    def _done(self, plan: Plan[T]) -> T:
        """Carry out a plan that says nothing."""
        reply: Any = None
        while True:
            try:
                step = plan.send(reply)
            except StopIteration as end:
                value: T = end.value
                return value
            reply = self._step(step)

    def _said(self, plan: Plan[Any]) -> Iterator[Any]:
        """Carry out a plan, and give what it says as it says it."""
        reply: Any = None
        while True:
            try:
                step = plan.send(reply)
            except StopIteration:
                return
            reply = None
            if isinstance(step, Say):
                yield step.value
            else:
                reply = self._step(step)

    def _step(self, step: Ask | Pause | Say) -> Reply | None:
        if isinstance(step, Ask):
            return self._ask(step)
        if isinstance(step, Pause):
            self._pause(step.seconds)
        return None

    def _ask(self, step: Ask) -> Reply:
        try:
            answer = self._http.request(
                step.method, step.path, json=step.body, params=dict(step.query), headers=dict(step.headers)
            )
        except httpx.TransportError as error:
            return unanswered(error)
        return reply_of(answer)


class Handle:
    """One job. `job` is what was last known of it."""

    def __init__(self, client: Client, job: Job) -> None:
        self._client = client
        self.job = job

    def __repr__(self) -> str:
        return f"Handle({self.job.task}[{self.id}] {self.job.state})"

    @property
    def id(self) -> str:
        """The job's id."""
        return self.job.id

    def refresh(self) -> Job:
        """Ask how it is now."""
        self.job = self._client._done(plans.get(self.id))  # noqa: SLF001 - the other half of one thing
        return self.job

    def wait(self, timeout: Timeout = None) -> Job:
        """The job once it has ended, however. Raises TimeoutError."""
        self.job = self._client._done(plans.ended(self.id, seconds(timeout)))  # noqa: SLF001
        return self.job

    def result(self, timeout: Timeout = None) -> Any:
        """What it returned. Raises `JobNotSucceeded`, TimeoutError."""
        return plans.value_of(self.wait(timeout))

    def watch(self, timeout: Timeout = None) -> Iterator[Job]:
        """The job whenever it has changed: state, attempt or progress; the last one has ended. Raises TimeoutError."""
        for job in self._client._said(plans.watch(self.id, seconds(timeout))):  # noqa: SLF001
            self.job = job
            yield job

    def cancel(self) -> Job:
        """Cancel it: at once if nobody runs it, else its attempt is asked to stop."""
        self.job = self._client._done(plans.cancel(self.id))  # noqa: SLF001
        return self.job

    def retry(self) -> Job:
        """Give it another life, if it is DEAD. Raises `Refused`."""
        self.job = self._client._done(plans.retry(self.id))  # noqa: SLF001
        return self.job

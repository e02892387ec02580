"""The asynchronous client: the same verbs, awaited."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Mapping
from types import TracebackType
from typing import Any, Self, TypeVar

import httpx

from jobline.client import plans
from jobline.client.http import options, reply_of, seconds, unanswered
from jobline.client.job import Job, NewJob
from jobline.client.synchronous import Timeout
from jobline.client.talk import Ask, Pause, Plan, Reply, Say

T = TypeVar("T")


class AsyncClient:
    """Speaks to one API. For one event loop; close it, or use it in an `async with`. Arguments as of `Client`."""

    def __init__(
        self, url: str, *, key: str, pause: Callable[[float], Awaitable[None]] = asyncio.sleep, **http: Any
    ) -> None:
        self._pause = pause
        self._http = httpx.AsyncClient(**options(url, key, http))

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    async def close(self) -> None:
        """Close the connections."""
        await self._http.aclose()

    async def submit(self, task: str, /, **args: Any) -> "AsyncHandle":
        """Submit a job with these arguments. Raises `Refused` that names a wrong one, `Throttled`, `Unreachable`."""
        return await self.submit_job(NewJob(task=task, args=args))

    async def submit_job(self, new: NewJob) -> "AsyncHandle":
        """Submit a job with options."""
        return AsyncHandle(self, await self._done(plans.submit(new)))

    async def submit_many(
        self, news: Iterable[NewJob], *, batch: int = plans.BATCH
    ) -> "AsyncIterator[AsyncHandle | Exception]":
        """Submit all that the iterable gives, `batch` at a time; each answer is a handle or an error, in their order."""
        async for answer in self._said(plans.submit_many(news, batch=batch)):
            yield AsyncHandle(self, answer) if isinstance(answer, Job) else answer

    def map(
        self, task: str, items: Iterable[Mapping[str, Any]], *, timeout: Timeout = None
    ) -> AsyncIterator[Any]:
        """A job for each item's arguments; the results in the order of the items. Raises the first job's error."""
        return self._said(plans.mapped(task, items, seconds(timeout)))

    async def as_completed(
        self,
        handles: "Iterable[AsyncHandle]",
        *,
        timeout: Timeout = None,  # noqa: ASYNC109 - the twin of `Client.as_completed`
    ) -> "AsyncIterator[AsyncHandle]":
        """The handles, each when its job has ended, whichever is first. Raises TimeoutError."""
        async for job in self._said(plans.as_completed([one.id for one in handles], seconds(timeout))):
            yield AsyncHandle(self, job)

    async def job(self, job_id: str) -> Job:
        """The job as it is now. Raises `NotFound`."""
        return await self._done(plans.get(job_id))

    async def handle(self, job_id: str) -> "AsyncHandle":
        """A handle on a job that is known by its id. Raises `NotFound`."""
        return AsyncHandle(self, await self.job(job_id))

    def jobs(self, **filters: Any) -> AsyncIterator[Job]:
        """Jobs, newest first, as far as one iterates; `filters` are those of GET /jobs: state, task, tag, since, until."""
        return self._said(plans.jobs(filters))

    async def call(
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
        return await self._done(plans.call(method, path, body, query, once=once, key=key))

    def pages(self, path: str, within: str, **filters: Any) -> AsyncIterator[Any]:
        """Any other list of the API, page after page as far as one iterates: the entries of the answers' field `within`."""
        return self._said(plans.pages(path, within, filters, dict))

    async def _done(self, plan: Plan[T]) -> T:
        """Carry out a plan that says nothing."""
        reply: Any = None
        while True:
            try:
                step = plan.send(reply)
            except StopIteration as end:
                value: T = end.value
                return value
            reply = await self._step(step)

    async def _said(self, plan: Plan[Any]) -> AsyncIterator[Any]:
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
                reply = await self._step(step)

    async def _step(self, step: Ask | Pause | Say) -> Reply | None:
        if isinstance(step, Ask):
            return await self._ask(step)
        if isinstance(step, Pause):
            await self._pause(step.seconds)
        return None

    async def _ask(self, step: Ask) -> Reply:
        try:
            answer = await self._http.request(
                step.method, step.path, json=step.body, params=dict(step.query), headers=dict(step.headers)
            )
        except httpx.TransportError as error:
            return unanswered(error)
        return reply_of(answer)


class AsyncHandle:
    """One job. `job` is what was last known of it."""

    def __init__(self, client: AsyncClient, job: Job) -> None:
        self._client = client
        self.job = job

    def __repr__(self) -> str:
        return f"AsyncHandle({self.job.task}[{self.id}] {self.job.state})"

    @property
    def id(self) -> str:
        """The job's id."""
        return self.job.id

    async def refresh(self) -> Job:
        """Ask how it is now."""
        self.job = await self._client._done(plans.get(self.id))  # noqa: SLF001 - the other half of one thing
        return self.job

    async def wait(self, timeout: Timeout = None) -> Job:  # noqa: ASYNC109 - the twin of `Handle.wait`
        """The job once it has ended, however. Raises TimeoutError."""
        self.job = await self._client._done(plans.ended(self.id, seconds(timeout)))  # noqa: SLF001
        return self.job

    async def result(self, timeout: Timeout = None) -> Any:  # noqa: ASYNC109 - as above
        """What it returned. Raises `JobNotSucceeded`, TimeoutError."""
        return plans.value_of(await self.wait(timeout))

    async def watch(self, timeout: Timeout = None) -> AsyncIterator[Job]:  # noqa: ASYNC109 - as above
        """The job whenever it has changed: state, attempt or progress; the last one has ended. Raises TimeoutError."""
        async for job in self._client._said(plans.watch(self.id, seconds(timeout))):  # noqa: SLF001
            self.job = job
            yield job

    async def cancel(self) -> Job:
        """Cancel it: at once if nobody runs it, else its attempt is asked to stop."""
        self.job = await self._client._done(plans.cancel(self.id))  # noqa: SLF001
        return self.job

    async def retry(self) -> Job:
        """Give it another life, if it is DEAD. Raises `Refused`."""
        self.job = await self._client._done(plans.retry(self.id))  # noqa: SLF001
        return self.job

"""The asynchronous client: the same verbs, awaited."""

import asyncio
from collections.abc import AsyncIterable, AsyncIterator, Awaitable, Callable, Iterable, Mapping
from datetime import datetime, timedelta
from types import TracebackType
from typing import Any, Generic, Literal, ParamSpec, Self, TypeVar, overload

import httpx

from jobline.client import money, plans
from jobline.client.batches import BATCH, portions
from jobline.client.errors import ApiError
from jobline.client.http import Connections, options, reply_of, request_of, seconds, unanswered
from jobline.client.job import Job, NewJob, Seconds
from jobline.client.known import Known, Later, Reader, args_of, as_told, name_of, reader_of
from jobline.client.synchronous import Timeout
from jobline.client.talk import Ask, Pause, Plan, Reply, Say, Step, Walk

T = TypeVar("T")
P = ParamSpec("P")
R = TypeVar("R")


class AsyncClient:
    """Speaks to one API. For one event loop; close it, or use it in an `async with`. Arguments as of `Client`."""

    def __init__(
        self,
        url: str,
        *,
        key: str | None = None,
        pause: Callable[[float], Awaitable[None]] = asyncio.sleep,
        **http: Any,
    ) -> None:
        self._pause = pause
        setup = options(url, key, http)
        self._http = Connections(lambda: httpx.AsyncClient(**setup))

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    async def close(self) -> None:
        """Close the connections. Whatever is asked of the client afterwards is a RuntimeError."""
        ours = self._http.let_go()
        if ours is not None:
            await ours.aclose()

    @overload
    async def submit(
        self, task: Known[P, Later[R]], /, *args: P.args, **named: P.kwargs
    ) -> "AsyncHandle[R]": ...
    @overload
    async def submit(self, task: Known[P, R], /, *args: P.args, **named: P.kwargs) -> "AsyncHandle[R]": ...
    @overload
    async def submit(self, task: str, /, **named: Any) -> "AsyncHandle[Any]": ...
    async def submit(self, task: Any, /, *args: Any, **named: Any) -> "AsyncHandle[Any]":
        """Submit a job with these arguments; `task` is its name, or the task itself: then types are checked, and its result has its type.

        Raises `Refused` that names a wrong argument, `Throttled`, `Unreachable`.
        """
        return await self.submit_job(
            NewJob(task=name_of(task), args=args_of(task, args, named)), reader_of(task)
        )

    async def submit_job(self, new: NewJob, read: Reader = as_told) -> "AsyncHandle[Any]":
        """Submit a job with options."""
        return AsyncHandle(self, await self._done(plans.submit(new)), read)

    async def submit_many(
        self, news: Iterable[NewJob] | AsyncIterable[NewJob], *, batch: int = BATCH
    ) -> "AsyncIterator[AsyncHandle[Any] | ApiError]":
        """Submit all that the iterable gives, `batch` at a time; each answer is a handle or an error, in their order.

        No further job is asked for before the answers to those that were sent have been taken. An asynchronous iterable will do, too.
        """
        async for some in portions(news, batch):
            async for answer in self._said(plans.submit_many(some, batch=batch)):
                yield AsyncHandle(self, answer) if isinstance(answer, Job) else answer

    @overload
    def map(
        self,
        task: Known[..., Later[R]],
        items: Iterable[Mapping[str, Any]],
        *,
        timeout: Timeout = ...,
        ahead: int = ...,
    ) -> AsyncIterator[R]: ...
    @overload
    def map(
        self,
        task: Known[..., R],
        items: Iterable[Mapping[str, Any]],
        *,
        timeout: Timeout = ...,
        ahead: int = ...,
    ) -> AsyncIterator[R]: ...
    @overload
    def map(
        self, task: str, items: Iterable[Mapping[str, Any]], *, timeout: Timeout = ..., ahead: int = ...
    ) -> AsyncIterator[Any]: ...
    async def map(
        self,
        task: Any,
        items: Iterable[Mapping[str, Any]],
        *,
        timeout: Timeout = None,  # noqa: ASYNC109 - the twin of `Client.map`
        ahead: int = plans.AHEAD,
    ) -> AsyncIterator[Any]:
        """A job for each item's arguments; the results in the order of the items. Raises the first job's error, TimeoutError.

        At most `ahead` jobs are there whose results have not been taken; no further item is asked for meanwhile.
        """
        read = reader_of(task)
        async for value in self._said(plans.mapped(name_of(task), items, seconds(timeout), ahead)):
            yield read(value)

    async def as_completed(
        self,
        handles: "Iterable[AsyncHandle[R]]",
        *,
        timeout: Timeout = None,  # noqa: ASYNC109 - the twin of `Client.as_completed`
    ) -> "AsyncIterator[AsyncHandle[R]]":
        """The handles, each when its job has ended, whichever is first. Raises TimeoutError."""
        known = {one.id: one for one in handles}
        async for job in self._said(plans.as_completed(known, seconds(timeout))):
            known[job.id].job = job
            yield known.pop(job.id)

    async def job(self, job_id: str) -> Job:
        """The job as it is now. Raises `NotFound`."""
        return await self._done(plans.get(job_id))

    async def handle(self, job_id: str) -> "AsyncHandle[Any]":
        """A handle on a job that is known by its id. Raises `NotFound`."""
        return AsyncHandle(self, await self.job(job_id))

    def jobs(self, **filters: Any) -> AsyncIterator[Job]:
        """Jobs, newest first, as far as one iterates; `filters` are those of GET /jobs: state, task, tag, since, until."""
        return self._said(plans.jobs(filters))

    async def stats(
        self,
        *,
        since: datetime | str | None = None,
        until: datetime | str | None = None,
        step: timedelta | float | None = None,
        task: str | None = None,
        tenant: str | None = None,
    ) -> Any:
        """What jobs came to between two times, by default in the last hour: the document of GET /stats. `step`: seconds; `tenant`: another's, or
        `*` for all, with an administrator's key. A time that is no text has its zone.
        """
        return await self._done(plans.stats(since, until, step, task, tenant))

    async def costs(
        self,
        *,
        since: datetime | str | None = None,
        until: datetime | str | None = None,
        last: Seconds | None = None,
        by: str | Iterable[str] = "task",
        task: str | None = None,
        tenant: str | None = None,
    ) -> Any:
        """What jobs cost, by default in the last seven days of UTC: the document of GET /costs. `by`: one or several of day, task and tenant;
        `tenant` and times as of `stats`.
        """
        return await self._done(money.costs(since, until, last, by, task, tenant))

    async def plan(
        self,
        task: str | Known[..., Any],
        count: int,
        *,
        last: Seconds | None = None,
        run: Seconds | None = None,
        **more: Any,
    ) -> Any:
        """What so many jobs of a task would cost, and when they would be done: the document of GET /tasks/{name}/plan. It goes by the last seven
        days, or `last`; `run`: how long an attempt takes, in their stead. `more`: the other parameters, such as `args_bytes`.
        Raises `Refused` that names `run_ms` where nothing of the task ran yet, `NotFound`.
        """
        return await self._done(money.plan(name_of(task), count, last, run, more))

    async def budgets(self) -> list[Any]:
        """All budgets, with what is spent of each: the documents of GET /budgets. Takes an administrator's key, as the next two do."""
        return await self._done(money.budgets())

    async def set_budget(
        self,
        *,
        tenant: str | None = None,
        task: str | None = None,
        stage: bool = False,
        day: float | None = None,
        month: float | None = None,
        on_spent: Literal["tell", "pause"] = "tell",
    ) -> Any:
        """Set the budget of a tenant, a task or the stage, whole: dollars a day, a month, or both. "pause": refuse submissions when it is spent.

        Twice is the same as once. Raises ValueError unless it is one budget, `Refused`, `NotFound` for a task that is none.
        """
        return await self._done(
            money.set_budget(money.budget_of(tenant, task, stage=stage), day, month, on_spent)
        )

    async def delete_budget(
        self, *, tenant: str | None = None, task: str | None = None, stage: bool = False
    ) -> None:
        """Take a budget away. Raises `NotFound` if there is none, also when the answer to a first request was lost that took it away."""
        await self._done(money.delete_budget(money.budget_of(tenant, task, stage=stage)))

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
        walk = Walk(plan)
        step = walk.go_on()
        while step is not None:
            step = walk.go_on(await self._step(step))
        return walk.value

    async def _said(self, plan: Plan[Any]) -> AsyncIterator[Any]:
        """Carry out a plan, and give what it says as it says it."""
        walk = Walk(plan)
        step = walk.go_on()
        while step is not None:
            if isinstance(step, Say):
                yield step.value
            step = walk.go_on(await self._step(step))

    async def _step(self, step: Step) -> Reply | None:
        if isinstance(step, Ask):
            return await self._ask(step)
        if isinstance(step, Pause):
            await self._pause(step.seconds)
        return None

    async def _ask(self, step: Ask) -> Reply:
        try:
            return reply_of(await self._http.now().request(**request_of(step)))
        except httpx.RequestError as error:
            return unanswered(error)


class AsyncHandle(Generic[R]):
    """One job. `job` is what was last known of it."""

    def __init__(self, client: AsyncClient, job: Job, read: Reader = as_told) -> None:
        self._client = client
        self._read = read
        self.job = job

    def __repr__(self) -> str:
        return f"AsyncHandle({self.job.task}[{self.id}] {self.job.state})"

    @property
    def id(self) -> str:
        """The job's id."""
        return self.job.id

    async def refresh(self) -> Job:
        """Ask how it is now."""
        return await self._now(plans.get(self.id))

    async def wait(self, timeout: Timeout = None) -> Job:  # noqa: ASYNC109 - the twin of `Handle.wait`
        """The job once it has ended, however. Raises TimeoutError."""
        return await self._now(plans.ended(self.id, seconds(timeout)))

    async def result(self, timeout: Timeout = None) -> R:  # noqa: ASYNC109 - as above
        """What it returned. Raises `JobNotSucceeded`, TimeoutError."""
        value: R = self._read(plans.value_of(await self.wait(timeout)))
        return value

    async def watch(self, timeout: Timeout = None) -> AsyncIterator[Job]:  # noqa: ASYNC109 - as above
        """The job whenever it has changed: state, attempt or progress; the last one has ended. Raises TimeoutError."""
        async for job in self._client._said(plans.watch(self.id, seconds(timeout))):  # noqa: SLF001 - the other half of one thing
            self.job = job
            yield job

    async def cancel(self) -> Job:
        """Cancel it: at once if nobody runs it, else its attempt is asked to stop."""
        return await self._now(plans.cancel(self.id))

    async def retry(self) -> Job:
        """Give it another life, if it is DEAD. Raises `Refused`."""
        return await self._now(plans.retry(self.id))

    async def _now(self, plan: Plan[Job]) -> Job:
        self.job = await self._client._done(plan)  # noqa: SLF001 - as above
        return self.job

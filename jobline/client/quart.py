"""Jobline in a Quart application: as in Flask, awaited.

    from jobline.client.quart import Jobline

    jobline = Jobline()

    @app.post("/reports")
    async def report():
        handle = await jobline.submit("report", month=(await request.get_json())["month"])
        return {"job": handle.id}, 202

Its client lives on the loop that serves, and is closed when that ends.
"""

from collections.abc import AsyncIterator, Iterable, Mapping
from typing import Any

from quart import Quart, current_app

from jobline.client.asynchronous import AsyncClient, AsyncHandle
from jobline.client.job import Job, NewJob
from jobline.client.settings import url_and_key

NAME = "jobline"


class Jobline:
    """The extension: one of it may serve many applications. `options` are further ones of `AsyncClient`."""

    def __init__(self, app: Quart | None = None, **options: Any) -> None:
        self._options = options
        if app is not None:
            self.init_app(app)

    def init_app(self, app: Quart) -> None:
        """Serve this application, while it serves. Its configuration is read at the first need: JOBLINE_URL and JOBLINE_API_KEY, or the environment's."""
        app.extensions[NAME] = None

        async def close() -> None:
            client: AsyncClient | None = app.extensions[NAME]
            app.extensions[NAME] = None
            if client is not None:
                await client.close()

        app.after_serving(close)

    @property
    def client(self) -> AsyncClient:
        """The current application's client. Raises `NotConfigured`, RuntimeError outside of an application."""
        app = current_app
        if NAME not in app.extensions:
            raise RuntimeError("this application does not know Jobline: call init_app(app) first")
        found: AsyncClient | None = app.extensions[NAME]
        if found is None:
            url, key = url_and_key(app.config)
            found = app.extensions[NAME] = AsyncClient(url, key=key, **self._options)
        return found

    async def submit(self, task: str, /, **args: Any) -> AsyncHandle[Any]:
        """Submit a job with these arguments. Raises `Refused` that names a wrong one, `Throttled`, `Unreachable`."""
        return await self.client.submit(task, **args)

    async def submit_job(self, new: NewJob) -> AsyncHandle[Any]:
        """Submit a job with options."""
        return await self.client.submit_job(new)

    def map(self, task: str, items: Iterable[Mapping[str, Any]], **how: Any) -> AsyncIterator[Any]:
        """A job for each item's arguments; the results in the order of the items. `how`: timeout, ahead."""
        return self.client.map(task, items, **how)

    async def handle(self, job_id: str) -> AsyncHandle[Any]:
        """A handle on a job that is known by its id. Raises `NotFound`."""
        return await self.client.handle(job_id)

    async def job(self, job_id: str) -> Job:
        """The job as it is now. Raises `NotFound`."""
        return await self.client.job(job_id)

"""Jobline in a Flask application.

    from jobline.client.flask import Jobline

    jobline = Jobline()

    def create_app():
        app = Flask(__name__)
        app.config.from_prefixed_env()          # FLASK_JOBLINE_URL, FLASK_JOBLINE_API_KEY
        jobline.init_app(app)

        @app.post("/reports")
        def report():
            handle = jobline.submit("report", month=request.json["month"])
            return {"job": handle.id}, 202

        return app

A web application knows tasks by their names; it need not have their code.
"""

import threading
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from flask import Flask, current_app

from jobline.client.job import Job, NewJob
from jobline.client.settings import url_and_key
from jobline.client.synchronous import Client, Handle

NAME = "jobline"


class Jobline:
    """The extension: one of it may serve many applications. `options` are further ones of `Client`."""

    def __init__(self, app: Flask | None = None, **options: Any) -> None:
        self._options = options
        self._lock = threading.Lock()
        if app is not None:
            self.init_app(app)

    def init_app(self, app: Flask) -> None:
        """Serve this application. Its configuration is read when a view first needs it: JOBLINE_URL and JOBLINE_API_KEY, or the environment's."""
        app.extensions[NAME] = None

    @property
    def client(self) -> Client:
        """The current application's client: one for all its threads. Raises `NotConfigured`, RuntimeError outside of an application."""
        app = current_app
        if NAME not in app.extensions:
            raise RuntimeError("this application does not know Jobline: call init_app(app) first")
        with self._lock:
            found: Client | None = app.extensions[NAME]
            if found is None:
                url, key = url_and_key(app.config)
                found = app.extensions[NAME] = Client(url, key=key, **self._options)
        return found

    def submit(self, task: str, /, **args: Any) -> Handle[Any]:
        """Submit a job with these arguments. Raises `Refused` that names a wrong one, `Throttled`, `Unreachable`."""
        return self.client.submit(task, **args)

    def submit_job(self, new: NewJob) -> Handle[Any]:
        """Submit a job with options."""
        return self.client.submit_job(new)

    def map(self, task: str, items: Iterable[Mapping[str, Any]], **how: Any) -> Iterator[Any]:
        """A job for each item's arguments; the results in the order of the items. `how`: timeout, ahead."""
        return self.client.map(task, items, **how)

    def handle(self, job_id: str) -> Handle[Any]:
        """A handle on a job that is known by its id. Raises `NotFound`."""
        return self.client.handle(job_id)

    def job(self, job_id: str) -> Job:
        """The job as it is now. Raises `NotFound`."""
        return self.client.job(job_id)

"""The web application. `quart --app examples.quart_app.app:main run` beside `jobline up --tasks examples.flask_app.tasks`."""

from collections.abc import AsyncIterator
from typing import Any

from quart import Quart, Response, request, url_for
from quart.typing import ResponseReturnValue

from jobline.client import NotFound, Refused
from jobline.client.quart import Jobline

jobline = Jobline()

PATTERNS = {
    "/welcome": "send_welcome",  # a thread
    "/stretch": "stretch",  # a process
    "/poll": "poll",  # a coroutine
    "/report": "report",  # Celery
}


def create_app(**config: Any) -> Quart:
    """The application. Jobline's address and key are JOBLINE_URL and JOBLINE_API_KEY, here or in the environment."""
    app = Quart(__name__)
    app.config.update(config)
    jobline.init_app(app)

    async def submitted() -> ResponseReturnValue:
        handle = await jobline.submit(PATTERNS[request.path], **(await request.get_json()))
        return {"id": handle.id}, 202, {"Location": url_for("state", job_id=handle.id)}

    for path, task in PATTERNS.items():
        app.add_url_rule(path, task, submitted, methods=["POST"])

    @app.get("/jobs/<job_id>")
    async def state(job_id: str) -> ResponseReturnValue:
        job = await jobline.job(job_id)
        return {"state": job.state, "result": job.result, "error": job.error, "progress": job.progress}

    @app.get("/jobs/<job_id>/progress")
    async def progress(job_id: str) -> ResponseReturnValue:
        """A line whenever something has changed, until the job has ended: what a page shows while it waits."""
        handle = await jobline.handle(job_id)

        async def lines() -> AsyncIterator[str]:
            async for job in handle.watch(timeout=60):
                told = job.progress or {}
                yield f"{job.state} {told.get('fraction') or 0:.0%} {told.get('message') or ''}\n"

        return Response(lines(), content_type="text/plain")

    @app.errorhandler(Refused)
    async def refused(error: Refused) -> ResponseReturnValue:
        """What the task's signature does not take is the visitor's mistake, and named."""
        status = 404 if isinstance(error, NotFound) else 422
        return {"error": error.detail, "argument": error.argument}, status

    return app


def main() -> Quart:
    """What `quart --app examples.quart_app.app:main run` asks for."""
    return create_app()

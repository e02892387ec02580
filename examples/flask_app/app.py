"""The web application. `flask --app examples.flask_app.app:main run` beside `jobline up --tasks examples.flask_app.tasks`; see README.md."""

from typing import Any

from flask import Flask, jsonify, request, url_for
from flask.typing import ResponseReturnValue

from jobline.client import NotFound, Refused
from jobline.client.flask import Jobline

jobline = Jobline()

PATTERNS = {
    "/welcome": "send_welcome",  # a thread
    "/stretch": "stretch",  # a process
    "/poll": "poll",  # a coroutine
    "/report": "report",  # Celery
}


def create_app(**config: Any) -> Flask:
    """The application. Jobline's address and key are JOBLINE_URL and JOBLINE_API_KEY, here or in the environment."""
    app = Flask(__name__)
    app.config.update(config)
    jobline.init_app(app)

    def submitted() -> ResponseReturnValue:
        handle = jobline.submit(PATTERNS[request.path], **request.get_json())
        return {"id": handle.id}, 202, {"Location": url_for("state", job_id=handle.id)}

    for path, task in PATTERNS.items():
        app.add_url_rule(path, task, submitted, methods=["POST"])

    @app.get("/jobs/<job_id>")
    def state(job_id: str) -> ResponseReturnValue:
        job = jobline.job(job_id)
        return jsonify(state=job.state, result=job.result, error=job.error, progress=job.progress)

    @app.errorhandler(Refused)
    def refused(error: Refused) -> ResponseReturnValue:
        """What the task's signature does not take is the visitor's mistake, and named."""
        status = 404 if isinstance(error, NotFound) else 422
        return {"error": error.detail, "argument": error.argument}, status

    return app


def main() -> Flask:
    """What `flask --app examples.flask_app.app:main run` asks for."""
    return create_app()

"""What can go wrong: the API says no, nobody answers, or the job did not succeed."""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from jobline.client.job import Job


class ClientError(Exception):
    """Anything that the client raises, but for wrong arguments (ValueError) and time that is over (TimeoutError)."""


class Unreachable(ClientError):
    """Nobody answered, however often it was tried. Whether the request took effect is unknown; sending it again is safe."""


class ApiError(ClientError):
    """The API's answer is a problem document (RFC 9457). `argument` names what is wrong, as the caller wrote it."""

    def __init__(self, status: int, problem: dict[str, Any]) -> None:
        self.status = status
        self.type: str = str(problem.get("type", "about:blank"))
        self.title: str = str(problem.get("title", ""))
        self.detail: str = str(problem.get("detail", ""))
        self.argument: str | None = problem.get("argument")
        self.request_id: str | None = problem.get("request_id")
        self.retry_after: int | None = problem.get("retry_after")
        super().__init__(f"{status} {self.detail or self.title or self.type}")


class Refused(ApiError):
    """The request is wrong, or contradicts what is recorded: sending it again as it is will not help."""


class NotFound(Refused):
    """There is no such thing, or it is forgotten by now."""


class Throttled(ApiError):
    """No more is accepted now, by a limit of the task's or the tenant's; `retry_after` says for how many seconds."""


class JobNotSucceeded(ClientError):
    """The job ended without a result; `job` says how."""

    def __init__(self, job: "Job") -> None:
        words = "" if job.error is None else f": {job.error.get('type')}: {job.error.get('message')}"
        super().__init__(f"{job.task}[{job.id}] is {job.state}{words}")
        self.job = job


def error_of(status: int, problem: dict[str, Any]) -> ApiError:
    """The error that an answer is."""
    if status == 429:
        return Throttled(status, problem)
    if status == 404:
        return NotFound(status, problem)
    return Refused(status, problem) if 400 <= status < 500 else ApiError(status, problem)

"""Exit statuses, and what is said when something fails: what it was, and what to do next. The statuses are a promise (docs/cli.md)."""

from typing import IO, Any

import click

from jobline.cli.text import safe, span
from jobline.client.errors import (
    ApiError,
    ClientError,
    JobNotSucceeded,
    NotFound,
    Throttled,
    Unreachable,
)

FAILED = 1
"""The job did not succeed, or the API refused the request."""
USAGE = 2
"""The command was typed wrongly, or no API is known."""
NOT_FOUND = 3
UNREACHABLE = 4
THROTTLED = 5
FORBIDDEN = 6
"""The API key is not valid, or may not do this."""
NOT_ENDED = 7
"""The time to wait was over; the job goes on."""

_NEXT = {
    "unauthenticated": "Check JOBLINE_API_KEY or the profile's key; `jobline profile list` shows which is taken.",
    "forbidden": "It takes a key with the scope that the answer names: `jobline keys create --scope ...` makes one.",
    "unknown-task": "`jobline tasks` lists the tasks.",
    "invalid-input": "`jobline tasks NAME` shows what a task takes.",
    "not-possible": "`jobline status ID` shows its state and history.",
    "key-reused": "Take another --key, or submit exactly what the key stands for.",
    "not-unique": "Wait for that job, or `jobline cancel` it.",
    "too-large": "Put large data into S3 and send its address.",
    "internal": "The API's log has more under the request's id.",
}


class Failure(click.ClickException):
    """An error with its exit status, and a line on what to do next."""

    def __init__(self, message: str, *, status: int = FAILED, then: str = "") -> None:
        super().__init__(message)
        self.exit_code = status  # type: ignore[misc] # click reads it from the instance too
        self.then = then

    def show(self, file: IO[Any] | None = None) -> None:
        """On standard error. Texts may come from anybody: none reaches the terminal raw."""
        click.echo(f"Error: {safe(self.format_message(), lines=True)}", file=file, err=file is None)
        if self.then:
            click.echo(f"  {safe(self.then)}", file=file, err=file is None)


def failure_of(error: ClientError | TimeoutError, url: str) -> Failure:
    """What is said of an error of the client's."""
    if isinstance(error, TimeoutError):
        then = "It goes on: `jobline watch ID` follows it, --timeout waits longer."
        return Failure(str(error), status=NOT_ENDED, then=then)
    if isinstance(error, Unreachable):
        then = "Is `jobline up` running, is the address right? `jobline profile list` shows which is taken."
        return Failure(f"nobody answers at {url} ({error})", status=UNREACHABLE, then=then)
    if isinstance(error, JobNotSucceeded):
        then = f"`jobline status {error.job.id}` shows more"
        again = (
            f", `jobline retry {error.job.id}` gives it another life." if error.job.state == "DEAD" else "."
        )
        return Failure(str(error), then=then + again)
    if isinstance(error, ApiError):
        return _refused(error)
    return Failure(str(error))


def _refused(error: ApiError) -> Failure:
    slug = error.type.removeprefix("urn:jobline:problem:")
    named = f" (request {error.request_id})" if error.request_id and error.status >= 500 else ""
    message, then = f"{error}{named}", _NEXT.get(slug, "")
    if isinstance(error, NotFound):
        then = (
            "Check the id or name; what has ended is forgotten after a time." if slug == "not-found" else then
        )
        return Failure(message, status=NOT_FOUND, then=then)
    if isinstance(error, Throttled):
        wait = "" if error.retry_after is None else f" in {span(error.retry_after)}"
        return Failure(message, status=THROTTLED, then=f"Try again{wait}.")
    if error.status in {401, 403}:
        return Failure(message, status=FORBIDDEN, then=then)
    return Failure(message, then=then)

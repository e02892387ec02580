"""What a task that follows another is told about it: its one argument, `job`."""

from typing import Any, TypedDict


class FinishedError(TypedDict):
    """The last attempt's exception."""

    type: str
    message: str


class FinishedJob(TypedDict):
    """A job that ended."""

    id: str
    task: str
    state: str
    attempts: int
    result: Any
    error: FinishedError | None
    reason: str | None

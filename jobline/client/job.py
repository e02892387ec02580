"""A job as the API tells it, and one as it is asked for."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from jobline.client.errors import ClientError

TERMINAL = frozenset({"SUCCEEDED", "DEAD", "CANCELLED", "EXPIRED"})


@dataclass(frozen=True, slots=True)
class Job:
    """One answer of the API: the job as it was then. `document` is all of it."""

    document: Mapping[str, Any] = field(repr=False)
    id: str
    task: str
    state: str

    @classmethod
    def of(cls, document: Mapping[str, Any]) -> "Job":
        """The job of a document. Raises `ClientError` for what is none: then somebody else than the API answered."""
        try:
            return cls(document=document, id=document["id"], task=document["task"], state=document["state"])
        except (KeyError, TypeError) as error:
            raise ClientError(f"the answer is no job of Jobline's: {str(document)[:200]}") from error

    @property
    def ended(self) -> bool:
        """Whether nothing more will happen to it, unless a person retries it."""
        return self.state in TERMINAL

    @property
    def result(self) -> Any:
        """What it returned; None as well when it has not, or when the result is too large for the document (`result_stored`)."""
        return self.document.get("result")

    @property
    def error(self) -> Mapping[str, Any] | None:
        """The last failed attempt's exception: type, message, traceback, fingerprint."""
        return self.document.get("error")

    @property
    def progress(self) -> Mapping[str, Any] | None:
        """What it last said of itself: fraction (0 to 1 or None), message, at, eta."""
        return self.document.get("progress")


Seconds = float | timedelta


@dataclass(frozen=True, kw_only=True, slots=True)
class NewJob:
    """A job to be submitted. Times are seconds or timedeltas; None means the task's own. `key`: by default one that nobody else has."""

    task: str
    args: Mapping[str, Any] = field(default_factory=dict)
    key: str | None = None
    delay: Seconds | None = None
    at: datetime | None = None
    expires: Seconds | None = None
    lane: str | None = None
    max_attempts: int | None = None
    tags: Sequence[str] = ()
    group: str | None = None
    events: Sequence[str] | None = None
    webhook: str | None = None

    def body(self) -> dict[str, Any]:
        """The JSON body of POST /jobs. Raises ValueError for a time without a time zone."""
        if self.at is not None and self.at.tzinfo is None:
            raise ValueError("at: a time without a time zone")
        given = {
            "delay": _seconds(self.delay),
            "at": None if self.at is None else self.at.astimezone(UTC).isoformat(),
            "expires": _seconds(self.expires),
            "lane": self.lane,
            "max_attempts": self.max_attempts,
            "tags": list(self.tags) or None,
            "group": self.group,
            "events": None if self.events is None else list(self.events),
            "webhook": self.webhook,
        }
        return {
            "task": self.task,
            "args": dict(self.args),
            **{name: value for name, value in given.items() if value is not None},
        }


def _seconds(given: Seconds | None) -> float | None:
    return given.total_seconds() if isinstance(given, timedelta) else given

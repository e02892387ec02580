"""Jobline: background jobs for Python on AWS with no servers to run. What a task module needs is here; the rest is inside."""

from importlib import import_module
from typing import TYPE_CHECKING, Any

from chalicelib.domain.errors import JobCancelled, NotUnique, Retry, SoftTimeLimitExceeded, Throttled
from chalicelib.domain.flow import Concurrency, Debounce, Ordered, Rate, Throttle, Unique
from chalicelib.domain.retry import Backoff
from chalicelib.pipeline.context import JobContext, current_job, current_jobs
from chalicelib.pipeline.declare import external, on, task
from chalicelib.pipeline.finished import FinishedJob
from chalicelib.pipeline.secret import Secret
from chalicelib.pipeline.task import REGISTRY
from chalicelib.pipeline.topics import Event
from chalicelib.pipeline.workflows.failed import Failed, is_failed
from chalicelib.pipeline.workflows.flow import Flow, chain, chord, group

if TYPE_CHECKING:
    from collections.abc import Iterator

    from chalicelib.pipeline.schedules import Schedules

__all__ = [
    "Backoff",
    "Concurrency",
    "Debounce",
    "Event",
    "Failed",
    "FinishedJob",
    "Flow",
    "JobCancelled",
    "JobContext",
    "NotUnique",
    "Ordered",
    "Rate",
    "Retry",
    "Secret",
    "SoftTimeLimitExceeded",
    "Throttle",
    "Throttled",
    "Unique",
    "chain",
    "chord",
    "current_job",
    "current_jobs",
    "external",
    "group",
    "is_failed",
    "on",
    "publish",
    "results",
    "schedules",
    "task",
]


def schedules(tenant: str = "default") -> "Schedules":
    """A tenant's schedules: `schedules().create("report", cron="0 3 * * *", timezone="Europe/Berlin")`. See docs/schedules.md."""
    found: Schedules = import_module("chalicelib.wiring").schedules(tenant)
    return found


def _submit(*request: Any) -> Any:
    """What `f.delay(...)` does: the pipeline is wired at the first one, not at import."""
    return import_module("chalicelib.wiring").submit(*request)


def publish(topic: str, payload: Any = None, *, id: str | None = None, tenant: str = "default") -> str:
    """Publish an event: every task that subscribes to the topic runs once for it. Returns the event's id.

    With an `id` of your own, publishing again within 24 hours is the same event. It returns when every subscriber's job is accepted.
    Raises `InvalidInput` that names what is wrong with the payload, or `Unavailable`: then publish again, with the same id.
    """
    published: str = import_module("chalicelib.wiring").publish(topic, payload, id=id, tenant=tenant)
    return published


def results(of: Any, *, tenant: str | None = None) -> "Iterator[Any]":
    """The results of a group or a map one by one, read a page at a time: of its handle once it has succeeded, or of what a step is given.

    That is a list, or a manifest if they are many: `for value in results(given): ...` does with either. None stands for a child that did
    not succeed. tenant: whose they are; inside a task it is the job's own. Raises `InvalidInput` for what is neither.
    """
    found: Iterator[Any] = import_module("chalicelib.wiring").results(of, tenant=tenant)
    return found


REGISTRY.submitter = _submit

"""Jobline: background jobs for Python on AWS with no servers to run. What a task module needs is here; the rest is inside."""

from importlib import import_module
from typing import Any

from chalicelib.domain.errors import JobCancelled, NotUnique, Retry, SoftTimeLimitExceeded, Throttled
from chalicelib.domain.flow import Debounce, Rate, Throttle, Unique
from chalicelib.domain.retry import Backoff
from chalicelib.pipeline.context import JobContext, current_job
from chalicelib.pipeline.declare import task
from chalicelib.pipeline.finished import FinishedJob
from chalicelib.pipeline.task import REGISTRY

__all__ = [
    "Backoff",
    "Debounce",
    "FinishedJob",
    "JobCancelled",
    "JobContext",
    "NotUnique",
    "Rate",
    "Retry",
    "SoftTimeLimitExceeded",
    "Throttle",
    "Throttled",
    "Unique",
    "current_job",
    "task",
]


def _submit(*request: Any) -> Any:
    """What `f.delay(...)` does: the pipeline is wired at the first one, not at import."""
    return import_module("chalicelib.wiring").submit(*request)


REGISTRY.submitter = _submit

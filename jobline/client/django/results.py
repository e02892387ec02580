"""A job as Django tells it: a `TaskResult`."""

import builtins
import re
import sys
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from jobline.client.django.interface import AnyResult, AnyTask, TaskError, TaskResult, TaskResultStatus
from jobline.client.errors import JobNotSucceeded
from jobline.client.job import Job
from jobline.client.plans import value_of

STATUS = {
    "SUCCEEDED": TaskResultStatus.SUCCESSFUL,
    "DEAD": TaskResultStatus.FAILED,
    "CANCELLED": TaskResultStatus.FAILED,
    "EXPIRED": TaskResultStatus.FAILED,
    "QUEUED": TaskResultStatus.READY,
    "SCHEDULED": TaskResultStatus.READY,
    "RETRYING": TaskResultStatus.READY,
}
"""What is neither runs: RUNNING, or a workflow's WAITING and JOINED."""

UNKNOWN = f"{JobNotSucceeded.__module__}.{JobNotSucceeded.__qualname__}"
"""Stands for an exception that this process does not know, or for none at all."""

_HEAD = re.compile(r"^(?P<path>[\w.]+)(?::|$)")


def result_of(
    task: AnyTask,
    job: Job,
    *,
    backend: str,
    args: tuple[Any, ...] = (),
    kwargs: Mapping[str, Any] | None = None,
) -> AnyResult:
    """The job's state. Raises `ClientError` for a result that is too large for an answer."""
    facts = job.document
    claimed = [one for one in facts["history"] if one["event"] == "claimed"]
    made: AnyResult = TaskResult(
        task=task,
        id=job.id,
        status=STATUS.get(job.state, TaskResultStatus.RUNNING),
        enqueued_at=_time(facts["created_at"]),
        started_at=_time(facts["started_at"]),
        finished_at=_time(facts["finished_at"]),
        last_attempted_at=_time(claimed[-1]["at"]) if claimed else None,
        args=list(args),
        kwargs=dict(facts["args"] or {}) if kwargs is None else dict(kwargs),
        backend=backend,
        errors=_errors(job),
        worker_ids=_workers(claimed, facts["attempts"]),
    )
    if made.status == TaskResultStatus.SUCCESSFUL:
        object.__setattr__(made, "_return_value", value_of(job))  # as Django's own backends do
    return made


def _time(text: str | None) -> datetime | None:
    return None if text is None else datetime.fromisoformat(text)


def _workers(claimed: list[Mapping[str, Any]], attempts: int) -> list[str]:
    """One for each attempt: Django counts them. An old attempt may not be in the history any more."""
    known = [str(one["by"]) for one in claimed][-attempts:] if attempts else []
    return [f"attempt-{n + 1}" for n in range(attempts - len(known))] + known


def _errors(job: Job) -> list[TaskError]:
    """The last failed attempt's, or how it ended where no attempt failed."""
    if job.error is not None:
        trace = str(job.error["traceback"] or f"{job.error['type']}: {job.error['message']}\n")
        return [TaskError(exception_class_path=_path(str(job.error["type"]), trace), traceback=trace)]
    if STATUS.get(job.state) == TaskResultStatus.FAILED:
        return [TaskError(exception_class_path=UNKNOWN, traceback=f"{JobNotSucceeded(job)}\n")]
    return []


def _path(name: str, trace: str) -> str:
    """Where the exception's class is, if this process knows it. Whoever asks for the class imports what is said here, so nothing is that came over the wire."""
    if isinstance(getattr(builtins, name, None), type):
        return f"builtins.{name}"
    head = next((line for line in trace.splitlines() if not line.startswith(" ")), "")
    found = _HEAD.match(head)
    if found is not None and found["path"].endswith(f".{name}") and _is_known(found["path"]):
        return found["path"]
    return UNKNOWN


def _is_known(path: str) -> bool:
    """Whether an exception of that path has been imported already; a class may stand in another, as a model's DoesNotExist does."""
    parts = path.split(".")
    module = next(
        (".".join(parts[:n]) for n in range(len(parts), 0, -1) if ".".join(parts[:n]) in sys.modules), ""
    )
    kind: Any = sys.modules.get(module)
    for part in parts[module.count(".") + 1 :]:
        kind = vars(kind).get(part) if hasattr(kind, "__dict__") else None
    return isinstance(kind, type) and issubclass(kind, BaseException)

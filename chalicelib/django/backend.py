"""The backend of consumers' settings: what a task enqueues is accepted where it runs."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.utils import timezone

from chalicelib.django.interface import (
    AnyResult,
    AnyTask,
    BaseTaskBackend,
    TaskResult,
    TaskResultStatus,
    task_enqueued,
)
from chalicelib.pipeline.context import contexts_here
from chalicelib.pipeline.ids import time_of
from chalicelib.pipeline.task import REGISTRY

QUEUE = "default"


class PipelineBackend(BaseTaskBackend):
    """For the settings of consumers: what a task enqueues becomes a job at once, without a request. Results are asked for over HTTP."""

    supports_defer = True
    supports_async_task = True
    supports_priority = True

    def enqueue(self, task: AnyTask, args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> AnyResult:
        """Accept the job, for the tenant whose job runs here. Raises `UnknownTask`, `InvalidInput`, `Unavailable`."""
        self.validate_task(task)
        served = REGISTRY[task.module_path]
        here = contexts_here()
        tenant = {"tenant": here[0].tenant} if here else {}
        named = served.signature.bind(args, kwargs)
        handle = served.submit(named, at=_aware(task.run_after), lane=self._lane(task), **tenant)
        result: AnyResult = TaskResult(
            task=task,
            id=handle.id,
            status=TaskResultStatus.READY,
            enqueued_at=time_of(handle.id),
            started_at=None,
            last_attempted_at=None,
            finished_at=None,
            args=list(args),
            kwargs=dict(kwargs),
            backend=self.alias,
            errors=[],
            worker_ids=[],
        )
        task_enqueued.send(type(self), task_result=result)
        return result

    def _lane(self, task: AnyTask) -> str | None:
        """As of the backend for web applications, `jobline.client.django`."""
        lanes: Mapping[str, str] = self.options.get("LANES", {})
        if task.queue_name in lanes or task.queue_name != QUEUE:
            return lanes.get(task.queue_name, task.queue_name)
        if task.priority:
            return "high" if task.priority > 0 else "low"
        return None


def _aware(at: datetime | None) -> datetime | None:
    return timezone.make_aware(at) if at is not None and timezone.is_naive(at) else at

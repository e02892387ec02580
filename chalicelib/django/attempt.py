"""An attempt at a Django task: its function, with a context, signals and database connections as Django's own workers have them."""

from collections.abc import Callable, Mapping
from typing import Any

from asgiref.sync import sync_to_async
from django.db import close_old_connections, connections
from django.utils import timezone

from chalicelib.django.interface import (
    AnyResult,
    AnyTask,
    TaskContext,
    TaskResult,
    TaskResultStatus,
    task_finished,
    task_started,
)
from chalicelib.pipeline.context import current_job
from chalicelib.pipeline.ids import time_of
from chalicelib.pipeline.task import Registry

FAILED, SUCCESSFUL = TaskResultStatus.FAILED, TaskResultStatus.SUCCESSFUL


def synchronous(task: AnyTask, registry: Registry) -> Callable[..., Any]:
    """A plain function, on a thread of its own or in a child process."""

    def work(**given: Any) -> Any:
        result = _begun(task, given)
        task_started.send_robust(type(task.get_backend()), task_result=result)
        try:
            value = task.func(*_context(task, result), **given)
        except Exception as error:
            if _is_last(task, error, registry):
                task_finished.send_robust(type(task.get_backend()), task_result=_ended(result, FAILED))
            raise
        finally:
            connections.close_all()  # its thread may wait long for another task, and they would stay open
        task_finished.send_robust(type(task.get_backend()), task_result=_ended(result, SUCCESSFUL, value))
        return value

    return work


def asynchronous(task: AnyTask, registry: Registry) -> Callable[..., Any]:
    """A coroutine function, on the loop."""

    async def work(**given: Any) -> Any:
        result = _begun(task, given)
        await task_started.asend_robust(type(task.get_backend()), task_result=result)
        try:
            value = await task.func(*_context(task, result), **given)
        except Exception as error:
            if _is_last(task, error, registry):
                await task_finished.asend_robust(type(task.get_backend()), task_result=_ended(result, FAILED))
            raise
        finally:
            await sync_to_async(
                close_old_connections
            )()  # on the one thread that coroutines share for the database
        await task_finished.asend_robust(
            type(task.get_backend()), task_result=_ended(result, SUCCESSFUL, value)
        )
        return value

    return work


def _context(task: AnyTask, result: AnyResult) -> tuple[TaskContext, ...]:
    return (TaskContext(task_result=result),) if task.takes_context else ()


def _begun(task: AnyTask, given: Mapping[str, Any]) -> AnyResult:
    """What receivers of signals and the task's context see of this attempt."""
    job, now = current_job(), timezone.now()
    return TaskResult(
        task=task,
        id=job.id,
        status=TaskResultStatus.RUNNING,
        enqueued_at=time_of(job.id),
        started_at=now if job.attempt == 1 else None,
        last_attempted_at=now,
        finished_at=None,
        args=[],
        kwargs=dict(given),
        backend=task.backend,
        errors=[],
        worker_ids=[f"attempt-{n}" for n in range(1, job.attempt + 1)],
    )


def _ended(result: AnyResult, status: TaskResultStatus, value: Any = None) -> AnyResult:
    """The same, over. It is frozen; Django's own backends do this too."""
    for name, known in {"status": status, "finished_at": timezone.now(), "_return_value": value}.items():
        object.__setattr__(result, name, known)
    return result


def _is_last(task: AnyTask, error: Exception, registry: Registry) -> bool:
    """Whether no further attempt follows, as far as the attempt itself can tell."""
    job = current_job()
    return job.attempt >= job.max_attempts or not registry[task.module_path].retry.worth_another(error)

"""Django's words for tasks, from Django 6 or from the backport, whichever is there."""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from django_tasks.backends.base import BaseTaskBackend
    from django_tasks.base import Task, TaskContext, TaskResult, TaskResultStatus
    from django_tasks.signals import task_enqueued, task_finished, task_started

    AnyTask = Task[..., Any]
    AnyResult = TaskResult[Any]
else:
    try:
        from django.tasks.backends.base import BaseTaskBackend
        from django.tasks.base import Task, TaskContext, TaskResult, TaskResultStatus
        from django.tasks.signals import task_enqueued, task_finished, task_started
    except ImportError:  # before Django 6
        from django_tasks.backends.base import BaseTaskBackend
        from django_tasks.base import Task, TaskContext, TaskResult, TaskResultStatus
        from django_tasks.signals import task_enqueued, task_finished, task_started

    AnyTask, AnyResult = Task, TaskResult  # Django 6 has no generic ones

__all__ = [
    "AnyResult",
    "AnyTask",
    "BaseTaskBackend",
    "Task",
    "TaskContext",
    "TaskResult",
    "TaskResultStatus",
    "task_enqueued",
    "task_finished",
    "task_started",
]

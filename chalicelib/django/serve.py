"""The allow-list: which Django tasks jobs may ask for. Each becomes a task of Jobline's under its own path."""

import functools
import inspect
from collections.abc import Callable
from types import ModuleType
from typing import Any

from chalicelib.django.attempt import asynchronous, synchronous
from chalicelib.django.interface import AnyTask, Task
from chalicelib.domain.errors import TaskMisdeclared
from chalicelib.pipeline.task import REGISTRY, Options, Registry
from chalicelib.pipeline.task import Task as JoblineTask


def serve(
    *what: AnyTask | ModuleType, registry: Registry = REGISTRY, **options: Any
) -> tuple[JoblineTask[..., Any], ...]:
    """Let jobs ask for these Django tasks, or for all that these modules declare. `options`: those of `@task`, for each of them.

    Raises `TaskMisdeclared`: for what is no task, a module without any, and whatever `@task` refuses.
    """
    found = [task for one in what for task in _tasks(one)]
    return tuple(
        registry.add(_runner(task, registry), task.module_path, Options(**options)) for task in found
    )


def _tasks(one: Any) -> list[AnyTask]:
    if isinstance(one, Task):
        return [one]
    declared = vars(one).values() if isinstance(one, ModuleType) else ()
    own = [task for task in declared if isinstance(task, Task) and task.func.__module__ == one.__name__]
    if not own:
        raise TaskMisdeclared(f"serve: {one!r} is no Django task, nor a module that declares one")
    return own


def _runner(task: AnyTask, registry: Registry) -> Callable[..., Any]:
    """The task's function as Jobline calls it: without a context in its signature, and with Django's ends around it."""
    if inspect.iscoroutinefunction(task.func):
        work = asynchronous(task, registry)
    else:
        work = synchronous(task, registry)
    functools.update_wrapper(work, task.func)
    if task.takes_context:
        signature = inspect.signature(task.func)
        context, *others = signature.parameters.values()
        hints = {name: hint for name, hint in task.func.__annotations__.items() if name != context.name}
        work.__annotations__ = hints
        work.__signature__ = signature.replace(parameters=others)  # type: ignore[attr-defined] # what inspect looks for
    return work

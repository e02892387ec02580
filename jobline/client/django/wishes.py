"""What `enqueue` asks of Jobline: which job, in which lane, when, and under which key."""

import inspect
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from functools import partial
from typing import Any

from django.db import transaction
from django.utils import timezone

from jobline.client.django.interface import AnyTask, InvalidTaskError, normalize_json
from jobline.client.job import NewJob

QUEUE = "default"
"""Django's own queue: what is in it goes to the lane that its priority picks."""

_key: ContextVar[str | None] = ContextVar("jobline_django_key", default=None)


@contextmanager
def under_key(key: str) -> Iterator[None]:
    """Let what is enqueued here be one job however often it is: for 24 hours the key stands for it. One task a key."""
    mark = _key.set(key)
    try:
        yield
    finally:
        _key.reset(mark)


def enqueue_on_commit(task: AnyTask, /, *args: Any, **kwargs: Any) -> None:
    """Enqueue once the transaction is committed, or now if there is none; never if it is rolled back.

    Arguments are looked at now, so that a mistake in them still rolls back. Raises TypeError for those that the task does not take, or JSON not.
    """
    named_args(task, args, kwargs)
    transaction.on_commit(partial(task.enqueue, *args, **kwargs))


def signature_of(task: AnyTask) -> inspect.Signature:
    """Of what the caller gives: the context is the worker's to give."""
    signature = inspect.signature(task.func)
    parameters = list(signature.parameters.values())
    return signature.replace(parameters=parameters[1:] if task.takes_context else parameters)


def named_args(task: AnyTask, args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> dict[str, Any]:
    """The arguments by name, as JSON values. Raises TypeError."""
    plain: dict[str, Any] = normalize_json(signature_of(task).bind(*args, **kwargs).arguments)
    return plain


def check(task: AnyTask, lanes: Mapping[str, str]) -> None:
    """Raise `InvalidTask` for what a job cannot be: arguments without names, or two wishes for a lane."""
    for one in signature_of(task).parameters.values():
        if one.kind not in (one.POSITIONAL_OR_KEYWORD, one.KEYWORD_ONLY):
            raise InvalidTaskError(f"{one.name}: a job's arguments have names; this one takes others.")
    if task.priority and (task.queue_name != QUEUE or QUEUE in lanes):
        raise InvalidTaskError(
            f"Queue '{task.queue_name}' is a lane, and so is priority {task.priority}: give one of the two."
        )


def wish(task: AnyTask, args: tuple[Any, ...], kwargs: Mapping[str, Any], lanes: Mapping[str, str]) -> NewJob:
    """The job. Raises TypeError for arguments that the task does not take, or JSON not."""
    at = task.run_after
    if at is not None and timezone.is_naive(at):
        at = timezone.make_aware(at)
    return NewJob(
        task=task.module_path,
        args=named_args(task, args, kwargs),
        at=at,
        lane=lane_of(task, lanes),
        key=_key.get(),
    )


def lane_of(task: AnyTask, lanes: Mapping[str, str]) -> str | None:
    """The lane; None: the one that the task is served in."""
    if task.queue_name in lanes or task.queue_name != QUEUE:
        return lanes.get(task.queue_name, task.queue_name)
    if task.priority:
        return "high" if task.priority > 0 else "low"
    return None

"""Submitting a job is an effect: a task that submits another one and is killed may submit it again."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from chalicelib import wiring
from chalicelib.domain.errors import Unavailable
from chalicelib.pipeline.task import Task
from jobline.testing.effects import failing, wrapped
from jobline.testing.seams.patch import patched


@contextmanager
def submissions() -> Iterator[None]:
    """`f.delay(...)` and `f.submit(...)` inside a task."""
    with patched(wiring, "submit", lambda submit: wrapped(submit, _name, lambda *_: failing(Unavailable))):
        yield


def _name(task: Task[..., Any], *_: Any) -> str:
    return f"submit {task.name}"
